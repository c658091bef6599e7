"""model-metadata.yaml: what the task says of itself.

Source of the rules: the platform's public text on model metadata, and its runner as observed.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from harness.findings import Finding, Severity
from harness.records import TargetType
from harness.tasks.credentials import judge_platform_id, read_credential_keys
from harness.tasks.hyperparameters import read_hyperparameters
from harness.tasks.model import Metadata
from harness.tasks.nearest import listed, nearest
from harness.tasks.type_schema import default_type_schema, read_type_schema
from harness.tasks.yaml_nodes import (
    Mapping,
    Node,
    Violations,
    expect_items,
    expect_mapping,
    expect_text,
    kind,
    read_yaml,
    report_unknown_keys,
    required,
)

FILE_NAME = "model-metadata.yaml"

_KNOWN_KEYS = (
    "name",
    "type",
    "targetType",
    "environmentID",
    "description",
    "modelID",
    "majorVersion",
    "validation",
    "trainingModel",
    "inferenceModel",
    "hyperparameters",
    "typeSchema",
    "userCredentialSpecifications",
    "runtimeParameterDefinitions",
)
_SECTIONS = {
    "validation": ("input", "targetName"),
    "trainingModel": ("trainOnProject",),
    "inferenceModel": (
        "targetName",
        "positiveClassLabel",
        "negativeClassLabel",
        "classLabels",
        "classLabelsFile",
        "predictionThreshold",
    ),
}
_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "y", "n", "1", "0")
# Target types of the platform that only inference models have.
_INFERENCE_TARGET_TYPES = ("unstructured", "textgeneration", "geopoint", "vectordatabase", "agenticworkflow")


def read_metadata(file: Path) -> Metadata:
    """Return what model-metadata.yaml says, with a finding for each violation; empty where there is no such file."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Metadata()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        finding = Finding(f"The file cannot be read: {reason}.", "Make it a readable file.", FILE_NAME)
        return Metadata(file=file, findings=(finding,))
    return _with_existing_input(parse_metadata(content, file), file.parent)


def _with_existing_input(metadata: Metadata, folder: Path) -> Metadata:
    """Warn where the sample data that the metadata names is not there, and pass it over."""
    named = metadata.validation_input
    # os.path answers for paths that cannot be at all, too long ones say, where pathlib raises.
    if named is None or os.path.isfile(folder / named):  # noqa: PTH113
        return metadata
    problem = f'"input" of validation is "{named}", but there is no such file, so that it is not used.'
    remedy = "Correct the path, which is relative to the task folder, or delete the key."
    finding = Finding(problem, remedy, FILE_NAME, metadata.validation_line, severity=Severity.WARNING)
    findings = sorted((*metadata.findings, finding), key=lambda each: each.line or 0)
    return dataclasses.replace(metadata, validation_input=None, findings=tuple(findings))


def parse_metadata(content: bytes, file: Path) -> Metadata:
    """Return what the content of a model-metadata.yaml says; never raises, whatever the content."""
    violations = Violations(FILE_NAME)
    root = read_yaml(content, violations)
    if root is not None and not isinstance(root, Mapping):
        problem = f"The file must hold `key: value` lines, but it is {kind(root)}."
        violations.error(root, problem, "Write at least name, type and targetType.")
    if not isinstance(root, Mapping):
        return Metadata(file=file, findings=violations.in_order())
    metadata = _read_root(root, violations)
    return dataclasses.replace(metadata, file=file, findings=violations.in_order())


def _read_root(root: Mapping, violations: Violations) -> Metadata:
    report_unknown_keys(root, FILE_NAME, _KNOWN_KEYS, violations)
    target_type = _read_target_type(root, violations)
    hyperparameters = root.get("hyperparameters")
    type_schema = root.get("typeSchema")
    credentials = root.get("userCredentialSpecifications")
    default_schema = default_type_schema() if target_type is TargetType.TRANSFORM else None
    validation = _read_section(root, "validation", violations)
    validation_input = validation.get("input") if validation else None
    _judge_remaining(root, violations)
    return Metadata(
        name=_text(required(root, "name", FILE_NAME, violations), '"name"', violations),
        type=_read_type(root, violations),
        target_type=target_type,
        environment_id=_read_environment_id(root, violations),
        description=_optional_text(root.get("description"), '"description"', violations),
        validation_input=_text(validation_input, '"input" of validation', violations),
        validation_line=validation_input.line if validation_input else None,
        validation_target=(
            _text(validation.get("targetName"), '"targetName" of validation', violations) if validation else None
        ),
        hyperparameters=read_hyperparameters(hyperparameters, violations) if hyperparameters else (),
        type_schema=read_type_schema(type_schema, violations) if type_schema else default_schema,
        credential_keys=read_credential_keys(credentials, violations) if credentials else (),
    )


