"""Who looks at the pages: signed in by a cookie with a random secret, and forms with a token that hangs on it.

The API's token is given once, to sign in, and goes into no cookie. SameSite keeps the cookie off requests that other
sites make, but for plain links; the form's token is unknown to them besides.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.responses import Response

from harness.server.errors import Forbidden
from harness.server.requests import State
from harness.server.store.sessions import find_visitor
from harness.server.store.users import Caller

COOKIE = "harness_session"
FORM_TOKEN = "formToken"  # noqa: S105 - a field's name
SIGN_IN = "/sign-in/"
STALE_FORM = "This form is not of your present session. Nothing was done: go back, reload the page, and send it again."


class NotSignedIn(Exception):
    """Nobody is known to have sent the request."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who looks at a page, and the token that every form of theirs has."""

    caller: Caller
    form_token: str

    def check_form(self, token: str | None) -> None:
        """Raise Forbidden where a form is not one that this visitor was given."""
        if not hmac.compare_digest((token or "").encode(), self.form_token.encode()):
            raise Forbidden(STALE_FORM)


def _visit(request: Request, state: State) -> Visit:
    secret = request.cookies.get(COOKIE)
    if not secret:
        raise NotSignedIn
    with state.database.read() as session:
        caller = find_visitor(session, secret)
    if caller is None:
        raise NotSignedIn
    visit = Visit(caller, hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest())
    # For the page's frame, and for pages of errors.
    request.state.visit = visit
    return visit


def _visitor(visit: Annotated[Visit, Depends(_visit)]) -> Caller:
    return visit.caller


CurrentVisit = Annotated[Visit, Depends(_visit)]
Visitor = Annotated[Caller, Depends(_visitor)]


def keep_signed_in(request: Request, response: Response, secret: str) -> None:
    """Give the browser the secret, for as long as it runs; over TLS alone where it came over TLS."""
    response.set_cookie(COOKIE, secret, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def sign_in_url(request: Request) -> str:
    """Return where to sign in, to come back to the page that was asked for."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return SIGN_IN if target == "/" else f"{SIGN_IN}?next={quote(target)}"


def safe_target(target: str | None) -> str:
    """Return where to go after signing in: a path of ours, whatever stands in the URL."""
    is_ours = target and target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if target and is_ours and target.isprintable() else "/tasks/"
