from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.findings import Finding, Severity
from harness.records import TargetType
from harness.tasks import Metadata, parse_metadata, read_metadata
from harness.tasks.metadata import find_misnamed_metadata

FILE = Path("task/model-metadata.yaml")
HEAD = "name: x\ntype: training\ntargetType: binary\n"


def findings_of(text: str) -> tuple[Finding, ...]:
    return parse_metadata(text.encode(), FILE).findings


def only_finding(text: str) -> Finding:
    [finding] = findings_of(text)
    return finding


def test_a_whole_file_is_read() -> None:
    text = """\
# A comment.
name: "My task"
type: training
targetType: regression
environmentID: 5e8c889607389fe0f466c72d
description: |
  Two
  lines
modelID: 5e8c889607389fe0f466c72e
majorVersion: false
trainingModel:
  trainOnProject: 5e8c889607389fe0f466c72f
validation:
  input: ../data.csv
  targetName: Grade 2014
inferenceModel:
  targetName: y
  classLabels:
    - a
    - b
hyperparameters:
  - name: alpha
    type: float
    min: 0
    max: 1
typeSchema:
  input_requirements:
    - field: sparse
      condition: EQUALS
      value: SUPPORTED
userCredentialSpecifications:
  - key: FIRST
    valueFrom: 655270e368a555f026e2512d
    reminder: the one for the shop
  - key: second_one
    valueFrom: 655270e368a555f026e2512e
"""
    metadata = parse_metadata(text.encode(), FILE)
    assert metadata.findings == ()
    assert metadata.file == FILE
    assert metadata.name == "My task"
    assert metadata.type == "training"
    assert metadata.target_type is TargetType.REGRESSION
    assert metadata.environment_id == "5e8c889607389fe0f466c72d"
    assert metadata.description == "Two\nlines\n"
    assert metadata.validation_input == "../data.csv"
    assert metadata.validation_target == "Grade 2014"
    assert metadata.credential_keys == ("FIRST", "second_one")
    assert [parameter.name for parameter in metadata.hyperparameters] == ["alpha"]
    assert metadata.type_schema is not None
    assert metadata.type_schema.declared


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem() -> None:
    metadata = parse_metadata(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode(), FILE)
    assert metadata.findings == ()
    assert metadata.name == "x"


def test_values_are_texts_as_written() -> None:
    metadata = parse_metadata(b"name: 007\ntype: training\ntargetType: binary\ndescription: yes\n", FILE)
    assert (metadata.name, metadata.description, metadata.findings) == ("007", "yes", ())


@pytest.mark.parametrize(
    ("text", "line", "column", "fragment"),
    [
        pytest.param("", 1, 1, "is empty", id="empty"),
        pytest.param("# only a comment\n", 1, 1, "is empty", id="comment-only"),
        pytest.param("- a\n- b\n", 1, 1, "it is a list", id="list"),
        pytest.param("hello\n", 1, 1, 'the text "hello"', id="text"),
        pytest.param("name: x\n\ttype: training\n", 2, 1, "tab", id="tab-in-indentation"),
        pytest.param("name:\tx\n", 1, 6, "tab", id="tab-after-colon"),
        pytest.param("name: a: b\n", 1, 8, "colon", id="second-colon"),
        pytest.param("name: x\ntype\ntargetType: binary\n", 3, 1, "key: value", id="no-colon"),
        pytest.param("name: 'x\ntype: training\n", 1, 7, "no closing quote", id="open-quote"),
        pytest.param("name: @x\n", 1, 7, "may not start with this character", id="at-sign"),
        pytest.param('name: "\\q"\n', 1, 9, "backslash", id="unknown-escape"),
        pytest.param("a:\n  b: 1\n c: 2\n", 3, 2, "indentation", id="dedent-to-nowhere"),
        pytest.param("name: x\n---\nname: y\n", 2, 1, "second document", id="two-documents"),
        pytest.param("a: &x b\n", 1, 4, "anchor", id="anchor"),
        pytest.param("name: x\u0007\n", 1, 8, "U+0007", id="control-character"),
    ],
)
def test_what_is_no_strict_yaml_is_one_finding(text: str, line: int, column: int, fragment: str) -> None:
    finding = only_finding(text)
    assert (finding.line, finding.column) == (line, column)
    assert fragment in finding.message
    assert finding.remedy
    assert finding.file == "model-metadata.yaml"
    assert finding.severity is Severity.ERROR


