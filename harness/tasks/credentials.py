"""The `userCredentialSpecifications` of model-metadata.yaml: which secrets the task asks for."""

from __future__ import annotations

import re

from harness.tasks.yaml_nodes import (
    Node,
    Scalar,
    Violations,
    expect_items,
    expect_mapping,
    expect_text,
    required,
)

_KEYS = ("key", "valueFrom", "reminder")
# The key becomes a part of an environment variable's name.
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PLATFORM_ID = re.compile(r"[0-9a-f]{24}")


def read_credential_keys(node: Node, violations: Violations) -> tuple[str, ...]:
    """Return the keys under which the task finds its secrets, in the order of the file."""
    first_lines: dict[str, int] = {}
    for item in expect_items(node, "userCredentialSpecifications", violations):
        specification = expect_mapping(item, "A credential specification", _KEYS, violations)
        if specification is None:
            continue
        key_node = required(specification, "key", "This credential specification", violations)
        key = expect_text(key_node, "The key of a credential", violations) if key_node else None
        if key and not _VARIABLE_NAME.fullmatch(key.text):
            problem = f'"{key.text}" cannot be the name of an environment variable.'
            violations.error(key, problem, "Use letters, digits and underscores, and no digit at the start.")
        elif key and key.text in first_lines:
            problem = f'The credential "{key.text}" stands here a second time, after line {first_lines[key.text]}.'
            violations.error(key, problem, "Rename or delete one of the two.")
        elif key:
            first_lines[key.text] = key.line
        source_node = required(specification, "valueFrom", "This credential specification", violations)
        source = expect_text(source_node, '"valueFrom"', violations) if source_node else None
        if source:
            judge_platform_id(source, '"valueFrom"', "the credential's page on the platform", violations)
        reminder = specification.get("reminder")
        if reminder:
            expect_text(reminder, "The reminder of a credential", violations)
    return tuple(first_lines)


def judge_platform_id(text: Scalar, what: str, source: str, violations: Violations) -> None:
    """Warn where a value that should be one of the platform's ids does not look like one."""
    if not PLATFORM_ID.fullmatch(text.text):
        problem = f'{what} is "{text.text}", but the platform\'s ids have 24 hexadecimal digits in lower case.'
        violations.warning(text, problem, f"Copy the id from {source}.")
