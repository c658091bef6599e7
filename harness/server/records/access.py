"""Who may do what with a task, on the wire.

Source: CustomTaskAccessControlListResponse, SharingUpdateOrRemoveWithGrant; NO_ROLE is what the client also sends.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from harness.server.records.common import Answer, Id, RequestBody, Text, Url

MOST_ENTRIES = 100


class Role(StrEnum):
    """The roles that a user can have on a task."""

    ADMIN = "ADMIN"
    CONSUMER = "CONSUMER"
    DATA_SCIENTIST = "DATA_SCIENTIST"
    EDITOR = "EDITOR"
    OBSERVER = "OBSERVER"
    OWNER = "OWNER"
    READ_ONLY = "READ_ONLY"
    READ_WRITE = "READ_WRITE"
    USER = "USER"


class NoRole(StrEnum):
    """Takes a role away, as null does."""

    NO_ROLE = "NO_ROLE"


class AccessEntry(Answer):
    """One user's role on a task."""

    username: str
    user_id: Id
    role: Role
    can_share: bool


class AccessList(Answer):
    """One page of a task's users; this list alone has no total."""

    count: int
    next: Url | None
    previous: Url | None
    data: list[AccessEntry]


class RoleChange(RequestBody):
    """A user's new role, None for none. can_use_data: sent by the client, without a meaning for tasks."""

    username: Annotated[Text, Field(min_length=1)]
    role: Role | NoRole | None
    can_share: bool | None = None
    can_use_data: Any = None


class RoleChanges(RequestBody):
    """Up to 100 changes, judged by the state after all of them."""

    data: Annotated[list[RoleChange], Field(max_length=MOST_ENTRIES)]