def test_bytes_that_are_not_utf8_are_named_with_their_place() -> None:
    [finding] = parse_metadata("name: x\ndescription: Müll\n".encode("latin-1"), FILE).findings
    assert (finding.line, finding.column) == (2, 15)
    assert "0xfc" in finding.message


def test_deep_nesting_is_a_finding() -> None:
    assert "nested too deeply" in only_finding("- " * 5000 + "x").message


@pytest.mark.parametrize(
    ("text", "line", "column", "fragment"),
    [
        pytest.param("type: training\ntargetType: binary\n", 1, 1, 'no "name"', id="no-name"),
        pytest.param("name: x\ntargetType: binary\n", 1, 1, 'no "type"', id="no-type"),
        pytest.param("name: x\ntype: training\n", 1, 1, 'no "targetType"', id="no-target-type"),
        pytest.param("name:\ntype: training\ntargetType: binary\n", 1, 6, '"name" is empty', id="empty-name"),
        pytest.param("name:\n  - a\ntype: training\ntargetType: binary\n", 2, 3, "one value", id="list-name"),
        pytest.param("name: x\ntype: inference\ntargetType: binary\n", 2, 7, "inference model", id="inference"),
        pytest.param("name: x\ntype: Training\ntargetType: binary\n", 2, 7, "type training", id="type-case"),
        pytest.param("name: x\ntype: training\ntargetType: unstructured\n", 3, 13, "inference models only", id="u"),
        pytest.param("name: x\ntype: training\ntargetType: textgeneration\n", 3, 13, "inference models", id="text"),
        pytest.param("name: x\ntype: training\ntargetType: Binary\n", 3, 13, "no target type", id="target-case"),
        pytest.param(HEAD + "name: y\n", 4, 1, "second time, after line 1", id="duplicate-key"),
        pytest.param(HEAD + "description: [a, b]\n", 4, 14, "square brackets", id="flow-list"),
        pytest.param(HEAD + "validation: {input: a}\n", 4, 13, "curly braces", id="flow-mapping"),
        pytest.param(HEAD + "description: !!str a\n", 4, 14, "tag", id="tag"),
        pytest.param(HEAD + "description: *a\n", 4, 14, "alias", id="alias"),
        pytest.param(HEAD + "? - a\n: b\n", 4, 3, "cannot be a key", id="list-as-key"),
        pytest.param(HEAD + "majorVersion: maybe\n", 4, 15, "true or false", id="major-version"),
        pytest.param(HEAD + "validation: x.csv\n", 4, 13, "must be a mapping", id="validation-text"),
        pytest.param(HEAD + "validation:\n  input:\n", 5, 9, "is empty", id="validation-input-empty"),
        pytest.param(HEAD + "hyperparameters:\n", 4, 17, "must be a list", id="hyperparameters-empty"),
        pytest.param(HEAD + "userCredentialSpecifications:\n  - key: A\n", 5, 5, 'no "valueFrom"', id="no-source"),
        pytest.param(
            HEAD + "validation:\n  input: a\ntrainingModel:\n    trainOnProject: b\n",
            7,
            5,
            "indented by 4 spaces and line 5 by 2",
            id="uneven-sections",
        ),
    ],
)
def test_errors_name_line_and_column(text: str, line: int, column: int, fragment: str) -> None:
    findings = [finding for finding in findings_of(text) if finding.severity is Severity.ERROR]
    assert [(finding.line, finding.column) for finding in findings if fragment in finding.message] == [(line, column)]
    assert all(finding.remedy for finding in findings)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "remedy"),
    [
        pytest.param(HEAD + "hyperparameter: x\n", 4, 1, "refuses unknown keys", '"hyperparameters"', id="near"),
        pytest.param(HEAD + "environmentId: x\n", 4, 1, "no key", 'Rename it to "environmentID".', id="case"),
        pytest.param(HEAD + "colour: red\n", 4, 1, '"colour" is no key', "Delete it", id="far"),
        pytest.param(HEAD + "environmentID: mine\n", 4, 16, "24 hexadecimal digits", "Copy the id", id="environment"),
        pytest.param(
            HEAD + "validation:\n  input: a\n  target: b\n", 6, 3, "no key of validation", '"targetName"', id="nested"
        ),
    ],
)
def test_warnings(text: str, line: int, column: int, message: str, remedy: str) -> None:
    finding = only_finding(text)
    assert finding.severity is Severity.WARNING
    assert (finding.line, finding.column) == (line, column)
    assert message in finding.message
    assert remedy in finding.remedy


