"""A dependency build as it is looked at: how it stands, and the lines of its log, finished or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.orm import Session

from harness.builds.log import OWN_PREFIX, clean_line
from harness.records import BuildStatus
from harness.server.errors import Invalid
from harness.server.live_logs import MOST_BYTES, read_live_log
from harness.server.state import ServerState
from harness.server.store import builds
from harness.server.store.tables import DependencyBuild

# Of a finished log, how much of its end is shown; the download has all of it.
SHOWN_BYTES = 4 * MOST_BYTES
SHOWN_LINES = 20_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ERROR = re.compile(r"^\s*(?:ERROR|error|fatal)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """kind: `own` for what the harness has added, `error` for what an installer calls one, else empty."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class BuildView:
    """position: where the next look at a running build's log begins. is_cut: the log's beginning is left out."""

    build: DependencyBuild
    lines: tuple[Line, ...]
    position: int = 0
    is_cut: bool = False

    @property
    def is_under_way(self) -> bool:
        return self.build.status in (BuildStatus.SUBMITTED, BuildStatus.PROCESSING)


def find_build(session: Session, version_id: str) -> DependencyBuild | None:
    """Return a version's build; None where it was never started, or was cancelled."""
    with suppress(Invalid):
        return builds.get_build(session, version_id)
    return None


def view_build(state: ServerState, build: DependencyBuild, position: int = 0) -> BuildView:
    """Return what there is to see of a build. position: of one that runs, the lines after it alone."""
    if build.log_sha256 is None:
        news = read_live_log(state, build.job_id, position)
        return BuildView(build, _as_lines(news.lines), news.position)
    with state.contents.open(build.log_sha256) as file:
        left_out = max(0, state.contents.size_bytes(build.log_sha256) - SHOWN_BYTES)
        file.seek(left_out)
        lines = file.read().decode("utf-8", "replace").splitlines()
    shown = lines[1:] if left_out else lines
    is_cut = bool(left_out) or len(shown) > SHOWN_LINES
    return BuildView(build, _as_lines(shown[-SHOWN_LINES:]), is_cut=is_cut)


def _as_lines(lines: Iterable[str]) -> tuple[Line, ...]:
    return tuple(_as_line(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", clean_line(line))) for line in lines)


def _as_line(text: str) -> Line:
    if text.startswith(OWN_PREFIX):
        return Line(text.removeprefix(OWN_PREFIX), "own")
    return Line(text, "error" if _ERROR.match(text) else "")
