"""The lines of a build while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.server.live_logs import MOST_BYTES, live_log, read_live_log
from harness.server.settings import ServerSettings
from harness.server.state import ServerState, open_state

JOB = "0123456789abcdef01234567"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[ServerState]:
    with open_state(ServerSettings(tmp_path / "data")) as opened:
        (opened.work_folder / JOB).mkdir(parents=True)
        yield opened


def test_each_look_goes_on_where_the_last_one_ended(state: ServerState) -> None:
    with live_log(state, JOB) as progress:
        assert read_live_log(state, JOB, 0).lines == ()
        progress.build_line("Collecting six")
        progress.build_line("")
        first = read_live_log(state, JOB, 0)
        assert (first.lines, first.position) == (("Collecting six", ""), 16)
        assert read_live_log(state, JOB, first.position) == type(first)((), 16)
        progress.build_line("Grüße \udcff")
        assert read_live_log(state, JOB, first.position).lines == ("Grüße ?",)


def test_a_long_log_comes_in_pieces_and_none_of_it_is_lost(state: ServerState) -> None:
    written = [f"{number:6} {'x' * 93}" for number in range(8000)] + ["y" * (2 * MOST_BYTES + 7)]
    with live_log(state, JOB) as progress:
        for line in written:
            progress.build_line(line)
    read: list[str] = []
    position = 0
    while (news := read_live_log(state, JOB, position)).lines:
        read += news.lines
        assert news.position - position <= MOST_BYTES
        position = news.position
    assert read[:8000] == written[:8000]
    assert "".join(read[8000:]) == written[8000]


def test_where_no_build_runs_there_is_nothing(state: ServerState) -> None:
    news = read_live_log(state, "f" * 24, 12)
    assert (news.lines, news.position) == ((), 12)


def test_a_position_behind_the_end_is_no_fault(state: ServerState) -> None:
    with live_log(state, JOB) as progress:
        progress.build_line("one")
    assert read_live_log(state, JOB, 2**53).lines == ()