def test_all_problems_are_shown_in_the_order_of_the_file() -> None:
    text = "type: inference\ntargetType: other\ncolour: red\n"
    assert [finding.line for finding in findings_of(text)] == [1, 1, 2, 3]


def test_the_key_before_a_flow_collection_is_still_judged() -> None:
    findings = findings_of(HEAD + "colours: [a]\n")
    assert [finding.severity for finding in findings] == [Severity.WARNING, Severity.ERROR]


@pytest.mark.parametrize(
    ("text", "line", "fragment"),
    [
        pytest.param("  - key: 1ST\n    valueFrom: 655270e368a555f026e2512d\n", 5, "environment variable", id="name"),
        pytest.param("  - valueFrom: 655270e368a555f026e2512d\n", 5, 'no "key"', id="no-key"),
        pytest.param("  - key: A\n    valueFrom: secret\n", 6, "24 hexadecimal digits", id="source"),
        pytest.param("  - just text\n", 5, "must be a mapping", id="text"),
        pytest.param(
            "  - key: A\n    valueFrom: 655270e368a555f026e2512d\n"
            "  - key: A\n    valueFrom: 655270e368a555f026e2512d\n",
            7,
            "second time, after line 5",
            id="twice",
        ),
    ],
)
def test_credentials(text: str, line: int, fragment: str) -> None:
    finding = only_finding(HEAD + "userCredentialSpecifications:\n" + text)
    assert finding.line == line
    assert fragment in finding.message


def test_a_transform_without_schema_gets_the_platform_default() -> None:
    schema = parse_metadata(b"name: x\ntype: training\ntargetType: transform\n", FILE).type_schema
    assert schema is not None
    assert not schema.declared
    assert parse_metadata(HEAD.encode(), FILE).type_schema is None


def test_a_missing_file_is_empty_metadata(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "model-metadata.yaml") == Metadata()


def test_a_folder_in_place_of_the_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "model-metadata.yaml").mkdir()
    [finding] = read_metadata(tmp_path / "model-metadata.yaml").findings
    assert "cannot be read" in finding.message


@pytest.mark.parametrize("named", ["data/gone.csv", "data", "x" * 5_000])
def test_sample_data_that_is_not_there_is_a_warning(tmp_path: Path, named: str) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "model-metadata.yaml"
    file.write_text(HEAD + f"validation:\n  input: {named}\n")

    metadata = read_metadata(file)

    [finding] = metadata.findings
    assert (finding.file, finding.line, finding.severity) == ("model-metadata.yaml", 5, Severity.WARNING)
    assert "no such file" in finding.message
    assert metadata.validation_input is None


def test_sample_data_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("a\n1\n")
    file = tmp_path / "model-metadata.yaml"
    file.write_text(HEAD + "validation:\n  input: own.csv\n")

    metadata = read_metadata(file)

    assert (metadata.validation_input, metadata.findings) == ("own.csv", ())


@pytest.mark.parametrize("name", ["model-metadata.yml", "model_metadata.yaml", "Model-Metadata.yaml"])
def test_a_file_with_nearly_the_right_name_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HEAD)
    [finding] = find_misnamed_metadata(tmp_path)
    assert (finding.file, finding.severity) == (name, Severity.WARNING)
    assert "not read" in finding.message
    assert "model-metadata.yaml" in finding.remedy


@given(st.binary() | st.text().map(str.encode))
def test_any_content_gives_findings_and_never_raises(content: bytes) -> None:
    assert isinstance(parse_metadata(content, FILE), Metadata)


_TEXT = """\
name: x
type: training
targetType: transform
hyperparameters:
typeSchema:
  input_requirements:
  - name: a
    type: multi
    values:
      int:
        min: 1
        max: 2
      select:
        values:
          - b
    default: b
    - field: data_types
      condition: IN
      value: NUM
userCredentialSpecifications:
  - key: K
    valueFrom: v
&a *a
? [x
- - -
{}
|
---"""
_LINES = st.sampled_from(_TEXT.splitlines())


@given(st.lists(_LINES))
def test_any_order_of_plausible_lines_never_raises(lines: list[str]) -> None:
    metadata = parse_metadata("\n".join(lines).encode(), FILE)
    assert all(finding.message and finding.remedy for finding in metadata.findings)
