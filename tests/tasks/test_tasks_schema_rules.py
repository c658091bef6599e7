from __future__ import annotations

from typing import Literal

import pytest

from harness.data.model import ColumnProfile
from harness.tasks import (
    DataType,
    SchemaRequirement,
    TypeSchema,
    check_input_schema,
    check_output_schema,
    default_type_schema,
)

Field = Literal["data_types", "sparse", "number_of_columns", "contains_missing"]


def column(name: str, *types: str, missing: bool = False) -> ColumnProfile:
    return ColumnProfile(name, frozenset(DataType(name) for name in types), missing)


AGE = column("age", "NUM", "CAT")
CITY = column("city", "TXT", "CAT")
NOTE = column("note", "TXT")
INCOME = column("income", "NUM", missing=True)


def judge(field: Field, condition: str, *values: str | int, columns: tuple[ColumnProfile, ...] = ()) -> str | None:
    schema = TypeSchema(input_requirements=(SchemaRequirement(field, condition, values),))
    messages = check_input_schema(schema, columns, is_sparse=False)
    assert len(messages) <= 1
    return messages[0] if messages else None


@pytest.mark.parametrize(
    ("condition", "values", "columns"),
    [
        pytest.param("EQUALS", ["NUM"], [AGE, INCOME], id="equals"),
        pytest.param("EQUALS", ["CAT"], [AGE, CITY], id="equals-one-of-the-types-it-counts-as"),
        pytest.param("IN", ["NUM", "TXT"], [AGE, CITY, NOTE], id="in"),
        pytest.param("IN", ["NUM", "IMG"], [AGE], id="in-need-not-all-occur"),
        pytest.param("NOT_EQUALS", ["TXT"], [AGE, CITY], id="not-equals-also-a-category"),
        pytest.param("NOT_IN", ["TXT", "IMG"], [AGE, CITY], id="not-in"),
        pytest.param("IN", ["NUM"], [], id="no-columns"),
    ],
)
def test_data_types_that_hold(condition: str, values: list[str], columns: list[ColumnProfile]) -> None:
    assert judge("data_types", condition, *values, columns=tuple(columns)) is None


@pytest.mark.parametrize(
    ("condition", "values", "columns", "message"),
    [
        pytest.param(
            "EQUALS",
            ["NUM"],
            [AGE, CITY],
            'data_types must be NUM, but 1 of 2 columns is not: "city" (CAT, TXT).',
            id="equals",
        ),
        pytest.param(
            "IN",
            ["IMG", "NUM"],
            [CITY, AGE, NOTE],
            'data_types must be IMG or NUM, but 2 of 3 columns are not: "city" (CAT, TXT), "note" (TXT).',
            id="in",
        ),
        pytest.param(
            "NOT_EQUALS",
            ["TXT"],
            [NOTE],
            'data_types must not be TXT, but 1 of 1 columns is: "note" (TXT).',
            id="not-equals",
        ),
        pytest.param(
            "NOT_IN",
            ["TXT", "CAT"],
            [CITY, NOTE, AGE],
            'data_types must not be TXT or CAT, but 2 of 3 columns are: "city" (CAT, TXT), "note" (TXT).',
            id="not-in",
        ),
        pytest.param(
            "IN",
            ["NUM"],
            [column("odd")],
            'data_types must be NUM, but 1 of 1 columns is not: "odd" (of no known type).',
            id="unknown-type",
        ),
    ],
)
def test_data_types_that_do_not(condition: str, values: list[str], columns: list[ColumnProfile], message: str) -> None:
    assert judge("data_types", condition, *values, columns=tuple(columns)) == message


def test_many_columns_are_counted_and_not_all_named() -> None:
    message = judge("data_types", "EQUALS", "NUM", columns=tuple(column(f"c{n}", "TXT") for n in range(7)))
    assert message is not None
    assert "7 of 7 columns" in message
    assert message.endswith('"c4" (TXT) and 2 more.')


