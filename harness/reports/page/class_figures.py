"""What a classifier returned, drawn: its probabilities by class, and how well they part and meet the classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.checks.labels import standardise
from harness.reports.page.bins import BINS, histogram
from harness.reports.page.curves import (
    Points,
    RankingCurves,
    brier_score,
    calibration,
    count_confusions,
    ranking_curves,
)
from harness.reports.page.model import Chart, Confusion, OutputFigures, TextTable
from harness.reports.page.wording import name_text, number_text, percent_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

# As many curves, and classes in a table, as a person tells apart.
MOST_CURVES = 6
MOST_CLASSES = 12
# Of the points of a curve in its table.
TABLE_POINTS = 11
DECISION = 0.5


def describe_classes(values: np.ndarray, labels: Sequence[str], actual: np.ndarray | None) -> OutputFigures:
    """Return the figures of a classifier's probabilities.

    values: (rows, labels) of finite float, a column a label in their order; for binary the positive one comes first.
    actual: (rows,) the number of each row's label, -1 where it has none; None where the target is not known.
    """
    names = [name_text(label) for label in labels]
    if actual is None:
        return OutputFigures(charts=tuple(_plain_histograms(values, names)))
    known = actual >= 0
    values, actual = values[known], actual[known]
    if not len(actual):
        return OutputFigures()
    if len(labels) == 2:
        return _describe_binary(values, names, actual)
    return _describe_multiclass(values, names, actual)


def class_numbers(target: pd.Series, labels: Sequence[str]) -> np.ndarray:
    """Return (rows,) the number of each row's label, as written or else standardised; -1 where it is none of them."""
    import numpy as np
    import pandas as pd

    codes, values = pd.factorize(target)
    written = {label: number for number, label in enumerate(labels)}
    standard = {standardise(label): number for number, label in enumerate(labels)}
    numbers = [written.get(str(value), standard.get(standardise(str(value)), -1)) for value in values]
    return np.asarray([*numbers, -1], dtype=np.int64)[codes]


def _describe_binary(values: np.ndarray, names: Sequence[str], actual: np.ndarray) -> OutputFigures:
    import numpy as np

    scores, positive = np.clip(values[:, 0], 0.0, 1.0), actual == 0
    predicted = (scores < DECISION).astype(np.int64)
    right = int((predicted == actual).sum())
    brier = brier_score(scores, positive)
    metrics = [("Accuracy", percent_text(right, len(actual))), ("Brier score", number_text(brier))]
    charts = [_histogram_by_class(scores, positive, names)]
    curves = ranking_curves(scores, positive)
    if curves is not None:
        metrics[:0] = [("AUC", number_text(curves.auc)), ("Average precision", number_text(curves.average_precision))]
        share = float(positive.mean())
        charts += [_roc([(names[0], curves)]), _precision([(names[0], curves)], share)]
    charts.append(_calibration_chart(scores, positive, names[0], brier))
    note = f"A row counts as “{names[0]}” from a probability of {DECISION} on."
    confusion = Confusion(tuple(names), count_confusions(actual, predicted, 2), note)
    return OutputFigures(metrics=tuple(metrics), charts=tuple(charts), confusion=confusion)


def _describe_multiclass(values: np.ndarray, names: Sequence[str], actual: np.ndarray) -> OutputFigures:
    import numpy as np

    predicted = values.argmax(axis=1)
    right = int((predicted == actual).sum())
    frequency = np.bincount(actual, minlength=len(names))
    frequent = np.argsort(-frequency, kind="stable")
    shown = sorted(frequent[:MOST_CLASSES].tolist())
    charts = [
        _histogram_by_class(values[:, number], actual == number, (names[number], "other classes")) for number in shown
    ]
    curves = []
    for number in sorted(frequent[:MOST_CURVES].tolist()):
        found = ranking_curves(values[:, number], actual == number)
        if found is not None:
            curves.append((names[number], found))
    if curves:
        charts += [_roc(curves), _precision(curves, None)]
    metrics = [("Accuracy", percent_text(right, len(actual)))]
    if curves and len(names) <= MOST_CURVES:
        mean = sum(found.auc for _, found in curves) / len(curves)
        metrics.append(("Mean AUC, each class against the rest", number_text(mean)))
    return OutputFigures(
        metrics=tuple(metrics),
        charts=tuple(charts),
        confusion=_confusion_of(actual, predicted, names, shown),
        notes=(f"The {MOST_CLASSES} most frequent of {len(names):,} classes are shown.",)
        if len(names) > MOST_CLASSES
        else (),
    )


def _confusion_of(actual: np.ndarray, predicted: np.ndarray, names: Sequence[str], shown: Sequence[int]) -> Confusion:
    """Count the classes that are shown, and all others as one."""
    import numpy as np

    note = "A row counts as the class of its highest probability."
    if len(shown) == len(names):
        return Confusion(tuple(names), count_confusions(actual, predicted, len(names)), note)
    place = np.full(len(names), len(shown), dtype=np.int64)
    place[list(shown)] = np.arange(len(shown))
    counts = count_confusions(place[actual], place[predicted], len(shown) + 1)
    return Confusion((*(names[number] for number in shown), "all others"), counts, note)


