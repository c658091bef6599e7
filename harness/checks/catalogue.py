"""All checks, in the order in which they are judged and told: what a check needs comes before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.checks import (
    behaviour,
    build,
    labels,
    probabilities,
    process,
    robustness,
    scores,
    shapes,
    stability,
    static,
)
from harness.checks.engine import Check, judge_in_order
from harness.records import CheckResult, TargetType

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence

_CLASSIFIERS = frozenset({TargetType.BINARY, TargetType.MULTICLASS})
_TRANSFORMS = frozenset({TargetType.TRANSFORM})
_ESTIMATORS = frozenset(TargetType) - _TRANSFORMS
_SCORED = ("predict", "transform")
_WELL_FORMED = (*_SCORED, "row_count", "columns")
_COMPARABLE = (*_WELL_FORMED, "numeric_output", "stable_columns")
_VALUES = (*_WELL_FORMED, "numeric_output", "finite_values")

# Need nothing but the task's folder.
checks_before_build = (
    Check("task_files", "Task files", static.judge_task_files),
    Check("metadata", "Metadata (model-metadata.yaml)", static.judge_metadata),
    Check("hooks", "Hooks in the code", static.judge_hooks),
    Check("requirements", "Requirements the platform accepts", static.judge_requirements),
)

# Need the folder and the sample data.
checks_before_run = (
    Check("sample_data", "Sample data", static.judge_sample_data),
    Check("input_schema", "Input matches the typeSchema", static.judge_input_schema, ("metadata",)),
)

_BUILD_CHECKS = (
    Check("dependency_build", "Dependencies install", build.judge_dependency_build),
    Check("environment_notes", "Environment like the platform's", build.judge_environment_notes, ("dependency_build",)),
)

_PROCESS_CHECKS = (
    Check("memory_limit", "Memory limit", process.judge_memory_limit, ("dependency_build",)),
    Check("time_limit", "Time limit", process.judge_time_limit, ("dependency_build",)),
    Check("fit", "Fit completes", process.judge_fit, ("dependency_build",)),
    Check("artifact", "Fit leaves an artifact", process.judge_artifact, ("fit",)),
    Check("load", "Model loads in a fresh process", process.judge_load, ("artifact",)),
    Check("predict", "Predict completes", process.judge_scoring, ("load",), _ESTIMATORS),
    Check("transform", "Transform completes", process.judge_scoring, ("load",), _TRANSFORMS),
)

_OUTPUT_CHECKS = (
    Check("row_count", "One output row for each input row", shapes.judge_row_count, _SCORED),
    Check("columns", "Output columns", shapes.judge_columns, _SCORED),
    Check("numeric_output", "Numeric output", shapes.judge_numeric_output, _WELL_FORMED),
    Check(
        "finite_values", "No missing or infinite values", shapes.judge_finite_values, (*_WELL_FORMED, "numeric_output")
    ),
    Check("class_labels", "Columns are the class labels", labels.judge_class_labels, _WELL_FORMED, _CLASSIFIERS),
    Check(
        "probabilities",
        "Rows are probabilities",
        probabilities.judge_probabilities,
        (*_VALUES, "class_labels"),
        _CLASSIFIERS,
    ),
    Check(
        "regression_output",
        "Plausible regression values",
        scores.judge_regression_output,
        _VALUES,
        frozenset({TargetType.REGRESSION}),
    ),
    Check(
        "anomaly_output",
        "Plausible anomaly scores",
        scores.judge_anomaly_output,
        _VALUES,
        frozenset({TargetType.ANOMALY}),
    ),
    Check(
        "output_schema",
        "Output matches the typeSchema",
        shapes.judge_output_schema,
        ("metadata", *_VALUES),
        _TRANSFORMS,
    ),
)

_STABILITY_CHECKS = (
    Check("stable_columns", "Same columns every time", shapes.judge_stable_columns, _WELL_FORMED),
    Check("repeatable", "Same values in another process", stability.judge_repeatable, _COMPARABLE),
    Check(
        "batch_independence",
        "Output independent of the batch",
        stability.judge_batch_independence,
        ("stable_columns", "repeatable"),
    ),
)

_PLAUSIBILITY_CHECKS = (
    Check("constant_predictions", "Predictions differ", scores.judge_constant_predictions, _VALUES, _ESTIMATORS),
    Check(
        "saturated_probabilities",
        "Probabilities, not classes",
        probabilities.judge_saturated_probabilities,
        ("probabilities",),
        _CLASSIFIERS,
    ),
    Check(
        "swapped_columns",
        "Class columns not swapped",
        probabilities.judge_swapped_columns,
        ("probabilities",),
        frozenset({TargetType.BINARY}),
    ),
    Check("target_leak", "Target not in the output", behaviour.judge_target_leak, _WELL_FORMED, _TRANSFORMS),
)

_ROBUSTNESS_CHECKS = (
    Check("missing_values", "Missing input values", robustness.judge_missing_values, _WELL_FORMED),
    Check("unseen_categories", "Unseen categories", robustness.judge_unseen_categories, _WELL_FORMED),
    Check("empty_strings", "Empty texts", robustness.judge_empty_strings, _WELL_FORMED),
)

_BEHAVIOUR_CHECKS = (
    Check("input_preserved", "Input left unchanged", behaviour.judge_input_preserved, _SCORED),
    Check("import_work", "No work at import", behaviour.judge_import_work, ("dependency_build",)),
    Check("load_time", "Model loads quickly", behaviour.judge_load_time, ("load",)),
    Check("outside_writes", "No writes elsewhere", behaviour.judge_outside_writes, ("dependency_build",)),
    Check("working_directory", "Working directory kept", behaviour.judge_working_directory, ("dependency_build",)),
)

CHECKS = (
    *checks_before_build,
    *checks_before_run,
    *_BUILD_CHECKS,
    *_PROCESS_CHECKS,
    *_OUTPUT_CHECKS,
    *_STABILITY_CHECKS,
    *_PLAUSIBILITY_CHECKS,
    *_ROBUSTNESS_CHECKS,
    *_BEHAVIOUR_CHECKS,
)


def run_checks(evidence: Evidence, checks: Iterable[Check] = CHECKS) -> tuple[CheckResult, ...]:
    """Return one result for each check, in order; see `harness.checks.engine.judge_in_order`."""
    return judge_in_order(evidence, checks)
