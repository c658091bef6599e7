"""Forms as browsers send them, read into the records that the API reads JSON into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import ValidationError

from harness.server.error_answers import reasons_by_field
from harness.server.errors import Invalid
from harness.server.pages.visits import FORM_TOKEN, CurrentVisit
from harness.server.records.common import RequestBody

INVALID = "Not saved: something has to be corrected."
BYTES_OF_A_MIB = 1024 * 1024
_MEMORY = "maximumMemory"
Body = TypeVar("Body", bound=RequestBody)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form. A field that is missing is empty."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of the fields that are not empty."""
        return {name: self[name] for name in names if self[name]}

    def memory(self) -> int | None:
        """Return the memory in bytes, which the form has in MiB; None where it is empty. Raises Invalid."""
        text = self[_MEMORY].strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Invalid(INVALID, errors={_MEMORY: "must be a whole number of MiB"})
        return int(text) * BYTES_OF_A_MIB


def read_record(kind: type[Body], values: Mapping[str, Any]) -> Body:
    """Return the record of these values, by the names of the wire; raises Invalid with a text for each field."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise Invalid(INVALID, errors=reasons_by_field(faults)) from error


async def read_fields(request: Request) -> Fields:
    """Return the fields of a form without files. Of a name that comes twice, the last counts."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Invalid("This is no form of these pages.")
    form = await request.form()
    return Fields({name: value for name, value in form.items() if isinstance(value, str)})


async def _sent_form(request: Request, visit: CurrentVisit) -> Fields:
    fields = await read_fields(request)
    visit.check_form(fields[FORM_TOKEN])
    return fields


# Every form that changes something, but for uploads, which check their token themselves.
SentForm = Annotated[Fields, Depends(_sent_form)]
