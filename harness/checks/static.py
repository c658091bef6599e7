"""Judge what is known before anything runs: the task's files, its metadata, hooks and requirements, the sample data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.checks.engine import Outcome, failed, not_reached, passed, skipped, warning
from harness.checks.wording import counted, excerpt, listed, size_text
from harness.findings import Finding, Severity
from harness.records import RefusedLine, TargetType
from harness.requirements import lint_requirements
from harness.tasks import check_input_schema, default_type_schema
from harness.tasks.custom_class import INTERFACES
from harness.tasks.model import TypeSchema

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence

REQUIREMENTS = "requirements"
REQUIREMENTS_FILE = "requirements.txt"


def judge_task_files(evidence: Evidence) -> Outcome:
    """Judge the findings of the files themselves: links that lead out, names that cannot travel, several custom.py."""
    task = evidence.task
    outcome = _judge_findings(finding for finding in task.findings if _subject(evidence, finding) == "files")
    if outcome is not None:
        return outcome
    total = sum(file.size_bytes for file in task.files)
    return passed(
        f"{counted(len(task.files), 'file')}, {size_text(total)}",
        fileCount=len(task.files),
        totalBytes=total,
    )


def judge_metadata(evidence: Evidence) -> Outcome:
    """Judge the findings of model-metadata.yaml, all of them at once."""
    metadata = evidence.task.metadata
    about_its_name = [finding for finding in evidence.task.findings if _subject(evidence, finding) == "metadata"]
    outcome = _judge_findings((*metadata.findings, *about_its_name))
    if outcome is not None:
        return outcome
    if metadata.file is None:
        return passed("there is none, and the platform does not insist on it")
    return passed(f"{counted(len(metadata.hyperparameters), 'hyperparameter')}")


def judge_hooks(evidence: Evidence) -> Outcome:
    """Judge what the code offers: the findings of reading it, and a class made for another target type."""
    hooks = evidence.task.hooks
    findings = [finding for finding in evidence.task.findings if _subject(evidence, finding) == "hooks"]
    outcome = _judge_findings(findings)
    if outcome is not None:
        return outcome
    expected = next(name for name, (own_type, _) in INTERFACES.items() if own_type is evidence.target_type)
    if hooks.interface_class is not None and hooks.interface_class != expected:
        return warning(
            f"CustomTask derives from {hooks.interface_class}, the target type is {evidence.target_type}",
            f"Derive it from {expected}.",
            expected=expected,
            found=hooks.interface_class,
        )
    style = "class CustomTask" if hooks.interface == "class" else "functions"
    return passed(f"{style}: {', '.join(hooks.names)}", interface=hooks.interface, hooks=list(hooks.names))


def judge_requirements(evidence: Evidence) -> Outcome:
    """Fail where a line cannot be a dependency record of the platform; each is told with reason and rewrite.

    What can be recorded and still looks wrong is a warning: the platform takes it, and its build may fail.
    """
    unreadable = _judge_findings(
        finding for finding in evidence.task.findings if _subject(evidence, finding) == REQUIREMENTS
    )
    if unreadable is not None:
        return unreadable
    requirements = evidence.task.requirements
    refused = requirements.refused
    if refused:
        rewritable = sum(line.rewrite is not None for line in refused)
        remedy = "Take the lines out, or write what the platform can record: a name and < <= == >= > constraints."
        if rewritable:
            remedy = (
                f"Write {listed([line.rewrite for line in refused if line.rewrite is not None])}; "
                "`harness deps --fix` does it for you."
            )
        return failed(
            f"the platform refuses {counted(len(refused), 'line')}: {_refused_text(refused)}",
            remedy,
            refused=[line.to_json_dict() for line in refused],
        )
    if requirements.file is None:
        return passed("there are none beyond the base environment")
    doubtful = [replace(finding, severity=Severity.WARNING) for finding in lint_requirements(requirements)]
    count = len(requirements.dependencies)
    return _judge_findings(doubtful) or passed(counted(count, "dependency", "dependencies"), count=count)


def judge_sample_data(evidence: Evidence) -> Outcome:
    """Tell which data the task is tried on, and what is odd about it."""
    data = evidence.data
    if data is None:
        return not_reached("there is no sample data")
    rows, columns = data.features.shape
    size = f"{counted(rows, 'row')} x {counted(columns, 'column')} of {data.source}"
    details: dict[str, Any] = {"rows": rows, "columns": columns, "source": data.source}
    if data.warnings:
        return warning(f"{'; '.join(data.warnings)} ({size})", warnings=list(data.warnings), **details)
    return passed(size, **details)


def judge_input_schema(evidence: Evidence) -> Outcome:
    """Fail where the sample data is not what the typeSchema says the task takes; the platform refuses it at fit."""
    if not evidence.strict:
        return skipped("strict validation is off")
    data = evidence.data
    if data is None:
        return not_reached("there is no sample data")
    schema = type_schema(evidence)
    if schema is None:
        return passed("no typeSchema: any data is taken")
    violations = check_input_schema(schema, data.columns, data.is_sparse)
    if not violations:
        return passed(_requirement_count(schema, "input"))
    whose = "the typeSchema" if schema.declared else "the default typeSchema of a transform"
    return failed(
        f"{data.source} violates {whose}: {' '.join(violations)}",
        "Correct input_requirements in model-metadata.yaml, or choose data that fits them.",
        violations=list(violations),
    )


def type_schema(evidence: Evidence) -> TypeSchema | None:
    """Return the schema that the platform judges by, None where it judges none."""
    schema = evidence.task.metadata.type_schema
    if schema is None and evidence.target_type is TargetType.TRANSFORM:
        return default_type_schema()
    return schema


def _requirement_count(schema: TypeSchema, side: str) -> str:
    requirements = schema.input_requirements if side == "input" else schema.output_requirements
    origin = "" if schema.declared else " (the platform's default)"
    return f"{counted(len(requirements), 'requirement')}{origin}"


def _subject(evidence: Evidence, finding: Finding) -> str:
    """Tell which check speaks of a finding: `hooks`, `metadata`, `requirements` or `files`."""
    name = PurePosixPath(finding.file).name if finding.file else ""
    if finding.file == REQUIREMENTS_FILE:
        return REQUIREMENTS
    if name == evidence.task.code_file:
        return "hooks"
    return "metadata" if name.startswith("model-metadata") else "files"


def _judge_findings(findings: Iterable[Finding]) -> Outcome | None:
    """Return one outcome for all findings, errors first; None where there are none."""
    ordered = sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR)
    if not ordered:
        return None
    is_error = ordered[0].severity is Severity.ERROR
    shown = [finding for finding in ordered if finding.severity is Severity.ERROR] if is_error else ordered
    message = " ".join(_sentence(finding) for finding in shown)
    remedies = list(dict.fromkeys(finding.remedy for finding in shown if finding.remedy))
    return (failed if is_error else warning)(
        message,
        " ".join(remedies),
        findings=[_finding_details(finding) for finding in ordered],
    )


def _sentence(finding: Finding) -> str:
    text = f"{finding.place}: {finding.message}" if finding.place else finding.message
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _finding_details(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "severity": finding.severity.value,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _refused_text(refused: Sequence[RefusedLine]) -> str:
    shown = [f"line {line.line_number} `{excerpt(line.line, 80)}` ({line.reason.rstrip('.')})" for line in refused]
    return listed(shown)
