"""`harness diagnose`: a log in, one paragraph or one JSON document out."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from harness.archives import write_logs

LOG = """\
Collecting toolz==1.0.0
ERROR: Invalid requirement: 'more-itertools=10.1' (from line 3 of requirements.txt)
Hint: = is not a valid operator. Did you mean == ?
"""
REQUIREMENTS = "toolz==1.0.0\n# pinned\nmore-itertools=10.1\n"
KEYS = [
    "category",
    "summary",
    "packageName",
    "lineNumber",
    "line",
    "related",
    "suggestion",
    "replacement",
    "evidence",
]


def diagnose(*arguments: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "harness", "diagnose", *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, check=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "build.log"
    file.write_text(LOG)
    return file


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "wanted.txt"
    file.write_text(REQUIREMENTS)
    return file


def test_the_explanation_names_place_cause_and_fix_then_the_proof(log: Path, requirements: Path) -> None:
    done = diagnose(log, "--requirements", requirements, "--exit-code", 1)
    assert done.returncode == 0, done.stderr
    paragraph, *evidence, replacement = done.stdout.decode().splitlines()
    assert paragraph.startswith(f"{requirements}:3: `more-itertools=10.1`: ")
    assert "more-itertools==10.1" in paragraph
    assert evidence == [f"    {line}" for line in LOG.splitlines()[1:]]
    assert replacement == "replace line 3 by: more-itertools==10.1"


def test_json_has_the_keys_of_a_diagnosis(log: Path, requirements: Path) -> None:
    done = diagnose(log, "--requirements", requirements, "--json")
    document = json.loads(done.stdout)
    assert list(document) == KEYS
    assert document["category"] == "invalid_syntax"
    assert document["lineNumber"] == 3
    assert document["replacement"] == "more-itertools==10.1"


def test_without_the_requirements_the_line_is_what_the_log_quotes(log: Path) -> None:
    document = json.loads(diagnose(log, "--json").stdout)
    assert (document["lineNumber"], document["line"]) == (3, "more-itertools=10.1")


def packed(content: bytes, name: str = "build.log") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LOG.encode(), id="plain"),
        pytest.param(gzip.compress(LOG.encode()), id="compressed"),
        pytest.param(packed(LOG.encode()), id="archive"),
        pytest.param(gzip.decompress(packed(LOG.encode(), "logs/dependency_build.txt")), id="archive, not compressed"),
        pytest.param(LOG.encode("utf-16"), id="UTF-16"),
    ],
)
@pytest.mark.parametrize("how", ["file", "standard input"])
def test_a_log_is_read_as_people_have_it(content: bytes, how: str, tmp_path: Path) -> None:
    file = tmp_path / "captured"
    file.write_bytes(content)
    done = diagnose("-", "--json", given=content) if how == "standard input" else diagnose(file, "--json")
    assert json.loads(done.stdout)["category"] == "invalid_syntax"


def test_of_an_archive_with_all_logs_the_build_log_is_taken(tmp_path: Path) -> None:
    others = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n" * 100
    archive = write_logs(tmp_path, {"build.log": LOG, "checks.log": others, "fit.log": others})
    assert json.loads(diagnose(archive, "--json").stdout)["category"] == "invalid_syntax"


def test_a_build_that_succeeded_is_told_so_and_ends_with_0() -> None:
    done = diagnose("-", given=b"Collecting toolz\nSuccessfully installed toolz-1.0.0\n")
    assert (done.returncode, done.stdout.decode()) == (0, "The build succeeded.\n")


def test_an_unknown_failure_ends_with_0_too() -> None:
    done = diagnose("-", "--json", "--exit-code", "1", given=b"something odd\n")
    assert done.returncode == 0
    assert json.loads(done.stdout)["category"] == "unknown"


@pytest.mark.parametrize(("exit_code", "category"), [(137, "out_of_memory"), (124, "timeout")])
def test_an_exit_code_can_tell_all(exit_code: int, category: str) -> None:
    done = diagnose("-", "--json", "--exit-code", exit_code, given=b"Collecting toolz\n  Downloading toolz.whl\n")
    assert json.loads(done.stdout)["category"] == category


def test_requirements_that_are_no_text_are_part_of_the_diagnosis(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_bytes(b"toolz\nsix  # caf\xe9\n")
    given = b"error: failed to decode file `requirements.txt`: stream did not contain valid UTF-8\n"
    done = diagnose("-", "--json", "--requirements", requirements, given=given)
    document = json.loads(done.stdout)
    assert (document["category"], document["lineNumber"]) == ("bad_encoding", 2)


@pytest.mark.parametrize("which", ["log", "--requirements", "--constraints"])
@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_one_clear_error(which: str, kind: str, tmp_path: Path, log: Path) -> None:
    file = tmp_path / "gone" if kind == "missing" else tmp_path
    done = diagnose(file) if which == "log" else diagnose(log, which, file)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith(f"error: {file}")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "content", [gzip.compress(LOG.encode() * 100)[:-20], b"\x1f\x8bnot compressed", packed(b"")[:60]]
)
def test_a_damaged_archive_is_one_clear_error(content: bytes) -> None:
    done = diagnose("-", given=content)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: -: the archive is damaged")


def test_control_characters_of_a_log_do_not_reach_the_terminal(tmp_path: Path) -> None:
    given = b"ERROR: Invalid requirement: 'x=\x9b2J\x07' (from line 1 of requirements.txt)\n"
    assert b"\x07" not in diagnose("-", given=given).stdout
