"""Isolation forest: how unusual is each row?"""

import pandas as pd
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from datarobot_drum.custom_task_interfaces import AnomalyEstimatorInterface


class CustomTask(AnomalyEstimatorInterface):
    def fit(self, X, y, **kwargs):
        # There is no target: y is None.
        self.estimator = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            IsolationForest(n_estimators=100, random_state=0),
        )
        self.estimator.fit(X.to_numpy(dtype=float))

    def predict(self, X, **kwargs):
        # scikit-learn's score is between -1 and 0, lowest for the strangest rows; the platform wants those
        # highest. No ranking and no scaling by the rows at hand: a row's score must not depend on the others.
        scores = -self.estimator.score_samples(X.to_numpy(dtype=float))
        return pd.DataFrame({"Predictions": scores}, index=X.index)
