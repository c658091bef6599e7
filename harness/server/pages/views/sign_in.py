"""Sign in with the token that programs use, and sign out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from harness.server.errors import Invalid
from harness.server.pages.forms import Fields, SentForm, read_fields
from harness.server.pages.rendering import go_to, render
from harness.server.pages.visits import COOKIE, SIGN_IN, forget, keep_signed_in, safe_target
from harness.server.requests import State
from harness.server.store import sessions

router = APIRouter()
UNKNOWN = (
    "Nobody here has this token. It was shown once when the user was made; whoever runs the server can make another."
)


@router.get(SIGN_IN)
def show(request: Request, next: str = "") -> Response:  # noqa: A002 - the address has it
    """Ask for the token."""
    return render(request, "sign_in.html", target=safe_target(next))


@router.post(SIGN_IN)
def sign_in(request: Request, state: State, form: Annotated[Fields, Depends(read_fields)]) -> Response:
    """Begin a session; an earlier one of this browser ends."""
    target = safe_target(form["next"])
    with state.database.write() as session:
        secret = sessions.sign_in(session, form["token"].strip())
        earlier = request.cookies.get(COOKIE)
        if secret is not None and earlier:
            sessions.sign_out(session, earlier)
    if secret is None:
        refused = Invalid(UNKNOWN, errors={"token": "is not known"})
        return render(request, "sign_in.html", refused=refused, target=target)
    answer = go_to(target)
    keep_signed_in(request, answer, secret)
    return answer


@router.post("/sign-out/")
def sign_out(request: Request, state: State, _form: SentForm) -> Response:
    """End the session, here and in the database."""
    with state.database.write() as session:
        sessions.sign_out(session, request.cookies[COOKIE])
    answer = go_to(SIGN_IN)
    forget(answer)
    return answer
