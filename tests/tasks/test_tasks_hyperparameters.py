from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from harness.findings import Finding, Severity
from harness.tasks import Metadata, parse_metadata

HEAD = "name: x\ntype: training\ntargetType: binary\nhyperparameters:\n"


def read(text: str) -> Metadata:
    """Read hyperparameters; their first line is line 5 of the file."""
    return parse_metadata((HEAD + indent(dedent(text).lstrip("\n"), "  ")).encode(), Path("model-metadata.yaml"))


def test_every_type_is_read_with_its_own_python_types() -> None:
    metadata = read("""
        - name: seed
          type: int
          min: 0
          max: 1_000
          default: 64
        - name: alpha
          type: float
          min: -1
          max: 1e3
          default: 0
        - name: fill
          type: string
          default: "any text 🚀"
        - name: strategy
          type: select
          values:
            - uniform
            - 10
          default: 10
        - name: missing
          type: multi
          values:
            float:
              min: 0.0
              max: 1.0
            int:
              min: 5
              max: 9
            select:
              values:
                - median
          default: 7
    """)
    assert metadata.findings == ()
    seed, alpha, fill, strategy, missing = metadata.hyperparameters
    assert (seed.minimum, seed.maximum, seed.default) == (0, 1000, 64)
    assert isinstance(seed.default, int)
    assert (alpha.minimum, alpha.maximum, alpha.default) == (-1.0, 1000.0, 0.0)
    assert isinstance(alpha.default, float)
    assert fill.default == "any text 🚀"
    assert (strategy.values, strategy.default) == (("uniform", "10"), "10")
    assert [component.type for component in missing.components] == ["float", "int", "select"]
    assert missing.default == 7
    assert isinstance(missing.default, int)
    assert [parameter.line for parameter in metadata.hyperparameters] == [5, 10, 15, 18, 24]


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        pytest.param("0.5", 0.5, id="number"),
        pytest.param("1", 1, id="whole-number-wins"),
        pytest.param("auto", "auto", id="choice"),
        pytest.param("100", "100", id="choice-that-is-out-of-bounds"),
    ],
)
def test_the_default_of_a_multi_has_the_type_of_the_part_that_takes_it(default: str, expected: object) -> None:
    text = f"""
        - name: depth
          type: multi
          values:
            int:
              min: 1
              max: 9
            float:
              min: 0
              max: 2
            select:
              values:
                - auto
                - 100
          default: {default}
    """
    [parameter] = read(text).hyperparameters
    assert parameter.default == expected
    assert type(parameter.default) is type(expected)


def one(text: str) -> Finding:
    metadata = read(text)
    [finding] = metadata.findings
    if finding.severity is Severity.ERROR:
        assert metadata.hyperparameters == ()
    return finding


