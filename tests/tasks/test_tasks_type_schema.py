from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from harness.findings import Finding, Severity
from harness.tasks import DataType, SchemaRequirement, TypeSchema, default_type_schema, parse_metadata

HEAD = "name: x\ntype: training\ntargetType: transform\ntypeSchema:\n"


def findings_of(text: str) -> tuple[Finding, ...]:
    return parse_metadata((HEAD + text).encode(), Path("model-metadata.yaml")).findings


def requirement(field: str, condition: str, value: str, side: str = "input") -> str:
    """Write a schema of one requirement; its field stands in line 6, its condition in 7, its value in 8."""
    return (
        f"  {side}_requirements:\n    - field: {field}\n      condition: {condition}\n"
        f"      value:{value if value.startswith(chr(10)) else ' ' + value}\n"
    )


def test_a_whole_schema_is_read() -> None:
    text = """
        input_requirements:
          - field: data_types
            condition: NOT_IN
            value:
              - TXT
              - IMG
          - field: number_of_columns
            condition: NOT_LESS_THAN
            value: 3
          - field: number_of_columns
            condition: LESS_THAN
            value:
              - 15
        output_requirements:
          - field: sparse
            condition: EQUALS
            value: IDENTITY
          - field: contains_missing
            condition: EQUALS
            value: DYNAMIC
    """
    metadata = parse_metadata((HEAD + indent(dedent(text).lstrip("\n"), "  ")).encode(), Path("model-metadata.yaml"))
    assert metadata.findings == ()
    assert metadata.type_schema == TypeSchema(
        input_requirements=(
            SchemaRequirement("data_types", "NOT_IN", ("TXT", "IMG"), 6),
            SchemaRequirement("number_of_columns", "NOT_LESS_THAN", (3,), 11),
            SchemaRequirement("number_of_columns", "LESS_THAN", (15,), 14),
        ),
        output_requirements=(
            SchemaRequirement("sparse", "EQUALS", ("IDENTITY",), 19),
            SchemaRequirement("contains_missing", "EQUALS", ("DYNAMIC",), 22),
        ),
        declared=True,
    )


@pytest.mark.parametrize(
    "condition",
    [
        "EQUALS",
        "NOT_EQUALS",
        "IN",
        "NOT_IN",
        "GREATER_THAN",
        "LESS_THAN",
        "NOT_GREATER_THAN",
        "NOT_LESS_THAN",
    ],
)
def test_number_of_columns_has_eight_conditions(condition: str) -> None:
    assert findings_of(requirement("number_of_columns", condition, "3")) == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "remedy"),
    [
        pytest.param("  - input_requirements:\n", 5, 3, "must be a mapping", "input_requirements", id="schema-list"),
        pytest.param("  input_requirements:\n    field: sparse\n", 6, 5, "must be a list", "dash", id="no-list"),
        pytest.param("  input_requirements:\n    - sparse\n", 6, 7, "must be a mapping", "field", id="no-mapping"),
        pytest.param(
            "  input_requirements:\n    - condition: EQUALS\n      value: NUM\n",
            6,
            7,
            'no "field"',
            "field",
            id="field",
        ),
        pytest.param(requirement("data_type", "IN", "NUM"), 6, 14, '"data_type"', '"data_types"', id="field-name"),
        pytest.param(requirement("data_types", "INN", "NUM"), 7, 18, '"INN"', '"IN"', id="condition-name"),
        pytest.param(requirement("data_types", "LESS_THAN", "NUM"), 7, 18, '"LESS_THAN"', "EQUALS", id="condition"),
        pytest.param(requirement("sparse", "IN", "FORBIDDEN"), 7, 18, '"IN"', "Write EQUALS.", id="sparse-in"),
        pytest.param(requirement("data_types", "IN", "NUMS"), 8, 14, '"NUMS" is no value', 'Write "NUM".', id="type"),
        pytest.param(requirement("data_types", "IN", "num"), 8, 14, '"num" is no value', 'Write "NUM".', id="lower"),
        pytest.param(
            requirement("sparse", "EQUALS", "ALWAYS"), 8, 14, '"ALWAYS"', "belongs to output_requirements", id="output"
        ),
        pytest.param(
            requirement("contains_missing", "EQUALS", "SUPPORTED", "output"), 8, 14, '"SUPPORTED"', "input", id="input"
        ),
        pytest.param(
            requirement("data_types", "EQUALS", "\n        - NUM\n        - CAT"),
            10,
            11,
            "EQUALS takes one value, but 2",
            "write IN",
            id="two-for-equals",
        ),
        pytest.param(
            requirement("number_of_columns", "LESS_THAN", "\n        - 1\n        - 2"),
            10,
            11,
            "LESS_THAN takes one value, but 2",
            "Keep one value.",
            id="two-for-less-than",
        ),
        pytest.param(
            requirement("number_of_columns", "IN", "\n        - 1\n        - two"),
            10,
            11,
            "whole number",
            "",
            id="word",
        ),
        pytest.param(requirement("number_of_columns", "EQUALS", "2.0"), 8, 14, "whole number", "", id="float"),
        pytest.param(requirement("number_of_columns", "EQUALS", "-1"), 8, 14, "whole number", "", id="negative"),
        pytest.param(requirement("sparse", "EQUALS", "\n"), 8, 13, "is empty", "", id="no-value"),
    ],
)
def test_each_violation_is_named_with_its_place(text: str, line: int, column: int, message: str, remedy: str) -> None:
    [finding] = findings_of(text)
    assert finding.severity is Severity.ERROR
    assert (finding.line, finding.column) == (line, column)
    assert message in finding.message
    assert remedy in finding.remedy


def test_warnings_for_what_only_the_documentation_forbids() -> None:
    [zero] = findings_of(requirement("number_of_columns", "EQUALS", "0"))
    assert (zero.severity, zero.line) == (Severity.WARNING, 8)
    assert findings_of(requirement("number_of_columns", "GREATER_THAN", "0")) == ()
    twice = requirement("data_types", "IN", "NUM") + "    - field: data_types\n      condition: IN\n      value: CAT\n"
    [second] = findings_of(twice)
    assert (second.severity, second.line) == (Severity.WARNING, 9)
    assert "line 6" in second.message


def test_the_default_schema() -> None:
    assert default_type_schema() == TypeSchema(
        input_requirements=(
            SchemaRequirement(
                "data_types",
                "IN",
                (DataType.NUM, DataType.CAT, DataType.TXT, DataType.DATE, DataType.DATE_DURATION),
            ),
            SchemaRequirement("sparse", "EQUALS", ("FORBIDDEN",)),
            SchemaRequirement("contains_missing", "EQUALS", ("FORBIDDEN",)),
        ),
        output_requirements=(SchemaRequirement("data_types", "EQUALS", (DataType.NUM,)),),
        declared=False,
    )