def _plain_histograms(values: np.ndarray, names: Sequence[str]) -> Iterator[Chart]:
    import numpy as np

    for number, name in enumerate(names[:MOST_CLASSES]):
        scores = np.clip(values[:, number], 0.0, 1.0)
        counts = histogram(scores, np.linspace(0, 1, BINS + 1)).counts
        yield Chart(
            "histogram",
            f"Probability of “{name}”",
            f"{len(scores):,} rows, mean {number_text(float(scores.mean()))}.",
            {"edges": _tenths(BINS), "series": [{"name": "", "counts": counts}], "x": "probability"},
            _histogram_table(BINS, [("rows", counts)]),
        )


def _histogram_by_class(scores: np.ndarray, is_class: np.ndarray, names: Sequence[str]) -> Chart:
    """Draw one class's probability for the rows of the class and for all others, each as shares of its own."""
    import numpy as np

    edges = np.linspace(0, 1, BINS + 1)
    parts = [(names[0], np.clip(scores[is_class], 0, 1)), (names[1], np.clip(scores[~is_class], 0, 1))]
    series = [(name, histogram(part, edges).counts) for name, part in parts]
    means = " and ".join(
        f"{number_text(float(part.mean()))} for the {len(part):,} rows of “{name}”" for name, part in parts if len(part)
    )
    return Chart(
        "histogram",
        f"Probability of “{names[0]}”",
        f"Mean {means}.",
        {
            "edges": _tenths(BINS),
            "series": [{"name": name, "counts": counts} for name, counts in series],
            "x": f"probability of “{names[0]}”",
        },
        _histogram_table(BINS, series),
    )


def _tenths(bins: int) -> list[float]:
    return [round(number / bins, 6) for number in range(bins + 1)]


def _histogram_table(bins: int, series: Sequence[tuple[str, Sequence[int]]]) -> TextTable:
    """Write every three bins as one row, which is enough to read."""
    rows = []
    for first in range(0, bins, 3):
        counts = [f"{sum(found[first : first + 3]):,}" for _, found in series]
        rows.append((f"{first / bins:.1f} to {(first + 3) / bins:.1f}", *counts))
    header = ("Probability", *(f"Rows of “{name}”" if name != "rows" else "Rows" for name, _ in series))
    return TextTable(header, tuple(rows))


def _roc(curves: Sequence[tuple[str, RankingCurves]]) -> Chart:
    areas = ", ".join(f"{number_text(found.auc)} for “{name}”" for name, found in curves)
    return Chart(
        "lines",
        "ROC curve" if len(curves) == 1 else "ROC curves, each class against the rest",
        f"Area under the curve: {areas} (0.5 is chance).",
        {
            "series": [{"name": name, "points": found.roc} for name, found in curves],
            "x": "false positive rate",
            "y": "true positive rate",
            "diagonal": True,
        },
        _curve_table("False positive rate", "True positive rate", [(name, found.roc) for name, found in curves]),
    )


def _precision(curves: Sequence[tuple[str, RankingCurves]], share: float | None) -> Chart:
    means = ", ".join(f"{number_text(found.average_precision)} for “{name}”" for name, found in curves)
    chance = f" ({number_text(share)} is chance)" if share is not None else ""
    data = {
        "series": [{"name": name, "points": found.precision} for name, found in curves],
        "x": "recall",
        "y": "precision",
    }
    return Chart(
        "lines",
        "Precision and recall" if len(curves) == 1 else "Precision and recall, each class against the rest",
        f"Average precision: {means}{chance}.",
        data if share is None else {**data, "level": round(share, 5)},
        _curve_table("Recall", "Precision", [(name, found.precision) for name, found in curves]),
    )


def _curve_table(x: str, y: str, curves: Sequence[tuple[str, Points]]) -> TextTable:
    rows = []
    for name, points in curves:
        step = max(1, (len(points) - 1) / (TABLE_POINTS - 1))
        for number in range(min(TABLE_POINTS, len(points))):
            across, up = points[min(len(points) - 1, round(number * step))]
            rows.append((name, f"{across:.3f}", f"{up:.3f}"))
    return TextTable(("Class", x, y), tuple(rows))


def _calibration_chart(scores: np.ndarray, positive: np.ndarray, name: str, brier: float) -> Chart:
    bins = calibration(scores, positive)
    rows = tuple((f"{found.mean:.3f}", f"{found.share:.3f}", f"{found.count:,}") for found in bins)
    return Chart(
        "lines",
        "Calibration",
        f"How often “{name}” is true among rows of about the same probability; Brier score {number_text(brier)}.",
        {
            "series": [{"name": name, "points": [[round(found.mean, 5), round(found.share, 5)] for found in bins]}],
            "x": "mean probability",
            "y": "share that is true",
            "diagonal": True,
            "dots": True,
        },
        TextTable(("Mean probability", "Share that is true", "Rows"), rows, first_number=0),
    )
