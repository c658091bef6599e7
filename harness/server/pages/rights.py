"""Which buttons a page shows. Whether something is allowed is judged where it is done, by the API's own functions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from harness.server.errors import NotFound
from harness.server.records.access import Role
from harness.server.store.access import RIGHTS, TASK_NOT_FOUND, Right, find_role
from harness.server.store.users import Caller


@dataclass(frozen=True, slots=True)
class Rights:
    """A visitor's role on a task, and what it lets them do."""

    role: Role
    may_edit: bool
    may_share: bool


def rights_on(session: Session, caller: Caller, task_id: str) -> Rights:
    """Return the visitor's rights on a task; raises NotFound where they have no role."""
    found = find_role(session, caller.id, task_id)
    if found is None:
        raise NotFound(TASK_NOT_FOUND)
    role = Role(found.role)
    return Rights(role, RIGHTS[role] >= Right.EDIT, found.can_share)
