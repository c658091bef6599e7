"""Judge, as warnings, what becomes of damaged input: missing values, categories never seen, empty texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.checks.engine import Outcome, not_reached, passed, skipped, warning
from harness.checks.outputs import is_transform, prediction_columns, read_hashes, read_numbers, read_sparse
from harness.checks.process import error_details, error_text
from harness.checks.static import type_schema
from harness.checks.wording import counted, listed
from harness.runs import Output, StageResult, plan_stages

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What one damaged feature led to, in words and for programs."""

    feature: str
    text: str
    details: dict[str, Any]


def judge_missing_values(evidence: Evidence) -> Outcome:
    """Warn of features for which missing values make the hook raise or give missing values."""
    if _missing_is_forbidden(evidence):
        return skipped("the typeSchema says that the input has no missing values")
    return _judge_damage(evidence, "missing", "missing values", "Impute missing values, with what fit has learned.")


def judge_unseen_categories(evidence: Evidence) -> Outcome:
    """Warn of text features for which a category that fit has not seen makes the hook raise."""
    remedy = "Map unknown categories to one of their own, for example with handle_unknown='ignore'."
    return _judge_damage(evidence, "unseen", "a category never seen before", remedy)


def judge_empty_strings(evidence: Evidence) -> Outcome:
    """Warn of text features for which empty texts make the hook raise."""
    return _judge_damage(evidence, "empty", "empty texts", "Treat an empty text as a missing value.")


def _missing_is_forbidden(evidence: Evidence) -> bool:
    schema = type_schema(evidence)
    return schema is not None and any(
        requirement.field == "contains_missing" and "FORBIDDEN" in requirement.values
        for requirement in schema.input_requirements
    )


def _judge_damage(evidence: Evidence, kind: str, what: str, remedy: str) -> Outcome:
    data, run = evidence.data, evidence.run
    if data is None or run is None:
        return not_reached("scoring did not run")
    if data.is_sparse:
        return skipped("not tried on sparse data")
    features = dict(_damaged_features(evidence, kind))
    if not features:
        return skipped("the data has no text features")
    stage = run.robustness
    if stage is None:
        return not_reached("damaged input was not tried")
    untouched = stage.output("untouched")
    tried = {request: feature for request, feature in features.items() if stage.request(request) is not None}
    if untouched is None or not tried:
        message = f"damaged input ended the process ({_ended(stage)}), and nothing can be said of single features"
        # Said once: missing values are tried first, and for every feature.
        return warning(message, "Look at the log of the stage.") if kind == "missing" else skipped(message)
    usual = _missing_cells(evidence, untouched)
    troubles = [
        trouble
        for request, feature in tried.items()
        if (trouble := _trouble(evidence, stage, request, feature, usual)) is not None
    ]
    left = len(features) - len(tried)
    unfinished = f"; {counted(left, 'feature')} not tried, {_ended(stage)}" if left else ""
    count = counted(len(tried), "feature")
    if not troubles:
        message = f"{count} with {what}: no error and no missing output{unfinished}"
        return warning(message, remedy, features=len(tried)) if left else passed(message, features=len(tried))
    told = listed([f'"{trouble.feature}" ({trouble.text})' for trouble in troubles])
    return warning(
        f"{what} in {len(troubles)} of {count}: {told}{unfinished}",
        remedy,
        features=len(tried),
        troubles=[trouble.details for trouble in troubles],
    )


def _damaged_features(evidence: Evidence, kind: str) -> Iterator[tuple[str, str]]:
    """Yield (request id, feature) of each planned request that damages a feature in this way."""
    assert evidence.data is not None
    for stage in plan_stages(evidence.target_type, evidence.data, evidence.timeout_seconds):
        for request in stage.requests:
            if request.edit is not None and request.edit.to == kind:
                yield request.id, request.edit.column


def _trouble(evidence: Evidence, stage: StageResult, request_id: str, feature: str, usual: int) -> _Trouble | None:
    """Return what went wrong for one damaged feature. usual: the missing cells that undamaged rows give."""
    request = stage.request(request_id)
    assert request is not None
    if request.error is not None:
        return _Trouble(
            feature,
            error_text(request.error),
            {"feature": feature, "error": error_details(request.error)},
        )
    if request.output is None:
        return _Trouble(feature, "no output", {"feature": feature})
    missing = _missing_cells(evidence, request.output)
    if missing <= usual:
        return None
    details = {"feature": feature, "missingCount": missing, "usualMissingCount": usual}
    return _Trouble(feature, f"{counted(missing, 'missing value')} in the output", details)


def _missing_cells(evidence: Evidence, output: Output) -> int:
    import numpy as np

    if output.kind == "sparse":
        return int(np.isnan(read_sparse(output).data).sum())
    numbers, hashes = read_numbers(output), read_hashes(output)
    if not is_transform(evidence):
        judged = prediction_columns(evidence)
        return int(np.isnan(numbers[:, :judged]).sum())
    return int(np.isnan(numbers).sum() + (hashes == 0).sum())


def _ended(stage: StageResult) -> str:
    """Say why the stage did not come to a request."""
    if stage.error is not None:
        return error_text(stage.error)
    endings = {
        "timeout": "the time limit was reached",
        "out_of_memory": "the memory limit was reached",
        "crashed": f"the process crashed with {stage.ended.signal or 'no signal'}",
        "exited": "the process ended itself",
    }
    return endings.get(stage.status.value, "the process ended")
