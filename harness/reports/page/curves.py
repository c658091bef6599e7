"""How well a classifier's probabilities part and meet the classes: the curves, computed on all rows, drawn from few.

Written with cumulative sums: importing scikit-learn's metrics takes longer than a whole validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MOST_POINTS = 200
CALIBRATION_BINS = 10
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class RankingCurves:
    """How rows are ranked by a score: ROC as (false, true positive rate), precision as (recall, precision).

    auc, average_precision: of all rows, as scikit-learn defines them.
    """

    roc: Points
    precision: Points
    auc: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows of about the same probability: its mean, the share of them that is positive, and how many they are."""

    mean: float
    share: float
    count: int


def ranking_curves(scores: np.ndarray, positive: np.ndarray) -> RankingCurves | None:
    """Return the curves of a score for the positive class; None where one of the classes is absent.

    scores: (rows,) of finite floats. positive: (rows,) of bool. Rows of the same score are one point.
    """
    import numpy as np

    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    last_of_score = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    true = np.cumsum(hits)[last_of_score]
    false = last_of_score + 1 - true
    recall, fall_out, precision = true / positives, false / negatives, true / (true + false)
    heights = (recall + np.append(0.0, recall[:-1])) / 2
    area = float((np.diff(fall_out, prepend=0.0) * heights).sum())
    average_precision = float((np.diff(recall, prepend=0.0) * precision).sum())
    return RankingCurves(
        roc=((0.0, 0.0), *_points(fall_out, recall)),
        precision=((0.0, 1.0), *_points(recall, precision)),
        auc=area,
        average_precision=average_precision,
    )


def calibration(scores: np.ndarray, positive: np.ndarray) -> tuple[CalibrationBin, ...]:
    """Return ten bins of equal width over probabilities within 0..1, empty ones left out."""
    import numpy as np

    places = np.clip((scores * CALIBRATION_BINS).astype(np.int64), 0, CALIBRATION_BINS - 1)
    counts = np.bincount(places, minlength=CALIBRATION_BINS)
    sums = np.bincount(places, scores, CALIBRATION_BINS)
    hits = np.bincount(places, positive, CALIBRATION_BINS)
    return tuple(
        CalibrationBin(float(total / count), float(hit / count), int(count))
        for count, total, hit in zip(counts, sums, hits, strict=True)
        if count
    )


def brier_score(scores: np.ndarray, positive: np.ndarray) -> float:
    """Return the mean squared distance of probability and outcome: 0 is perfect, 0.25 a coin that says 0.5."""
    return float(((scores - positive) ** 2).mean())


def count_confusions(actual: np.ndarray, predicted: np.ndarray, class_count: int) -> tuple[tuple[int, ...], ...]:
    """Return how often each class (a row) was predicted as each (a column). Both: (rows,) of class numbers from 0."""
    import numpy as np

    counts = np.bincount(actual * class_count + predicted, minlength=class_count**2)
    return tuple(tuple(row) for row in counts.reshape(class_count, class_count).tolist())


def _points(x: np.ndarray, y: np.ndarray) -> Points:
    """Return at most MOST_POINTS of the points, the first and the last among them, evenly along the curve."""
    import numpy as np

    if len(x) > MOST_POINTS:
        length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        wanted = np.linspace(0.0, length[-1], MOST_POINTS)
        chosen = np.unique(np.append(np.searchsorted(length, wanted[:-1]), len(x) - 1))
        x, y = x[chosen], y[chosen]
    return tuple(zip(np.round(x, 5).tolist(), np.round(y, 5).tolist(), strict=True))
