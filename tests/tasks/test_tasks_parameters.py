from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.tasks import Metadata, default_parameters, parse_metadata, read_parameters

METADATA = parse_metadata(
    b"""\
name: x
type: training
targetType: binary
hyperparameters:
  - name: seed
    type: int
    min: 3
    max: 9
  - name: alpha
    type: float
    min: 0
    max: 1
    default: 0.25
  - name: fill
    type: string
  - name: strategy
    type: select
    values:
      - mean
      - median
  - name: depth
    type: multi
    values:
      int:
        min: 1
        max: 20
      select:
        values:
          - auto
""",
    Path("model-metadata.yaml"),
)
DEFAULTS = {"seed": 3, "alpha": 0.25, "fill": "", "strategy": "mean", "depth": 1}


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "parameters.json"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(tmp_path: Path, text: str, metadata: Metadata = METADATA) -> HarnessError:
    file = write(tmp_path, text)
    with pytest.raises(HarnessError) as caught:
        read_parameters(file, metadata)
    assert caught.value.exit_code == 2
    assert caught.value.finding.file == str(file)
    assert caught.value.finding.remedy
    return caught.value


def test_defaults_have_their_own_types() -> None:
    parameters = default_parameters(METADATA)
    assert parameters == DEFAULTS
    assert {name: type(value) for name, value in parameters.items()} == {
        "seed": int,
        "alpha": float,
        "fill": str,
        "strategy": str,
        "depth": int,
    }


def test_a_float_without_default_starts_at_its_minimum_as_a_float() -> None:
    text = b"name: x\ntype: training\ntargetType: binary\nhyperparameters:\n  - name: a\n    type: float\n"
    metadata = parse_metadata(text + b"    min: 2\n    max: 3\n", Path("model-metadata.yaml"))
    [value] = default_parameters(metadata).values()
    assert (value, type(value)) == (2.0, float)


def test_no_hyperparameters_are_no_parameters() -> None:
    assert default_parameters(Metadata()) == {}


def test_names_left_out_have_their_defaults(tmp_path: Path) -> None:
    file = write(tmp_path, '{"seed": 9, "strategy": "median"}')
    assert read_parameters(file, METADATA) == {**DEFAULTS, "seed": 9, "strategy": "median"}


def test_an_empty_object_gives_the_defaults(tmp_path: Path) -> None:
    assert read_parameters(write(tmp_path, "{}"), METADATA) == DEFAULTS


def test_a_whole_number_for_a_float_becomes_one(tmp_path: Path) -> None:
    value = read_parameters(write(tmp_path, '{"alpha": 1}'), METADATA)["alpha"]
    assert (value, type(value)) == (1.0, float)


@pytest.mark.parametrize(
    ("value", "expected"), [pytest.param("7", 7, id="number"), pytest.param('"auto"', "auto", id="choice")]
)
def test_a_multi_takes_what_one_of_its_parts_takes(tmp_path: Path, value: str, expected: object) -> None:
    assert read_parameters(write(tmp_path, f'{{"depth": {value}}}'), METADATA)["depth"] == expected


@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        pytest.param('{"sed": 4}', ['"sed"', 'did you mean "seed"?'], id="misspelt"),
        pytest.param('{"colour": 4}', ['"colour"', "seed, alpha, fill"], id="unknown"),
        pytest.param('{"seed": 10}', ['"seed"', "10", "from 3 to 9"], id="out-of-range"),
        pytest.param('{"seed": 4.0}', ["4.0", "a whole number"], id="float-for-int"),
        pytest.param('{"seed": "4"}', ['"4"', "a whole number"], id="text-for-int"),
        pytest.param('{"seed": true}', ["true", "a whole number"], id="true-for-int"),
        pytest.param('{"seed": null}', ["null"], id="null"),
        pytest.param('{"seed": [4]}', ["a list or an object"], id="list"),
        pytest.param('{"alpha": "x"}', ['"x"', "a number from 0.0 to 1.0"], id="text-for-float"),
        pytest.param('{"alpha": NaN}', ["nan"], id="nan"),
        pytest.param('{"alpha": Infinity}', ["inf"], id="infinity"),
        pytest.param('{"fill": 4}', ["4", "a text"], id="number-for-text"),
        pytest.param('{"strategy": "mode"}', ['"mode"', '"mean", "median"'], id="no-such-choice"),
        pytest.param('{"depth": 21}', ["21", "from 1 to 20", '"auto"'], id="no-part-takes-it"),
        pytest.param('{"seed": 4, "seed": 5}', ['"seed"', "more than once"], id="twice"),
        pytest.param("[]", ["no JSON object"], id="list-document"),
        pytest.param('[["seed", 4]]', ["no JSON object"], id="list-of-pairs"),
        pytest.param("4", ["no JSON object"], id="number-document"),
        pytest.param('{"seed": 9' + "9" * 5000 + "}", ["too many digits"], id="huge-number"),
        pytest.param("[" * 100_000, ["too deeply"], id="deep"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, fragments: list[str]) -> None:
    message = refusal(tmp_path, text).finding.message
    for fragment in fragments:
        assert fragment in message


def test_invalid_json_names_line_and_column(tmp_path: Path) -> None:
    finding = refusal(tmp_path, '{\n  "seed": 4,\n  alpha: 1\n}').finding
    assert (finding.line, finding.column) == (3, 3)
    assert "not valid JSON" in finding.message


def test_one_problem_names_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, '{\n  "seed": 4,\n  "alpha": 5\n}').finding.line == 3


def test_all_problems_stand_in_one_message(tmp_path: Path) -> None:
    text = '{\n  "seed": 99,\n  "alphas": 1,\n  "strategy": 4\n}'
    message = refusal(tmp_path, text).finding.message
    assert message.startswith("3 parameters cannot be used.")
    assert 'line 2: The value of "seed" is 99' in message
    assert 'line 3: "alphas" is no hyperparameter' in message
    assert 'line 4: The value of "strategy" is 4' in message


def test_a_task_without_hyperparameters_says_so(tmp_path: Path) -> None:
    assert "declares no hyperparameters" in refusal(tmp_path, '{"a": 1}', Metadata()).finding.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="does not exist"):
        read_parameters(tmp_path / "none.json", METADATA)
    with pytest.raises(HarnessError, match="cannot be read"):
        read_parameters(tmp_path, METADATA)
    file = tmp_path / "latin.json"
    file.write_bytes(b'{"fill": "\xfc"}')
    with pytest.raises(HarnessError, match="not UTF-8"):
        read_parameters(file, METADATA)


@given(content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_content_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.json"
    file.write_bytes(content)
    try:
        parameters = read_parameters(file, METADATA)
    except HarnessError:
        return
    assert set(parameters) == set(DEFAULTS)
