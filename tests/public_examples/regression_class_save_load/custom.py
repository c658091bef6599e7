"""A regressor as a class that saves and loads its model by itself."""

import json
import os

import numpy as np
import pandas as pd

from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface

MODEL_FILE = "coefficients.json"


class CustomTask(RegressionEstimatorInterface):
    def fit(self, X: pd.DataFrame, y: pd.Series, parameters=None, row_weights=None, **kwargs) -> None:
        if self.secrets:
            self.log_message("There are credentials: {}".format(sorted(self.secrets)))
        self.fill_value = parameters["fill"]
        self.label = parameters["note"]
        penalty = parameters["penalty"]
        if penalty == "auto":
            penalty = float(X.shape[1])

        features = self._features(X)
        self.scale = np.maximum(np.abs(features).max(axis=0), 1e-9)
        scaled = np.column_stack([np.ones(len(X)), features / self.scale])
        weights = np.ones(len(X)) if row_weights is None else row_weights
        ridge = np.eye(scaled.shape[1]) * penalty
        ridge[0, 0] = 0.0
        self.model = np.linalg.solve(scaled.T @ (scaled * weights[:, None]) + ridge, scaled.T @ (y * weights))
        self.log_message("Fitted {!r} with penalty {}".format(self.label, penalty))

    def save(self, artifact_directory: str):
        # The model goes into a file of its own, readable without Python; the rest is pickled without it.
        with open(os.path.join(artifact_directory, MODEL_FILE), "w", encoding="utf-8") as fp:
            json.dump(list(self.model), fp)
        self.save_task(artifact_directory, exclude=["model"])
        return self

    @classmethod
    def load(cls, artifact_directory: str):
        task = cls.load_task(artifact_directory)
        with open(os.path.join(artifact_directory, MODEL_FILE), encoding="utf-8") as fp:
            task.model = np.array(json.load(fp))
        return task

    def predict(self, X: pd.DataFrame, **kwargs) -> pd.DataFrame:
        scaled = self._features(X) / self.scale
        return pd.DataFrame(data=self.model[0] + scaled @ self.model[1:], columns=["Predictions"])

    def _features(self, X: pd.DataFrame) -> np.ndarray:
        return X.astype(float).fillna(self.fill_value).to_numpy()
