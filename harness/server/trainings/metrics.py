"""How good the predictions are: the platform's metrics, on the rows that fit has seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.checks.labels import match_labels
from harness.data import DataOptions, read_sample_data
from harness.records import TargetType

if TYPE_CHECKING:
    import numpy as np

Metrics = Mapping[str, Mapping[str, float | None]]
# By the names that the platform shows; the project's own metric first.
NAMES: Mapping[TargetType, tuple[str, ...]] = {
    TargetType.REGRESSION: ("RMSE", "MAE", "R Squared"),
    TargetType.BINARY: ("LogLoss", "AUC"),
    TargetType.MULTICLASS: ("LogLoss",),
}


def training_metrics(predictions: Path | None, options: DataOptions, target_type: TargetType) -> Metrics:
    """Return the metrics of a target type by name: `{"RMSE": {"validation": None, "training": 1.23}}`.

    There is no validation: all rows were trained on. None also stands for what cannot be computed, as where a
    prediction is missing. Empty for target types without a target to compare with.
    """
    names = NAMES.get(target_type, ())
    values: Mapping[str, float] = {}
    if names and predictions is not None:
        values = _values(predictions, options, target_type)
    return {name: {"validation": None, "training": _or_none(values.get(name, math.nan))} for name in names}


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _values(predictions: Path, options: DataOptions, target_type: TargetType) -> Mapping[str, float]:
    import numpy as np
    import pandas as pd

    data = read_sample_data(options, target_type)
    predicted = pd.read_csv(predictions)
    assert data.target is not None
    # What stands behind the class labels' columns is extra output.
    numbers = predicted.iloc[:, : len(data.class_labels or "1")].to_numpy(dtype=np.float64)
    if len(numbers) != len(data.target) or not np.isfinite(numbers).all():
        return {}
    if data.class_labels is None:
        return _of_numbers(data.target.to_numpy(dtype=np.float64), numbers[:, 0])
    columns = match_labels([str(name) for name in predicted.columns[: len(data.class_labels)]], data.class_labels)
    if columns is None:
        return {}
    number_of = {label: number for number, label in enumerate(data.class_labels)}
    classes = np.array([number_of[str(value)] for value in data.target])
    return _of_probabilities(classes, numbers[:, [columns[label] for label in data.class_labels]])


def _of_numbers(target: np.ndarray, predicted: np.ndarray) -> Mapping[str, float]:
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    found: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
        "RMSE": root_mean_squared_error,
        "MAE": mean_absolute_error,
    }
    if len(target) > 1:
        found["R Squared"] = r2_score
    return {name: float(compute(target, predicted)) for name, compute in found.items()}


def _of_probabilities(classes: np.ndarray, probabilities: np.ndarray) -> Mapping[str, float]:
    """classes: (rows,), the number of each row's class label. probabilities: (rows, class labels), in their order."""
    from sklearn.metrics import log_loss, roc_auc_score

    # The platform takes rows that sum to one but for rounding; scikit-learn wants it exactly.
    exact = probabilities / probabilities.sum(axis=1, keepdims=True)
    count = probabilities.shape[1]
    found = {"LogLoss": float(log_loss(classes, exact, labels=list(range(count))))}
    if count == 2:
        found["AUC"] = float(roc_auc_score(classes == 0, probabilities[:, 0]))
    return found
