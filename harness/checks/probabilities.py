"""Judge a classifier's values: probabilities that sum to one, that say something, and that are not swapped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.checks.engine import Outcome, failed, not_reached, passed, skipped, warning
from harness.checks.labels import match_labels, standardise
from harness.checks.outputs import blocks, predictions, whole_output
from harness.checks.wording import FIRST_FEW, counted, json_number, rows_listed, value_text, verb

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.checks.evidence import Evidence

# The platform's own tolerance for the sum of a row, relative to 1.
SUM_TOLERANCE = 1e-5
# Below this the columns are more likely swapped than the model worse than chance.
LOWEST_PLAUSIBLE_AUC = 0.3


def judge_probabilities(evidence: Evidence) -> Outcome:
    """Fail where a value lies outside 0..1, or a row's sum is not within SUM_TOLERANCE of 1.

    Only the columns of the class labels count. Source: the platform's own judgement of classifiers.
    """
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    values = predictions(evidence, output)
    outside = _Worst()
    uneven = _Worst()
    for start, block in blocks(values):
        _look_outside(outside, start, block)
        _look_at_sums(uneven, start, block)
    if outside.row_count:
        column = output.columns[outside.column]
        return failed(
            f"{outside.row_count:,} of {counted(output.rows, 'row')} {verb(outside.row_count, 'has', 'have')} values "
            f'outside 0..1: the worst is {value_text(outside.value)} in row {outside.row}, column "{column}" '
            f"({outside.rows_text()})",
            "Return probabilities: the result of predict_proba, or values that went through a logistic function.",
            row=outside.row,
            column=column,
            **outside.details(),
        )
    if uneven.row_count:
        return failed(
            f"{uneven.row_count:,} of {counted(output.rows, 'row')} {verb(uneven.row_count, 'does', 'do')} not sum "
            f"to 1 (tolerance {value_text(SUM_TOLERANCE)}): the worst sums to {value_text(uneven.value)} in row "
            f"{uneven.row} ({uneven.rows_text()})",
            "Divide each row by its sum, and do not round the values.",
            row=uneven.row,
            tolerance=SUM_TOLERANCE,
            **uneven.details(),
        )
    return passed(f"{counted(output.rows, 'row')} within 0..1 that sum to 1 (tolerance {value_text(SUM_TOLERANCE)})")


class _Worst:
    """The worst of the values that are not as they should be, and the first rows that have one."""

    def __init__(self) -> None:
        self.distance = 0.0
        self.value = 0.0
        self.row = 0
        self.column = 0
        self.row_count = 0
        self.first_rows: list[int] = []

    def add_rows(self, rows: np.ndarray) -> None:
        self.row_count += len(rows)
        room = FIRST_FEW - len(self.first_rows)
        self.first_rows += [int(row) for row in rows[:room]]

    def rows_text(self) -> str:
        return rows_listed(self.first_rows, self.row_count)

    def details(self) -> dict[str, Any]:
        return {"worst": json_number(self.value), "rowCount": self.row_count, "firstRows": self.first_rows}


def _look_outside(worst: _Worst, start: int, block: np.ndarray) -> None:
    import numpy as np

    # Written so that NaN counts as outside.
    if bool(np.all((block >= 0) & (block <= 1))):
        return
    distance = np.nan_to_num(np.maximum(-block, block - 1), nan=np.inf)
    worst.add_rows(np.flatnonzero((distance > 0).any(axis=1)) + start)
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    if distance[row, column] > worst.distance:
        worst.distance = float(distance[row, column])
        worst.value = float(block[row, column])
        worst.row, worst.column = int(row) + start, int(column)


def _look_at_sums(worst: _Worst, start: int, block: np.ndarray) -> None:
    import numpy as np

    sums = block.sum(axis=1)
    distance = np.nan_to_num(np.abs(sums - 1), nan=np.inf)
    uneven = np.flatnonzero(distance > SUM_TOLERANCE)
    if not len(uneven):
        return
    worst.add_rows(uneven + start)
    row = int(distance.argmax())
    if distance[row] > worst.distance:
        worst.distance, worst.value, worst.row = float(distance[row]), float(sums[row]), row + start


def judge_saturated_probabilities(evidence: Evidence) -> Outcome:
    """Warn where every probability is exactly 0 or 1: the classes were returned, not their probabilities."""
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    for _, block in blocks(predictions(evidence, output)):
        if not bool(((block == 0) | (block == 1)).all()):
            return passed("not all 0 or 1")
    return warning(
        f"all probabilities of {counted(output.rows, 'row')} are 0 or 1",
        "Return predict_proba instead of predict, unless the classes are perfectly separable.",
        rows=output.rows,
    )


def judge_swapped_columns(evidence: Evidence) -> Outcome:
    """Warn where the positive class scores lower than the negative one on the very data that fit has seen."""
    output = whole_output(evidence)
    data = evidence.data
    if output is None or data is None:
        return not_reached("there is no output")
    labels = data.class_labels
    if data.target is None or labels is None or len(labels) != 2:
        return skipped("the target or its class labels are not known")
    columns = match_labels(output.columns[:2], labels)
    if columns is None:
        return skipped("the columns are not the class labels")
    positive = _is_label(data.target, labels[0])
    scores = predictions(evidence, output)[:, columns[labels[0]]]
    auc = area_under_curve(scores, positive)
    if auc is None:
        return skipped("the target has one class only")
    if auc < LOWEST_PLAUSIBLE_AUC:
        return warning(
            f'the AUC of column "{labels[0]}" is {auc:.2f} on the data that fit has seen (0.50 is chance)',
            "Look whether the two columns are swapped: name them by model.classes_, whose order is sorted.",
            auc=auc,
            positiveLabel=labels[0],
        )
    return passed(f"AUC {auc:.2f} on the data that fit has seen", auc=auc, positiveLabel=labels[0])


def _is_label(target: pd.Series, label: str) -> np.ndarray:
    """Return (rows,) of bool: whether the target is this class, as written or, where none is, standardised."""
    import numpy as np
    import pandas as pd

    codes, classes = pd.factorize(target, use_na_sentinel=False)
    texts = [str(value) for value in classes]
    wanted = [text == label for text in texts]
    if not any(wanted):
        wanted = [standardise(text) == standardise(label) for text in texts]
    return np.asarray(wanted, dtype=bool)[codes]


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float | None:
    """Return the area under the ROC curve, ties counted half; None where one of the classes is absent.

    scores: (rows,) of float without NaN. positive: (rows,) of bool.
    """
    import numpy as np

    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(counts)
    mean_rank = last_rank - (counts - 1) / 2
    rank_sum = float(mean_rank[place.ravel()][positive].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)
