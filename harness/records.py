"""The records that both the command line's JSON and the platform's REST API speak.

camelCase on the wire, snake_case in Python, one alias setting. A record validates once, when it is made.
Source of the names: the platform's Custom Tasks API, schemas DependencyResponse, DependencyConstraint and
CustomTaskVersion.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from harness.vocabulary import BuildStatus, CheckStatus, ConstraintType, NetworkPolicy, TargetType

__all__ = [
    "BuildStatus",
    "CheckResult",
    "CheckStatus",
    "Constraint",
    "ConstraintType",
    "Dependency",
    "NetworkPolicy",
    "Record",
    "RefusedLine",
    "TargetType",
    "WrittenConstraint",
]


class Record(BaseModel):
    """A frozen value whose JSON keys are camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", defer_build=True
    )

    def to_json_dict(self) -> dict[str, Any]:
        """Return the record as it goes over the wire: camelCase keys, JSON types only."""
        return self.model_dump(mode="json", by_alias=True)


Value = TypeVar("Value")
# The API leaves some fields out, where others are null.
LeftOutWhereNone = Annotated[Value | None, Field(exclude_if=lambda value: value is None)]


class Constraint(Record):
    """One comparison of a dependency: `>=` and `1.4.2`."""

    constraint_type: ConstraintType
    version: str


class Dependency(Record):
    """One requirements line as the platform records it (DependencyResponse).

    `extras` is one comma-separated text (`"security,socks"`), None where the line has none. `line` is the line as
    the user wrote it, comment and continuation included. `line_number` counts physical lines from 1; for a
    continued requirement it is the first.
    """

    package_name: str
    constraints: tuple[Constraint, ...]
    extras: LeftOutWhereNone[str] = None
    line: str
    line_number: int


class WrittenConstraint(Record):
    """A comparison as written, with an operator that the platform's records may not have (`~=`, `!=`)."""

    constraint_type: str
    version: str


class RefusedLine(Record):
    """One requirements line that the platform's dependency records cannot express.

    `rewrite` is a line that the platform accepts and that means the same, or None where there is none.
    `package_name`, `extras` and `constraints` (operators as written) are there where the line parses.
    """

    line_number: int
    line: str
    reason: str
    rewrite: str | None = None
    package_name: LeftOutWhereNone[str] = None
    extras: LeftOutWhereNone[str] = None
    constraints: LeftOutWhereNone[tuple[WrittenConstraint, ...]] = None


class CheckResult(Record):
    """One judgement. `message` has the numbers, `remedy` the fix, `details` what a program may want to read."""

    id: str
    title: str
    status: CheckStatus
    message: str = ""
    remedy: str = ""
    details: dict[str, Any] = {}
