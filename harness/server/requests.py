"""What every route needs of a request: the server, the caller, the page that is asked for, and absolute URLs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Path, Query, Request

from harness.server.records.common import LARGEST_PAGE, Page
from harness.server.state import ServerState
from harness.server.store.users import Caller

BASE = "/api/v2"
DEFAULT_LIMIT = 100
# Larger numbers are none that a database takes.
LARGEST_OFFSET = 2**53
Item = TypeVar("Item")


def _state(request: Request) -> ServerState:
    state: ServerState = request.app.state.server
    return state


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for, and the URLs of the parts around it."""

    request: Request
    offset: int
    limit: int

    def of(self, kind: type[Page[Item]], data: Sequence[Item], total: int) -> Page[Item]:
        """Return the page with these results, of `total` in all."""
        return kind(
            count=len(data),
            next=self.next_url(total),
            previous=self.previous_url(),
            total_count=total,
            data=list(data),
        )

    def next_url(self, total: int) -> str | None:
        after = self.offset + self.limit
        return self._url(after) if after < total else None

    def previous_url(self) -> str | None:
        return self._url(max(0, self.offset - self.limit)) if self.offset else None

    def _url(self, offset: int) -> str:
        return str(self.request.url.include_query_params(offset=offset, limit=self.limit))


def _page(
    request: Request,
    offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="This many results are skipped.")] = 0,
    limit: Annotated[
        int, Query(ge=1, le=LARGEST_PAGE, description="At most this many results are returned.")
    ] = DEFAULT_LIMIT,
) -> PageRequest:
    return PageRequest(request, offset, limit)


State = Annotated[ServerState, Depends(_state)]
# Any text is taken, so that one of the wrong form is not found rather than invalid.
TaskId = Annotated[str, Path(alias="customTaskId", description="ID of the custom task.")]
VersionId = Annotated[str, Path(alias="customTaskVersionId", description="ID of the custom task version.")]
ProjectId = Annotated[str, Path(alias="projectId", description="ID of the project.")]
ModelId = Annotated[str, Path(alias="modelId", description="ID of the model.")]
CurrentCaller = Annotated[Caller, Depends(_caller)]
PageWanted = Annotated[PageRequest, Depends(_page)]


def absolute_url(request: Request, path: str) -> str:
    """Return the URL of `path`, which begins below /api/v2, under the host that the request named."""
    return f"{request.url.scheme}://{request.url.netloc}{BASE}/{path}"