@pytest.mark.parametrize(
    ("condition", "values", "accepted", "words"),
    [
        pytest.param("EQUALS", [3], {3}, "exactly 3", id="equals"),
        pytest.param("NOT_EQUALS", [3], {1, 2, 4}, "other than 3", id="not-equals"),
        pytest.param("IN", [1, 4], {1, 4}, "one of 1 or 4", id="in"),
        pytest.param("NOT_IN", [1, 4], {2, 3}, "none of 1 or 4", id="not-in"),
        pytest.param("GREATER_THAN", [2], {3, 4}, "more than 2", id="greater"),
        pytest.param("LESS_THAN", [3], {1, 2}, "fewer than 3", id="less"),
        pytest.param("NOT_GREATER_THAN", [3], {1, 2, 3}, "at most 3", id="not-greater"),
        pytest.param("NOT_LESS_THAN", [3], {3, 4}, "at least 3", id="not-less"),
    ],
)
def test_number_of_columns(condition: str, values: list[int], accepted: set[int], words: str) -> None:
    for count in range(1, 5):
        message = judge("number_of_columns", condition, *values, columns=(AGE,) * count)
        expected = None if count in accepted else f"number_of_columns must be {words}, but there are {count}."
        assert message == expected


@pytest.mark.parametrize(
    ("word", "is_sparse", "message"),
    [
        pytest.param("FORBIDDEN", True, "sparse is FORBIDDEN: the data must be dense but is sparse.", id="forbidden"),
        pytest.param("REQUIRED", False, "sparse is REQUIRED: the data must be sparse but is dense.", id="required"),
        pytest.param("FORBIDDEN", False, None, id="forbidden-dense"),
        pytest.param("REQUIRED", True, None, id="required-sparse"),
        pytest.param("SUPPORTED", True, None, id="supported-sparse"),
        pytest.param("SUPPORTED", False, None, id="supported-dense"),
    ],
)
def test_sparse_input(word: str, is_sparse: bool, message: str | None) -> None:
    schema = TypeSchema(input_requirements=(SchemaRequirement("sparse", "EQUALS", (word,)),))
    assert check_input_schema(schema, [AGE], is_sparse) == ((message,) if message else ())


@pytest.mark.parametrize(
    ("word", "input_is_sparse", "accepted"),
    [
        pytest.param("NEVER", True, {False}, id="never"),
        pytest.param("ALWAYS", False, {True}, id="always"),
        pytest.param("DYNAMIC", False, {True, False}, id="dynamic"),
        pytest.param("IDENTITY", True, {True}, id="identity-sparse"),
        pytest.param("IDENTITY", False, {False}, id="identity-dense"),
    ],
)
def test_sparse_output(word: str, input_is_sparse: bool, accepted: set[bool]) -> None:
    schema = TypeSchema(output_requirements=(SchemaRequirement("sparse", "EQUALS", (word,)),))
    for is_sparse in (True, False):
        messages = check_output_schema(schema, [AGE], is_sparse, input_is_sparse=input_is_sparse)
        assert (messages == ()) == (is_sparse in accepted)


def test_identity_says_that_the_input_decides() -> None:
    schema = TypeSchema(output_requirements=(SchemaRequirement("sparse", "EQUALS", ("IDENTITY",)),))
    [message] = check_output_schema(schema, [AGE], is_sparse=False, input_is_sparse=True)
    assert message == "sparse is IDENTITY: the data must be sparse, like the input, but is dense."


@pytest.mark.parametrize("word", ["FORBIDDEN", "NEVER"])
def test_missing_values_are_named_by_column(word: str) -> None:
    message = judge("contains_missing", "EQUALS", word, columns=(AGE, INCOME))
    assert message == f'contains_missing is {word}, but 1 of 2 columns has missing values: "income".'


@pytest.mark.parametrize("word", ["SUPPORTED", "DYNAMIC"])
def test_missing_values_that_are_allowed(word: str) -> None:
    assert judge("contains_missing", "EQUALS", word, columns=(AGE, INCOME)) is None


def test_every_violated_requirement_has_its_sentence() -> None:
    messages = check_input_schema(default_type_schema(), [column("photo", "IMG"), INCOME], is_sparse=True)
    assert len(messages) == 3
    assert '"photo"' in messages[0]
    assert "sparse" in messages[1]
    assert '"income"' in messages[2]


def test_input_and_output_are_judged_apart() -> None:
    assert check_input_schema(default_type_schema(), [NOTE], is_sparse=False) == ()
    assert len(check_output_schema(default_type_schema(), [NOTE], is_sparse=False, input_is_sparse=False)) == 1
