"""Nearest neighbours for several classes, written as a class."""

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from datarobot_drum.custom_task_interfaces import MulticlassEstimatorInterface


class CustomTask(MulticlassEstimatorInterface):
    def fit(self, X, y, parameters=None, **kwargs):
        # There cannot be more neighbours than rows.
        neighbours = min(parameters["neighbours"], len(X))
        self.estimator = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            StandardScaler(),
            KNeighborsClassifier(n_neighbors=neighbours, weights=parameters["weights"]),
        )
        self.estimator.fit(X, y)

    def predict_proba(self, X, **kwargs):
        labels = [str(label) for label in self.estimator.classes_]
        return pd.DataFrame(self.estimator.predict_proba(X), columns=labels, index=X.index)
