"""Who may do what with a task, and how that changes.

Source: the platform's roles; which of them may edit is not written there, and follows their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from harness.server.errors import Conflict, Forbidden, Invalid, NotFound
from harness.server.ids import is_id
from harness.server.records.access import AccessEntry, NoRole, Role, RoleChange
from harness.server.store.tables import CustomTask, TaskRole, User
from harness.server.store.users import Caller

TASK_NOT_FOUND = "Custom task not found."


class Right(IntEnum):
    """What a role lets one do; each has those below it."""

    READ = 1
    EDIT = 2
    OWN = 3


RIGHTS = {
    Role.OWNER: Right.OWN,
    Role.ADMIN: Right.EDIT,
    Role.READ_WRITE: Right.EDIT,
    Role.EDITOR: Right.EDIT,
    Role.DATA_SCIENTIST: Right.EDIT,
    Role.USER: Right.READ,
    Role.READ_ONLY: Right.READ,
    Role.CONSUMER: Right.READ,
    Role.OBSERVER: Right.READ,
}


def get_task(
    session: Session, caller: Caller, task_id: str, needed: Right = Right.READ, *, lock: bool = False
) -> CustomTask:
    """Return the task, held against other writers with `lock`.

    Raises NotFound for an id of the wrong form, and where the caller has no role; Forbidden where the role is not
    enough.
    """
    role = find_role(session, caller.id, task_id) if is_id(task_id) else None
    task = session.get(CustomTask, task_id, with_for_update=lock or None) if role else None
    if task is None or role is None:
        raise NotFound(TASK_NOT_FOUND)
    if RIGHTS[Role(role.role)] < needed:
        raise Forbidden(f"Your role on this custom task, {role.role}, does not allow this.")
    return task


def find_role(session: Session, user_id: str, task_id: str) -> TaskRole | None:
    return session.get(TaskRole, (task_id, user_id))


def list_access(
    session: Session, task_id: str, *, username: str | None, user_id: str | None, offset: int, limit: int
) -> tuple[list[AccessEntry], int]:
    """Return one page of the task's users by name, and how many there are; a name or an id selects one of them."""
    chosen = select(TaskRole, User.username).join(User).where(TaskRole.task_id == task_id)
    if username is not None:
        chosen = chosen.where(User.username == username)
    if user_id is not None:
        chosen = chosen.where(User.id == user_id)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    rows = session.execute(chosen.order_by(User.username).offset(offset).limit(limit))
    entries = [
        AccessEntry(username=name, user_id=row.user_id, role=Role(row.role), can_share=row.can_share)
        for row, name in rows
    ]
    return entries, total


def change_access(session: Session, caller: Caller, task_id: str, changes: Sequence[RoleChange]) -> None:
    """Carry out all the changes, or none.

    Raises Forbidden where the caller may not share, or would give more than they have; Invalid for unknown users and
    for two changes of one user; Conflict where nobody would own the task afterwards.
    """
    own = find_role(session, caller.id, task_id)
    if own is None:
        raise NotFound(TASK_NOT_FOUND)
    users = _users(session, changes)
    if any(change.username != caller.username or change.role not in (None, NoRole.NO_ROLE) for change in changes):
        _judge_sharing(session, own, users, task_id, changes)
    for change in changes:
        _change(session, task_id, users[change.username], change)
    session.flush()
    owners = select(func.count()).where(TaskRole.task_id == task_id, TaskRole.role == Role.OWNER)
    if not session.scalar(owners):
        raise Conflict("The request would leave the custom task without an owner.")


def _users(session: Session, changes: Sequence[RoleChange]) -> dict[str, str]:
    """Return the users' ids by name."""
    names = [change.username for change in changes]
    found = {user.username: user.id for user in session.scalars(select(User).where(User.username.in_(names)))}
    errors = {}
    for number, name in enumerate(names):
        if name not in found:
            errors[f"data.{number}.username"] = f"there is no user {name!r}"
        elif name in names[:number]:
            errors[f"data.{number}.username"] = f"{name!r} is named twice"
    if errors:
        raise Invalid("Invalid request.", errors=errors)
    return found


def _judge_sharing(
    session: Session, own: TaskRole, users: dict[str, str], task_id: str, changes: Sequence[RoleChange]
) -> None:
    """Raise Forbidden for what goes beyond the caller's own role: giving more, or taking from somebody above."""
    if not own.can_share:
        raise Forbidden("You may not share this custom task.")
    mine = RIGHTS[Role(own.role)]
    for change in changes:
        before = find_role(session, users[change.username], task_id)
        wanted = RIGHTS[change.role] if isinstance(change.role, Role) else Right.READ
        if wanted > mine or (before is not None and RIGHTS[Role(before.role)] > mine):
            raise Forbidden(f"Your role, {own.role}, does not let you change the role of {change.username!r} so.")


def _change(session: Session, task_id: str, user_id: str, change: RoleChange) -> None:
    row = session.get(TaskRole, (task_id, user_id))
    if not isinstance(change.role, Role):
        if row is not None:
            session.delete(row)
        return
    can_share = change.can_share if change.can_share is not None else change.role is Role.OWNER
    if row is None:
        session.add(TaskRole(task_id=task_id, user_id=user_id, role=change.role, can_share=can_share))
    else:
        row.role, row.can_share = change.role, can_share
