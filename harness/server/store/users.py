"""Users and their tokens. A token is shown once, when it is made; the database has only its digest."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from harness.errors import HarnessError
from harness.server import ids, times
from harness.server.store.tables import PageSession, User

FIRST_USER = "admin@localhost"
SHORTEST_TOKEN = 8


@dataclass(frozen=True, slots=True)
class Caller:
    """The user who sent a request."""

    id: str
    username: str
    can_create_tasks: bool

    @property
    def is_administrator(self) -> bool:
        """Return whether they may see to users, for which the API has nothing: the first user alone may."""
        return self.username == FIRST_USER


def add_user(session: Session, username: str, *, token: str | None = None, can_create_tasks: bool = True) -> str:
    """Add a user and return the token, a new one where none is given.

    Raises HarnessError where the name or the token is taken, or cannot be used.
    """
    if not username.strip() or not username.isprintable():
        raise HarnessError(f"{username!r} cannot be a user's name", remedy="Give a name like ana@example.com.")
    if session.scalar(select(User.id).where(User.username == username)):
        raise HarnessError(
            f"there is a user {username!r} already", remedy="Choose another name, or give --new-token for a new token."
        )
    token = _new_token(session, token)
    user = User(
        id=ids.new_id(),
        username=username,
        token_sha256=_digest(token),
        can_create_tasks=can_create_tasks,
        created=times.now(),
    )
    session.add(user)
    session.flush()
    return token


def replace_token(session: Session, username: str, token: str | None = None) -> str:
    """Give the user another token and return it; the earlier one is good for nothing from then on.

    Raises HarnessError where there is no such user, or the token cannot be used.
    """
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise HarnessError(f"there is no user {username!r}", remedy="Leave --new-token out to make one.")
    if token is not None and user.token_sha256 == _digest(token):
        return token
    token = _new_token(session, token)
    user.token_sha256 = _digest(token)
    # Whoever signed in to the pages did so with the earlier token.
    session.execute(delete(PageSession).where(PageSession.user_id == user.id))
    session.flush()
    return token


def see_to_first_user(session: Session, token: str | None) -> tuple[str, str] | None:
    """Return name and token of the first user where one of the two is new, None where nothing changes.

    token: what `--token` gives; the first user then has it, and no other.
    """
    first = find_user(session, FIRST_USER)
    if first is None:
        return FIRST_USER, add_user(session, FIRST_USER, token=token)
    if token is None or first.token_sha256 == _digest(token):
        return None
    return FIRST_USER, replace_token(session, FIRST_USER, token)


def find_caller(session: Session, token: str) -> Caller | None:
    """Return who has this token."""
    user = session.scalar(select(User).where(User.token_sha256 == _digest(token)))
    return Caller(user.id, user.username, user.can_create_tasks) if user else None


def get_caller(session: Session, user_id: str) -> Caller | None:
    """Return a user as the caller of what they asked for earlier."""
    user = session.get(User, user_id)
    return Caller(user.id, user.username, user.can_create_tasks) if user else None


def find_user(session: Session, username: str) -> User | None:
    return session.scalar(select(User).where(User.username == username))


def list_users(session: Session, *, offset: int, limit: int) -> tuple[list[User], int]:
    """Return one page of the users by name, and how many there are."""
    total = session.scalar(select(func.count()).select_from(User)) or 0
    return list(session.scalars(select(User).order_by(User.username).offset(offset).limit(limit))), total


def _new_token(session: Session, token: str | None) -> str:
    if token is None:
        return secrets.token_urlsafe(32)
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise HarnessError(
            "the token cannot be used",
            remedy=f"Give {SHORTEST_TOKEN} or more letters, digits and signs of ASCII, without a space.",
        )
    if session.scalar(select(User.id).where(User.token_sha256 == _digest(token))):
        raise HarnessError("another user has this token", remedy="Give another one, or none.")
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
