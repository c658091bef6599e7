"""Gradient boosting for two classes, written as a class."""

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from datarobot_drum.custom_task_interfaces import BinaryEstimatorInterface


class CustomTask(BinaryEstimatorInterface):
    def fit(self, X, y, row_weights=None, **kwargs):
        # These trees take missing values as they are; random_state makes two trainings give the same model.
        self.estimator = HistGradientBoostingClassifier(max_iter=50, min_samples_leaf=5, random_state=0)
        self.estimator.fit(X.to_numpy(dtype=float), y, sample_weight=row_weights)

    def predict_proba(self, X, **kwargs):
        # The platform says in kwargs how it calls the classes; estimator.classes_ are the same labels as read
        # from the data, in the order of the probabilities.
        labels = [str(label) for label in self.estimator.classes_]
        probabilities = self.estimator.predict_proba(X.to_numpy(dtype=float))
        return pd.DataFrame(probabilities, columns=labels, index=X.index)
