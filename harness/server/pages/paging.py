"""Which part of a list a page shows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from harness.server.requests import LARGEST_OFFSET, PageRequest

PAGE_LENGTH = 25


def _part(request: Request, offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0) -> PageRequest:
    return PageRequest(request, offset, PAGE_LENGTH)


Part = Annotated[PageRequest, Depends(_part)]
