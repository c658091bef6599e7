"""What the API answers in place of a record, and the one place where such an answer is written.

    ApiError           the status and the body of the answer
     ├── BadQuery      400   a query parameter is invalid
     ├── Unauthorised  401   no token, or none that is known
     ├── Forbidden     403   the user may see it and not do this
     ├── NotFound      404   there is no such thing, or the user may not know of it
     ├── Conflict      409   the state that it is in does not allow this
     ├── TooLarge      413   more bytes than the server takes
     ├── Invalid       422   the request cannot be carried out as it is written
     └── StorageFull   507   no room is left for what was sent

Source of the bodies: the platform's API, where every error has a `message`, and some have `errors`, `dependencies` and
`invalidDependencies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ApiError(Exception):
    """Answer the request with `status` and `{"message": ..., **more}`."""

    status: ClassVar[int] = 500

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message)
        self.message = message
        self.more: Mapping[str, Any] = more

    @property
    def details(self) -> tuple[str, ...]:
        """Return the texts of `errors`, each with its field where it has one."""
        errors = self.more.get("errors", ())
        return tuple(f"{name}: {text}" for name, text in errors.items()) if isinstance(errors, dict) else tuple(errors)

    @property
    def body(self) -> dict[str, Any]:
        return {"message": self.message, **self.more}


class BadQuery(ApiError):
    status = 400


class Unauthorised(ApiError):
    status = 401


class Forbidden(ApiError):
    status = 403


class NotFound(ApiError):
    status = 404


class Conflict(ApiError):
    status = 409


class TooLarge(ApiError):
    status = 413


class Invalid(ApiError):
    status = 422


class StorageFull(ApiError):
    status = 507
