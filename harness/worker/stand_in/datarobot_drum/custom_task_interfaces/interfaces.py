"""What the platform expects of each kind of task, and how a task saves itself."""

import os
import pickle

from datarobot_drum.drum.common import get_drum_logger

ARTIFACT_NAME = "drum_artifact.pkl"


class Serializable:
    """Saves the task whole, as one pickle."""

    def save(self, artifact_directory):
        """Write the task to the artifact directory; returns the task."""
        return self.save_task(artifact_directory)

    @classmethod
    def load(cls, artifact_directory):
        """Return the task that `save` wrote."""
        return cls.load_task(artifact_directory)

    def save_task(self, artifact_directory, exclude=None):
        """Write the task without the attributes named in `exclude`, which come back as None."""
        left_out = set(exclude or ())
        unknown = left_out - set(vars(self))
        if unknown:
            raise AttributeError("save_task cannot exclude what the task does not have: " + ", ".join(sorted(unknown)))
        kept = {name: getattr(self, name) for name in left_out}
        try:
            vars(self).update(dict.fromkeys(left_out))
            with open(os.path.join(str(artifact_directory), ARTIFACT_NAME), "wb") as stream:
                pickle.dump(self, stream)
        finally:
            vars(self).update(kept)
        return self

    @classmethod
    def load_task(cls, artifact_directory):
        """Return the task that `save_task` wrote."""
        path = os.path.join(str(artifact_directory), ARTIFACT_NAME)
        if not os.path.exists(path):
            raise FileNotFoundError(
                "There is no %s in the artifact directory; a task with its own save needs its own load." % ARTIFACT_NAME
            )
        with open(path, "rb") as stream:
            task = pickle.load(stream)
        if not isinstance(task, cls):
            raise TypeError("%s holds a %s, not a %s." % (ARTIFACT_NAME, type(task).__name__, cls.__name__))
        return task


class _TaskInterface(Serializable):
    """What every kind of task has: `secrets` by key, `log_message`, `fit`."""

    def __new__(cls, *_, **__):
        """Give every task its `secrets`, also one that is being unpickled."""
        task = super().__new__(cls)
        task.secrets = {}
        return task

    def __getstate__(self):
        """Keep the secrets out of every pickle."""
        return {name: value for name, value in vars(self).items() if name != "secrets"}

    def log_message(self, message):
        """Write a line to the log of the task."""
        get_drum_logger("custom_task").info(message)

    def fit(self, X, y, output_dir=None, class_order=None, row_weights=None, parameters=None, **kwargs):
        """Learn from the data and return the task."""
        raise NotImplementedError("Define fit in CustomTask.")


class BinaryEstimatorInterface(_TaskInterface):
    """Predicts probabilities of two classes."""

    def predict_proba(self, X, **kwargs):
        """Return a DataFrame with a column for each of the two class labels."""
        raise NotImplementedError("Define predict_proba in CustomTask.")


class MulticlassEstimatorInterface(_TaskInterface):
    """Predicts probabilities of several classes."""

    def predict_proba(self, X, **kwargs):
        """Return a DataFrame with a column for each class label."""
        raise NotImplementedError("Define predict_proba in CustomTask.")


class RegressionEstimatorInterface(_TaskInterface):
    """Predicts a number."""

    def predict(self, X, **kwargs):
        """Return a DataFrame with one numeric column."""
        raise NotImplementedError("Define predict in CustomTask.")


class AnomalyEstimatorInterface(_TaskInterface):
    """Scores how unusual a row is."""

    def predict(self, X, **kwargs):
        """Return a DataFrame with one numeric column."""
        raise NotImplementedError("Define predict in CustomTask.")


class TransformerInterface(_TaskInterface):
    """Turns features into features."""

    def transform(self, X):
        """Return a DataFrame or a sparse matrix with as many rows."""
        raise NotImplementedError("Define transform in CustomTask.")
