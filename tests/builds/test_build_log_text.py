"""However a log was captured, its text is the installer's own."""

from __future__ import annotations

import codecs
import json

import pytest

from harness.builds.diagnosis import BuildLog
from harness.builds.diagnosis.anchors import KEPT_PLACES, register
from harness.builds.diagnosis.build_log import LONGEST_LINE

ERROR = "ERROR: No matching distribution found for toolz==99"
TEXT = f"Collecting toolz==99\n  Downloading toolz.whl (1.2 MB)\n{ERROR}\n"
STAMP = "2024-05-06T07:08:09.1234567Z"


def lines_with(prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in TEXT.splitlines())


@pytest.mark.parametrize(
    "captured",
    [
        pytest.param(TEXT.encode(), id="plain"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), id="UTF-8 with a mark"),
        pytest.param(TEXT.encode("utf-16"), id="UTF-16 with a mark"),
        pytest.param(TEXT.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="UTF-16, the other way round"),
        pytest.param(TEXT.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(TEXT.replace("ERROR:", "\x1b[1;31mERROR:\x1b[0m").encode(), id="colours"),
        pytest.param(TEXT.replace("ERROR:", "\x1b]8;;http://x\x1b\\ERROR:\x1b]8;;\x07").encode(), id="links"),
        pytest.param(TEXT.replace("ERROR:", "[31mERROR:[0m").encode(), id="colours without their escape"),
        pytest.param(TEXT.replace("ERROR:", "-\b\\\b|\bERROR:").encode(), id="a spinner"),
        pytest.param(TEXT.replace("ERROR", "ER\0ROR").encode(), id="zero bytes"),
        pytest.param(lines_with("#12 3.456 ").encode(), id="BuildKit"),
        pytest.param(f"#12 [4/5] RUN pip install\n{lines_with('#12 3.456 ')}".encode(), id="BuildKit with a step"),
        pytest.param(lines_with(f"{STAMP} ").encode(), id="times"),
        pytest.param(lines_with(f"{STAMP} #12 3.456 ").encode(), id="times before BuildKit's steps"),
        pytest.param(lines_with("[2024-05-06 07:08:09,123] ").encode(), id="times in brackets"),
        pytest.param(lines_with("2024-05-06 07:08:09 [INFO] ").encode(), id="times and levels"),
        pytest.param(lines_with("07:08:09 ").encode(), id="times of day"),
        pytest.param(lines_with("web-1  | ").encode(), id="names of containers"),
        pytest.param(lines_with("remote: ").encode(), id="a remote side"),
        pytest.param(lines_with('Step #0 - "image": ').encode(), id="steps of a hosted build"),
        pytest.param(lines_with("May  6 07:08:09 host docker[12]: ").encode(), id="the system's log"),
        pytest.param(
            b"".join(b"\x01\0\0\0\0\0\0" + bytes([len(line)]) + line for line in TEXT.encode().splitlines(True)),
            id="the engine's frames",
        ),
        pytest.param(
            "".join(json.dumps({"stream": line}) + "\r\n" for line in TEXT.splitlines(keepends=True)).encode(),
            id="the engine's stream of a build",
        ),
        pytest.param(
            "".join(json.dumps({"log": line, "stream": "stdout"}) + "\n" for line in TEXT.splitlines(True)).encode(),
            id="the engine's log file",
        ),
        pytest.param(repr(TEXT)[1:-1].encode(), id="one text of a program"),
    ],
)
def test_the_text_is_the_installers(captured: bytes) -> None:
    lines = BuildLog.of(captured).text.splitlines()
    assert [line for line in lines if not line.startswith("[4/5]")] == TEXT.splitlines()


def test_the_seconds_of_buildkits_summary_go() -> None:
    log = f"#12 3.4 Collecting toolz\n------\n > [4/5] RUN pip install:\n0.567 {ERROR}\n------\n"
    assert ERROR in BuildLog.of(log).text.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("1.25 MB were downloaded", id="a number at its beginning"),
        pytest.param("#1 is the best of all", id="a hash sign"),
        pytest.param("12345 |   static PyObject *x;", id="a compiler's line number"),
        pytest.param("setup.py | 3 +++", id="a bar"),
        pytest.param("[notice] A new release of pip is available", id="brackets"),
        pytest.param("07:08:09 is the time", id="a time of day"),
        pytest.param("packages[0], x[1m]", id="an index that looks like a colour"),
    ],
)
def test_words_that_look_like_a_prefix_stay(line: str) -> None:
    log = f"Collecting toolz\n  Downloading toolz.whl\n{line}\nDone\n"
    assert BuildLog.of(log).text == log


def test_an_error_behind_a_time_keeps_its_first_word() -> None:
    assert BuildLog.of(f"{STAMP} {ERROR}\n").text == f"{ERROR}\n"


def test_each_state_of_a_progress_bar_is_a_line() -> None:
    log = BuildLog.of("\r  10%\r  20%\rERROR: broken\n")
    assert log.text.splitlines()[-1] == "ERROR: broken"


def test_passwords_in_addresses_become_stars() -> None:
    log = BuildLog.of("Looking in indexes: https://reader:secret@index.example/simple, http://token@b.example\n")
    assert log.text == "Looking in indexes: https://****@index.example/simple, http://****@b.example\n"


def test_bytes_that_are_no_text_do_not_hide_what_follows() -> None:
    assert BuildLog.of(b"caf\xe9 \xff\xfe\x80\n" + ERROR.encode()).text.splitlines()[-1] == ERROR


def test_a_text_with_half_a_character_is_read() -> None:
    assert BuildLog.of(f"\ud83d {ERROR}").text.endswith(ERROR)


@pytest.mark.parametrize("content", [b"", b"\n", b"\0", b"\x1b[", b"\xff\xfe", b'{"stream":', b"\x1f\x8b"])
def test_next_to_nothing_is_a_log_too(content: bytes) -> None:
    assert len(BuildLog.of(content).text) <= len(content) + 1


def test_a_line_of_megabytes_is_broken_and_nothing_of_it_is_lost() -> None:
    log = BuildLog.of("x" * 3_000_000 + ERROR)
    assert max(map(len, log.text.splitlines())) == LONGEST_LINE
    assert log.text.replace("\n", "") == "x" * 3_000_000 + ERROR


def test_places_are_told_from_the_last_to_the_first() -> None:
    register("a needle")
    log = BuildLog.of("a needle\n\u00d7 a needle\nand a needle, a pin\n")
    assert list(log.places("a needle")) == [24, 11, 0]
    assert list(log.places("a pin")) == [34]
    assert list(log.places("nothing")) == []


def test_all_of_very_many_places_are_told() -> None:
    register("a needle")
    log = BuildLog.of("a needle\n" * (KEPT_PLACES * 3))
    assert list(log.places("a needle")) == [9 * number for number in reversed(range(KEPT_PLACES * 3))]


def test_an_anchor_with_other_characters_is_found_and_no_other_text() -> None:
    register("\u00d7 No", "? No")
    log = BuildLog.of("\u00d7 No\n\u2502 No\n? No\n")
    assert list(log.places("\u00d7 No")) == [0]
    assert list(log.places("? No")) == [10]


def test_lines_around_a_place() -> None:
    log = BuildLog.of("one\ntwo\nthree\nfour\n")
    place = log.text.index("three")
    assert log.line_at(place + 2) == "three"
    assert log.block(place, 2) == "three\nfour"
    assert log.before(place, 5) == ("one", "two")
