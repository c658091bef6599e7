"""What is known before anything runs: files, metadata, hooks, requirements, data; and the dependency build."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recorded_validation import Validation

from harness.builds.model import BuildResult, Diagnosis
from harness.data.model import ColumnProfile
from harness.findings import Finding, Severity
from harness.records import BuildStatus, CheckStatus, TargetType
from harness.tasks.model import DataType, Hooks, Hyperparameter, Metadata, SchemaRequirement, TypeSchema

BEGAN, ENDED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 47, tzinfo=UTC)
TWO_REFUSED = "numpy~=1.4.2\npandas\n\n-e .\n"
NO_MISSING_INPUT = TypeSchema((SchemaRequirement("contains_missing", "EQUALS", ("FORBIDDEN",), 7),))
AGE_WITH_GAPS = (ColumnProfile("age", frozenset({DataType.NUM}), has_missing=True),)
COLOURS = (ColumnProfile("colour", frozenset({DataType.IMG}), has_missing=False),)


def _finding(message: str, file: str, severity: Severity = Severity.ERROR, line: int | None = None) -> Finding:
    return Finding(message, "Put it right.", file, line, severity=severity)


Spoil = Callable[[Validation], object]


def _set(**changes: object) -> Spoil:
    def spoil(validation: Validation) -> None:
        for name, value in changes.items():
            setattr(validation, name, value)

    return spoil


@pytest.mark.parametrize(
    ("check_id", "spoil", "status", "message"),
    [
        pytest.param("task_files", _set(task_files=("custom.py", "a/b.txt")), "passed", "2 files, 2 KiB", id="files"),
        pytest.param(
            "task_files",
            _set(findings=(_finding("The link leads out.", "data.csv"), _finding("Odd.", "x.txt", Severity.WARNING))),
            "failed",
            "data.csv: The link leads out.",
            id="file-error",
        ),
        pytest.param(
            "task_files",
            _set(findings=(_finding("Ignored pattern", ".harnessignore", Severity.WARNING, 3),)),
            "warning",
            ".harnessignore:3: Ignored pattern.",
            id="file-warning",
        ),
        pytest.param(
            "metadata",
            _set(metadata=Metadata(Path("model-metadata.yaml"), hyperparameters=(Hyperparameter("alpha", "float"),))),
            "passed",
            "1 hyperparameter",
            id="metadata",
        ),
        pytest.param("metadata", _set(), "passed", "there is none, and the platform does not insist on it", id="none"),
        pytest.param(
            "metadata",
            _set(
                metadata=Metadata(
                    findings=(
                        _finding("No name.", "model-metadata.yaml"),
                        _finding("No type.", "model-metadata.yaml", line=2),
                    )
                )
            ),
            "failed",
            "model-metadata.yaml: No name. model-metadata.yaml:2: No type.",
            id="metadata-errors",
        ),
        pytest.param(
            "metadata",
            _set(findings=(_finding("It is not read.", "model-metadata.yml", Severity.WARNING),)),
            "warning",
            "model-metadata.yml: It is not read.",
            id="metadata-with-a-wrong-ending",
        ),
        pytest.param("hooks", _set(), "passed", "functions: fit, score", id="functions"),
        pytest.param(
            "hooks",
            _set(hooks=Hooks("class", ("fit", "predict_proba"), "BinaryEstimatorInterface")),
            "passed",
            "class CustomTask: fit, predict_proba",
            id="class",
        ),
        pytest.param(
            "hooks",
            _set(findings=(_finding("There is no hook fit.", "custom.py", line=1),)),
            "failed",
            "custom.py:1: There is no hook fit.",
            id="no-fit",
        ),
        pytest.param(
            "hooks",
            _set(findings=(_finding("Never called.", "custom.py", Severity.WARNING, 5),)),
            "warning",
            "custom.py:5: Never called.",
            id="hook-warning",
        ),
        pytest.param(
            "hooks",
            _set(hooks=Hooks("class", ("fit", "predict"), "RegressionEstimatorInterface")),
            "warning",
            "CustomTask derives from RegressionEstimatorInterface, the target type is binary",
            id="interface-of-another-target-type",
        ),
        pytest.param(
            "requirements", _set(), "passed", "there are none beyond the base environment", id="no-requirements"
        ),
        pytest.param(
            "requirements",
            _set(requirements="pandas\n"),
            "passed",
            "1 dependency",
            id="accepted-requirements",
        ),
        pytest.param(
            "requirements",
            _set(requirements="pandas\nsklearn\n"),
            "warning",
            "requirements.txt:2: sklearn is the name of an import; the package is called scikit-learn.",
            id="import-name-in-requirements",
        ),
        pytest.param(
            "requirements",
            _set(findings=(_finding("This line is not UTF-8.", "requirements.txt", line=3),)),
            "failed",
            "requirements.txt:3: This line is not UTF-8.",
            id="unreadable-requirements",
        ),
        pytest.param(
            "requirements",
            _set(requirements=TWO_REFUSED),
            "failed",
            "the platform refuses 2 lines: line 1 `numpy~=1.4.2` (The operator ~= is not supported; only <, <=, ==, >= "
            "and > with a version are), line 4 `-e .` (This is an editable install (-e); the platform installs "
            "released packages from its index, by name and version)",
            id="refused-requirements",
        ),
        pytest.param("sample_data", _set(), "passed", "20 rows x 2 columns of sales.csv", id="data"),
        pytest.param(
            "sample_data",
            _set(data_warnings=("the header names age twice",)),
            "warning",
            "the header names age twice (20 rows x 2 columns of sales.csv)",
            id="data-warning",
        ),
        pytest.param(
            "input_schema",
            _set(metadata=Metadata(type_schema=NO_MISSING_INPUT)),
            "passed",
            "1 requirement",
            id="schema",
        ),
        pytest.param(
            "input_schema",
            _set(metadata=Metadata(type_schema=NO_MISSING_INPUT), columns=AGE_WITH_GAPS),
            "failed",
            "sales.csv violates the typeSchema: contains_missing is FORBIDDEN, "
            'but 1 of 1 columns has missing values: "age".',
            id="schema-violated",
        ),
        pytest.param(
            "input_schema",
            _set(metadata=Metadata(type_schema=NO_MISSING_INPUT), columns=AGE_WITH_GAPS, strict=False),
            "skipped",
            "strict validation is off",
            id="schema-not-judged",
        ),
        pytest.param(
            "input_schema",
            _set(target_type=TargetType.TRANSFORM, labels=None, columns=AGE_WITH_GAPS),
            "failed",
            "sales.csv violates the default typeSchema of a transform: contains_missing is FORBIDDEN, "
            'but 1 of 1 columns has missing values: "age".',
            id="default-schema-of-a-transform",
        ),
        pytest.param("dependency_build", _set(), "passed", "already built", id="cached-build"),
        pytest.param(
            "dependency_build",
            _set(build=BuildResult(BuildStatus.SUCCESS, BEGAN, ENDED, "log")),
            "passed",
            "built in 42 s",
            id="fresh-build",
        ),
        pytest.param(
            "dependency_build",
            _set(
                build=BuildResult(
                    BuildStatus.FAILED, BEGAN, ENDED, "Resolving\nerror: no such version\n\n", exit_code=1
                )
            ),
            "failed",
            "the installer failed (exit code 1): error: no such version",
            id="failed-build",
        ),
        pytest.param(
            "environment_notes",
            _set(
                build=BuildResult(
                    BuildStatus.SUCCESS, BEGAN, ENDED, "", notes=("Python 3.11 in place of 3.9.", "No GPU.")
                )
            ),
            "warning",
            "Python 3.11 in place of 3.9. No GPU.",
            id="notes",
        ),
        pytest.param("environment_notes", _set(), "passed", "Python 3.11.7, without network", id="no-notes"),
        pytest.param(
            "environment_notes",
            _set(isolated=False),
            "warning",
            "The run could reach the network: this system does not let the harness take it away.",
            id="isolation-not-granted",
        ),
        pytest.param(
            "environment_notes",
            _set(missing_credentials=("DB",)),
            "warning",
            'The metadata asks for credentials that were not given: "DB" (--user-secrets-mount-path).',
            id="credentials-not-given",
        ),
    ],
)
def test_before_the_run(tmp_path: Path, check_id: str, spoil: Spoil, status: str, message: str) -> None:
    validation = Validation(tmp_path)
    spoil(validation)
    result = validation.result(check_id)
    assert (result.status.value, result.message) == (status, message)


def test_data_and_environment_that_were_not_reached(tmp_path: Path) -> None:
    results = Validation(tmp_path).results(data=None, build=None, run=None)
    for id_ in ("sample_data", "input_schema", "dependency_build", "environment_notes"):
        assert results[id_].status is CheckStatus.SKIPPED


def test_refused_lines_are_told_to_programs_and_rewritten(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.requirements = TWO_REFUSED
    result = validation.result("requirements")
    assert result.remedy == "Write numpy>=1.4.2,<1.5; `harness deps --fix` does it for you."
    assert [line["lineNumber"] for line in result.details["refused"]] == [1, 4]
    assert result.details["refused"][0]["rewrite"] == "numpy>=1.4.2,<1.5"


def test_a_diagnosed_build_says_what_to_do(tmp_path: Path) -> None:
    diagnosis = Diagnosis(
        category="no_such_version",
        summary="numpy has no version 99.",
        package_name="numpy",
        line_number=3,
        line="numpy==99  # newest",
        suggestion="Ask for a version below 3.",
    )
    validation = Validation(tmp_path)
    validation.build = BuildResult(BuildStatus.FAILED, BEGAN, ENDED, "log", exit_code=1, diagnosis=diagnosis)
    result = validation.result("dependency_build")
    assert result.message == "requirements.txt:3: `numpy==99  # newest`: numpy has no version 99 (exit code 1)"
    assert result.remedy == "Ask for a version below 3."
    assert result.details["diagnosis"]["lineNumber"] == 3


def test_findings_are_told_to_programs(tmp_path: Path) -> None:
    validation = Validation(tmp_path)
    validation.findings = (Finding("No fit.", "Define it.", "custom.py", 3, 5),)
    result = validation.result("hooks")
    assert result.remedy == "Define it."
    assert result.details["findings"] == [
        {
            "file": "custom.py",
            "line": 3,
            "column": 5,
            "severity": "error",
            "message": "No fit.",
            "remedy": "Define it.",
        }
    ]