INT = "- name: a\n  type: int\n  min: 0\n  max: 5\n"
SELECT = "- name: a\n  type: select\n"
MULTI = "- name: a\n  type: multi\n  values:\n    int:\n      min: 0\n      max: 5\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "fragment"),
    [
        pytest.param("- type: string\n", 5, 5, 'no "name"', id="no-name"),
        pytest.param("- name: a\n", 5, 5, 'no "type"', id="no-type"),
        pytest.param("- a\n", 5, 5, "must be a mapping", id="text"),
        pytest.param("- name: a\n  type: integer\n", 6, 11, '"integer" is no type', id="unknown-type"),
        pytest.param("- name: a2\n  type: string\n", 5, 11, "only letters and underscores", id="digit-in-name"),
        pytest.param("- name: _a\n  type: string\n", 5, 11, "start or end", id="underscore-first"),
        pytest.param("- name: a_\n  type: string\n", 5, 11, "start or end", id="underscore-last"),
        pytest.param("- name: a b\n  type: string\n", 5, 11, "only letters", id="blank-in-name"),
        pytest.param("- name: größe\n  type: string\n", 5, 11, "only letters", id="umlaut"),
        pytest.param(f"- name: {'a' * 65}\n  type: string\n", 5, 11, "65 characters; 64", id="long-name"),
        pytest.param("- name: a\n  type: int\n  max: 5\n", 5, 5, 'no "min"', id="no-min"),
        pytest.param("- name: a\n  type: float\n  min: 5\n", 5, 5, 'no "max"', id="no-max"),
        pytest.param("- name: a\n  type: int\n  min: 0.5\n  max: 5\n", 7, 10, "a whole number", id="min-not-whole"),
        pytest.param("- name: a\n  type: float\n  min: x\n  max: 5\n", 7, 10, "a finite number", id="min-text"),
        pytest.param("- name: a\n  type: float\n  min: 0\n  max: inf\n", 8, 10, "a finite number", id="infinite"),
        pytest.param("- name: a\n  type: float\n  min: 0\n  max: 1e999\n", 8, 10, "a finite number", id="overflow"),
        pytest.param("- name: a\n  type: int\n  min: 5\n  max: 5\n", 8, 10, "not above", id="max-equals-min"),
        pytest.param("- name: a\n  type: int\n  min: 5\n  max: 4\n", 8, 10, 'max" of "a" is 4', id="max-below-min"),
        pytest.param(INT + "  default: 6\n", 9, 14, "6, which is not a whole number from 0 to 5", id="default-above"),
        pytest.param(INT + "  default: x\n", 9, 14, '"x", which is not a whole number', id="default-text"),
        pytest.param(INT + "  default: 1.0\n", 9, 14, '"1.0", which is not a whole number', id="default-float"),
        pytest.param(INT + "  default:\n", 9, 13, "is empty", id="default-empty"),
        pytest.param(
            f"- name: a\n  type: string\n  default: {'b' * 1025}\n", 7, 14, "1025 characters; 1024", id="long-default"
        ),
        pytest.param(SELECT, 5, 5, 'no "values"', id="no-values"),
        pytest.param(SELECT + "  values: a\n", 7, 13, "must be a list", id="values-text"),
        pytest.param(SELECT + "  values:\n", 7, 12, "must be a list", id="values-empty"),
        pytest.param(
            SELECT + "  values:\n" + "".join(f"    - v{n}\n" for n in range(25)), 32, 9, "25 values; 24", id="25-values"
        ),
        pytest.param(SELECT + f"  values:\n    - {'b' * 1025}\n", 8, 9, "1025 characters", id="long-value"),
        pytest.param(SELECT + "  values:\n    - b\n    - c\n  default: d\n", 10, 14, 'one of "b", "c"', id="no-choice"),
        pytest.param(MULTI + "  default: 6\n", 11, 14, "whole number from 0 to 5", id="multi-default"),
        pytest.param("- name: a\n  type: multi\n  values:\n    - int\n", 8, 7, "must be a mapping", id="multi-list"),
        pytest.param("- name: a\n  type: multi\n  values:\n    int: 5\n", 8, 12, "must be a mapping", id="part-text"),
        pytest.param(INT + INT, 9, 11, "second time, after line 5", id="twice"),
    ],
)
def test_each_violation_is_named_with_its_place(text: str, line: int, column: int, fragment: str) -> None:
    findings = [finding for finding in read(text).findings if finding.severity is Severity.ERROR]
    assert [(finding.line, finding.column) for finding in findings] == [(line, column)]
    assert fragment in findings[0].message
    assert findings[0].remedy


def test_a_parameter_with_an_error_is_left_out_and_the_others_stay() -> None:
    metadata = read("- name: a\n  type: int\n- name: b\n  type: string\n")
    assert [parameter.name for parameter in metadata.hyperparameters] == ["b"]
    assert [finding.line for finding in metadata.findings] == [5, 5]


def test_a_text_part_of_a_multi_is_refused() -> None:
    finding = one("- name: a\n  type: multi\n  values:\n    string:\n      default: b\n")
    assert (finding.line, finding.column) == (8, 7)
    assert "cannot be of type string" in finding.message


@pytest.mark.parametrize(
    ("text", "line", "fragment"),
    [
        pytest.param("- name: a\n  type: string\n  min: 1\n", 7, '"min" is no key', id="bounds-of-a-text"),
        pytest.param(SELECT + "  values:\n    - b\n    - b\n", 9, "second time", id="choice-twice"),
    ],
)
def test_warnings_leave_the_parameter_in_place(text: str, line: int, fragment: str) -> None:
    metadata = read(text)
    [finding] = metadata.findings
    assert (finding.severity, finding.line) == (Severity.WARNING, line)
    assert fragment in finding.message
    assert len(metadata.hyperparameters) == 1


def test_a_misspelt_key_is_suggested() -> None:
    assert one("- name: a\n  typ: float\n").remedy == 'Rename "typ" to "type".'


def test_a_default_is_not_judged_by_bounds_that_are_wrong_themselves() -> None:
    finding = one("- name: a\n  type: int\n  min: 5\n  max: 4\n  default: 9\n")
    assert "not above" in finding.message


def test_a_misspelt_type_is_suggested() -> None:
    assert one("- name: a\n  type: Float\n").remedy == 'Write "type: float".'
