"""What the records of the API share: ids, moments, limits, pages, and the form of an error."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from harness.records import Record
from harness.server import ids, times

LARGEST_PAGE = 1000
# Of one value of requiredMetadataValues. Source: RequiredMetadataValue.
LONGEST_VALUE = 100
LONGEST_NAME = 255
LONGEST_LANGUAGE = 500
LONGEST_DESCRIPTION = 10_000


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "has a NUL character, which no text may have")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("unicode", "is no valid Unicode: it has half a character") from None
    return text


# A text that a client gives. PostgreSQL has no NUL in texts, nor has an environment variable; JSON can have halves of
# characters (lone surrogates), which no encoding has.
Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Id = Annotated[str, Field(pattern=ids.PATTERN)]
Moment = Annotated[
    datetime,
    PlainSerializer(times.as_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
# The platform's limits of a task's memory, in bytes. Source: maximumMemory of CustomTaskResponse.
Memory = Annotated[int, Field(ge=134_217_728, le=15_032_385_536)]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
# The document also writes booleans as these words, in JSON as in forms.
Truth = Literal["True", "true", "False", "false"]

Item = TypeVar("Item")


class Answer(Record):
    """A record that the server sends: every field is there in each answer, and so in the document's `required`."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class RequestBody(Record):
    """What a client sends as JSON, under the names of the wire alone.

    Built at once: FastAPI does not get along with records that build when needed.
    """

    model_config = ConfigDict(defer_build=False, populate_by_name=False)


class Page(Answer, Generic[Item]):
    """One page of a list. next, previous: absolute URLs, None where there is no such page."""

    count: int
    next: Url | None
    previous: Url | None
    total_count: int
    data: list[Item]


class Error(Record):
    """Every answer of 400 and more has a message; some have more."""

    model_config = ConfigDict(extra="allow")

    message: str


class InvalidRequest(Error):
    """An answer of 422. errors: a text a field, or a list of texts. invalid_dependencies: the lines refused."""

    errors: dict[str, str] | list[str] | None = None
    dependencies: list[dict[str, Any]] | None = None
    invalid_dependencies: list[dict[str, Any]] | None = None


class RequiredMetadataKey(Answer):
    """A field that versions on an environment have to give a value for."""

    field_name: str
    display_name: str


class RequiredMetadataValue(Answer):
    """A value for such a field, an environment variable when the task runs."""

    field_name: str
    value: str


class GivenMetadataValue(RequestBody):
    """Such a value as a client gives it."""

    field_name: Annotated[Text, Field(min_length=1)]
    value: Annotated[Text, Field(min_length=1, max_length=LONGEST_VALUE)]
