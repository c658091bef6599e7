"""Judge predicted values: regression and anomaly scores, and predictions that are the same for every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checks.engine import Outcome, not_reached, passed, skipped, warning
from harness.checks.outputs import blocks, predictions, whole_output
from harness.checks.wording import counted, value_text

if TYPE_CHECKING:
    import numpy as np

    from harness.checks.evidence import Evidence

# Fewer rows than this say nothing about how scores are spread.
ENOUGH_ROWS = 10


def judge_regression_output(evidence: Evidence) -> Outcome:
    """Tell the range of the predictions; warn where none lies within the range of the target that fit has seen."""
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    values = predictions(evidence, output)[:, 0]
    if not len(values):
        return skipped("there are no rows")
    low, high = float(values.min()), float(values.max())
    found = f"from {value_text(low)} to {value_text(high)}"
    target = _numeric_target(evidence)
    if target is not None and len(target):
        lowest, highest = float(target.min()), float(target.max())
        if high < lowest or low > highest:
            return warning(
                f"all predictions lie outside the target's {value_text(lowest)} to {value_text(highest)}: {found}",
                "Look for a transformation of the target that is not undone, such as a logarithm.",
                minimum=low,
                maximum=high,
                targetMinimum=lowest,
                targetMaximum=highest,
            )
    return passed(found, minimum=low, maximum=high)


def _numeric_target(evidence: Evidence) -> np.ndarray | None:
    import numpy as np

    target = evidence.data.target if evidence.data else None
    if target is None:
        return None
    try:
        values: np.ndarray = target.to_numpy(dtype=float)
    except (TypeError, ValueError):
        return None
    finite: np.ndarray = values[np.isfinite(values)]
    return finite


def judge_anomaly_output(evidence: Evidence) -> Outcome:
    """Tell the range of the anomaly scores; warn where they are only -1 and 1, which are labels and not scores."""
    import numpy as np

    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    values = predictions(evidence, output)[:, 0]
    if not len(values):
        return skipped("there are no rows")
    low, high = float(values.min()), float(values.max())
    if len(values) >= ENOUGH_ROWS and (low, high) == (-1, 1) and bool(np.all(np.abs(values) == 1)):
        return warning(
            f"all scores of {counted(output.rows, 'row')} are -1 or 1: labels, not scores",
            "Return a score for each row, for example of score_samples, instead of predict.",
            minimum=low,
            maximum=high,
        )
    return passed(f"from {value_text(low)} to {value_text(high)}", minimum=low, maximum=high)


def judge_constant_predictions(evidence: Evidence) -> Outcome:
    """Warn where every row has the same prediction."""
    output = whole_output(evidence)
    if output is None:
        return not_reached("there is no output")
    values = predictions(evidence, output)
    if len(values) < 2:
        return skipped("one row cannot differ from another")
    first = values[0]
    for _, block in blocks(values):
        if not bool((block == first).all()):
            return passed("rows differ")
    shown = ", ".join(value_text(value) for value in first[:5])
    return warning(
        f"all {counted(output.rows, 'row')} have the same prediction: {shown}",
        "Look whether the features reach the model, and whether it has learned anything.",
        rows=output.rows,
    )
