"""Which lines of a log a page shows, and what it learns from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.reports.page.logs import choose_lines, find_line, read_lines
from harness.reports.versions import installed_versions


def numbered(lines: list[str]) -> list[tuple[int, str]]:
    return [*enumerate(lines, start=1)]


def test_a_short_log_is_shown_whole_without_colours_and_control_characters() -> None:
    log = choose_lines(
        "build", numbered(["\x1b[31mERROR: no such thing\x1b[0m", "10%\r100%", "a\x07b", "ok\u2028next"])
    )
    assert [line.text for line in log.lines] == ["ERROR: no such thing", "100%", "a\\x07b", "ok\\x2028next"]
    assert [line.kind for line in log.lines] == ["error", "plain", "plain", "plain"]


def test_of_a_long_log_the_ends_the_errors_and_the_evidence_are_shown() -> None:
    lines = [f"line {number}" for number in range(1, 10_001)]
    lines[4_999] = "ERROR: in the middle"
    lines[5_999] = "it was this package that failed"
    log = choose_lines("fit", numbered(lines), ["it was this package that failed"])
    numbers = [line.number for line in log.lines]
    assert log.line_count == 10_000
    assert numbers == [*range(1, 1_001), 5_000, 6_000, *range(8_001, 10_001)]


def test_a_line_too_long_to_read_is_cut() -> None:
    log = choose_lines("fit", numbered(["x" * 100_000]))
    assert log.lines[0].text == "x" * 2_000 + " … (100,000 characters)"


@pytest.mark.parametrize(
    ("evidence", "number"),
    [
        pytest.param("Because foo was not found", 2, id="without the sign before it"),
        pytest.param("No solution found when resolving dependencies", 1, id="without the word before it"),
        pytest.param("gcc: command not found while building the wheel of bar", 3, id="wrapped by the installer"),
        pytest.param("nothing of the kind", None, id="not in the log"),
    ],
)
def test_evidence_leads_to_its_line(evidence: str, number: int | None) -> None:
    lines = [
        "error: No solution found when resolving dependencies",
        "  ╰─▶ Because foo was not found",
        "  │ gcc: command not found while building",
        "  │ the wheel of bar",
    ]
    line = find_line(choose_lines("build", numbered(lines), [evidence]), evidence)
    assert (line.number if line else None) == number


def test_secrets_are_starred_out_of_a_log_file(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"password hunter22\n\xff\n")
    assert [*read_lines(tmp_path / "log.txt", ["hunter22"])] == [(1, "password ****\n"), (2, "\ufffd\n")]


def test_of_a_large_file_the_first_and_the_last_part_are_read(tmp_path: Path) -> None:
    # A hundred bytes a line, the end of line included.
    (tmp_path / "log.txt").write_text("".join(f"{number:099}\n" for number in range(1, 200_001)))
    lines = [*read_lines(tmp_path / "log.txt", [])]
    assert all(number == int(text) for number, text in lines)
    assert lines[0][0] == 1
    assert lines[-1][0] == 200_000
    assert 80_000 < len(lines) < 90_000


def test_a_file_that_is_one_line_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(bytes(20 * 1024 * 1024))
    log = choose_lines("fit", read_lines(tmp_path / "log.txt", []))
    assert log.line_count == 1
    assert log.lines[0].text.startswith("\\x00\\x00")


def test_installed_versions_are_read_as_pip_and_uv_write_them() -> None:
    log = """\
Requirement already satisfied: NumPy<3 in /env/lib/python3.11/site-packages (2.2.6)
Successfully installed click-8.1.7 python-dateutil-2.9.0.post0
 + scikit_learn==1.7.2
 + click==8.2.0
"""
    assert installed_versions(log) == {
        "numpy": "2.2.6",
        "click": "8.2.0",
        "python-dateutil": "2.9.0.post0",
        "scikit-learn": "1.7.2",
    }
