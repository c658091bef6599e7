"""Whether the platform's own training would have failed: not every check that fails here ends one there."""

from __future__ import annotations

from harness.records import CheckResult, CheckStatus, TargetType
from harness.reports.model import Report

# Nothing is trained where one of them fails: the platform refuses the version, or fit and scoring cannot be had.
# `repeatable`, `batch_independence`, `stable_columns` and the warnings are the harness's own. Source:
# docs/reference/checks.md, which says of each check whether the platform's runner sees it.
ENDING_CHECKS = frozenset(
    {
        "task_files",
        "metadata",
        "hooks",
        "requirements",
        "input_schema",
        "dependency_build",
        "memory_limit",
        "time_limit",
        "fit",
        "artifact",
        "load",
        "predict",
        "transform",
        "row_count",
        "columns",
        "numeric_output",
        "class_labels",
        "probabilities",
        "output_schema",
    }
)


# In place of those that name an option of the command line.
_REMEDIES = {
    "memory_limit": "Use less memory (fewer copies, smaller types, sparse or batched work), or give the version a "
    "larger maximumMemory.",
    "time_limit": "Look for an endless loop or a wait for input or network.",
}


def ending_check(report: Report) -> CheckResult | None:
    """Return the first failed check that ends a training on the platform, too; None where it would go through."""
    return next((check for check in report.checks_with(CheckStatus.FAILED) if _ends_training(check, report)), None)


def _ends_training(check: CheckResult, report: Report) -> bool:
    if check.id == "row_count":
        # The platform counts the rows of one request, for all of them; where the values are damaged, there is none.
        return bool(check.details.get("request", "whole") == "whole")
    if check.id == "finite_values":
        # A missing or infinite probability is outside of 0..1, or in a row that does not sum to one; the platform looks
        # at no other output for such values.
        return report.task is not None and TargetType(report.task.target_type).is_classification
    return check.id in ENDING_CHECKS


def why(check: CheckResult, report: Report) -> str:
    """Return in one paragraph why the training failed and what to do."""
    if check.id == "dependency_build" and report.build is not None and report.build.diagnosis is not None:
        return report.build.diagnosis.as_paragraph()
    remedy = _REMEDIES.get(check.id, check.remedy)
    message = check.message if check.message.endswith((".", "!", "?")) else f"{check.message}."
    return f"{message} {remedy}".rstrip()