def _text(node: Node | None, what: str, violations: Violations) -> str | None:
    text = expect_text(node, what, violations) if node else None
    return text.text if text else None


def _optional_text(node: Node | None, what: str, violations: Violations) -> str | None:
    """Return a text that may be empty."""
    if node is None or kind(node) == "empty":
        return None
    return _text(node, what, violations)


def _read_environment_id(root: Mapping, violations: Violations) -> str | None:
    node = root.get("environmentID")
    text = expect_text(node, '"environmentID"', violations) if node else None
    if text:
        judge_platform_id(text, '"environmentID"', "the environment's page on the platform", violations)
    return text.text if text else None


def _read_type(root: Mapping, violations: Violations) -> str | None:
    node = required(root, "type", FILE_NAME, violations)
    text = expect_text(node, '"type"', violations) if node else None
    if text and text.text != "training":
        means = " (an inference model, not a task)" if text.text == "inference" else ""
        problem = f'"type" is "{text.text}"{means}, but a custom task is of type training.'
        violations.error(text, problem, 'Write "type: training".')
    return text.text if text else None


def _read_target_type(root: Mapping, violations: Violations) -> TargetType | None:
    node = required(root, "targetType", FILE_NAME, violations)
    text = expect_text(node, '"targetType"', violations) if node else None
    if text is None:
        return None
    supported = tuple(TargetType)
    if text.text in supported:
        return TargetType(text.text)
    meant = nearest(text.text, supported)
    remedy = f'Write "targetType: {meant}".' if meant else f"Write {listed(supported)}."
    if text.text.lower() in _INFERENCE_TARGET_TYPES:
        problem = f'"{text.text}" is a target type of inference models only; custom tasks have {listed(supported)}.'
        remedy = f"Write {listed(supported)}."
    else:
        problem = f'"{text.text}" is no target type; these are {listed(supported)}.'
    violations.error(text, problem, remedy)
    return None


def _read_section(root: Mapping, name: str, violations: Violations) -> Mapping | None:
    node = root.get(name)
    return expect_mapping(node, name, _SECTIONS[name], violations) if node else None


def _judge_remaining(root: Mapping, violations: Violations) -> None:
    """Judge the keys that matter to the platform's upload and to no run."""
    model_id = root.get("modelID")
    text = expect_text(model_id, '"modelID"', violations) if model_id else None
    if text:
        judge_platform_id(text, '"modelID"', "the task's address on the platform", violations)
    major = root.get("majorVersion")
    text = expect_text(major, '"majorVersion"', violations) if major else None
    if text and text.text.lower() not in _BOOLEANS:
        problem = f'"majorVersion" must be true or false, but is "{text.text}".'
        violations.error(text, problem, 'Write "majorVersion: true" or "majorVersion: false".')
    for name in ("trainingModel", "inferenceModel"):
        section = _read_section(root, name, violations)
        for entry in section.entries if section else ():
            what = f'"{entry.key.text}" of {name}'
            if entry.key.text == "classLabels":
                expect_items(entry.value, what, violations)
            elif entry.key.text in _SECTIONS[name]:
                expect_text(entry.value, what, violations)


def find_misnamed_metadata(folder: Path) -> tuple[Finding, ...]:
    """Warn of files that look like the metadata but have another name, and are therefore not read."""
    misnamed = sorted(
        path.name
        for path in folder.iterdir()
        if path.name != FILE_NAME and path.name.lower().replace("_", "-") in (FILE_NAME, "model-metadata.yml")
    )
    problem = f"This file is not read: the platform reads {FILE_NAME} only."
    return tuple(Finding(problem, f"Rename it to {FILE_NAME}.", name, severity=Severity.WARNING) for name in misnamed)
