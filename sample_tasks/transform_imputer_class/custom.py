"""Fill missing numbers with the median, and say where a number was missing."""

import pandas as pd

from datarobot_drum.custom_task_interfaces import TransformerInterface


class CustomTask(TransformerInterface):
    """Everything that fit stores on `self` is pickled, and is there again when `transform` is called."""

    def fit(self, X, y, **kwargs):
        # A column without a single value has no median: it becomes 0.
        self.medians = X.median().fillna(0.0)
        # Decided here and kept: the columns of the output must not depend on the rows to transform.
        self.flagged = [column for column in X.columns if X[column].isna().any()]
        self.log_message("{} of {} columns have missing values".format(len(self.flagged), X.shape[1]))

    def transform(self, X):
        flags = X[self.flagged].isna().astype(int).add_suffix(" was missing")
        filled = X.astype(float).fillna(self.medians)
        return pd.concat([filled, flags], axis=1)
