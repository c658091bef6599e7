from datetime import UTC, datetime

import pytest

from harness.builds.log import clean_line, frame_log


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("\x1b[91merror\x1b[0m: no\n", "error: no", id="colours"),
        pytest.param("10%\r50%\r100%\r\n", "100%", id="progress bar"),
        pytest.param(
            "GET https://me:secret@index.example/simple/", "GET https://****@index.example/simple/", id="secret"
        ),
        pytest.param("a@b https://index.example/a@b", "a@b https://index.example/a@b", id="an @ that is no credential"),
    ],
)
def test_lines_read_as_on_a_terminal(line: str, expected: str) -> None:
    assert clean_line(line) == expected


def test_the_log_says_when_it_began_and_ended() -> None:
    log = frame_log(
        ["+ six==1.17.0"],
        datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 1, 2, 3, 4, 6, 7, tzinfo=UTC),
        "succeeded",
    )
    assert log == (
        "2026-01-02T03:04:05.000000Z build started\n+ six==1.17.0\n2026-01-02T03:04:06.000007Z build succeeded\n"
    )
