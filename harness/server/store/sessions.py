"""Who has signed in to the pages: a random secret in the browser's cookie, of which the database has the digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from harness.server import times
from harness.server.store.tables import PageSession
from harness.server.store.users import Caller, find_caller, get_caller

# After so long everybody gives their token again.
LIFETIME = timedelta(days=7)


def sign_in(session: Session, token: str) -> str | None:
    """Return the secret of a new session of whoever has this token; None where nobody has it."""
    caller = find_caller(session, token)
    if caller is None:
        return None
    now = times.now()
    session.execute(delete(PageSession).where(PageSession.expires <= now))
    secret = secrets.token_urlsafe(32)
    session.add(PageSession(secret_sha256=_digest(secret), user_id=caller.id, expires=now + LIFETIME))
    session.flush()
    return secret


def find_visitor(session: Session, secret: str) -> Caller | None:
    """Return whose session this is; None where it has ended, or has never been."""
    found = session.get(PageSession, _digest(secret))
    return get_caller(session, found.user_id) if found is not None and found.expires > times.now() else None


def sign_out(session: Session, secret: str) -> None:
    session.execute(delete(PageSession).where(PageSession.secret_sha256 == _digest(secret)))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
