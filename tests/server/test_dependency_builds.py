"""A dependency build is a real one, and its log says what happened, whatever that was."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.backends import Cancellation
from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.errors import Interrupted
from harness.progress import Silent
from harness.records import BuildStatus
from harness.server.dependency_builds import DependencyBuild, build_dependencies

PATIENCE_SECONDS = 60


@pytest.fixture
def environment(tmp_path: Path) -> str:
    """Give the folder of a base environment that is built in a second."""
    folder = tmp_path / "small"
    folder.mkdir()
    # Nobody has built one of this name before, on whatever engine.
    info = {"id": "0" * 24, "name": "Small", "description": uuid.uuid4().hex}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return str(folder)


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """Give the folder of a version that has no task yet."""
    folder = tmp_path / "version"
    folder.mkdir()
    (folder / "README.md").write_text("# To come\n")
    return folder


def built(version: Path, environment: str, backend: str = "venv") -> DependencyBuild:
    return build_dependencies(version, environment, backend, Silent(), Cancellation())


@pytest.mark.parametrize("backend", ["venv", "docker"])
def test_a_version_without_a_task_is_built(backend: str, version: Path) -> None:
    (version / "requirements.txt").write_text("iniconfig==2.0.0\n")
    build = built(version, "python3", backend)
    assert (build.status, build.diagnosis) == (BuildStatus.SUCCESS, None)
    assert "iniconfig" in build.log
    assert build.log.endswith(" build succeeded\n")
    assert build.started < build.ended


def test_without_requirements_the_environment_alone_is_built(version: Path, environment: str) -> None:
    assert built(version, environment).succeeded


def test_a_task_that_does_not_compile_is_built(version: Path, environment: str) -> None:
    (version / "custom.py").write_text("def fit(:\n")
    (version / "requirements.txt").write_text("iniconfig==2.0.0\n")
    assert built(version, environment).succeeded


def test_a_failed_build_is_explained_below_the_installers_log(version: Path, environment: str) -> None:
    file = version / "requirements.txt"
    file.write_text("iniconfig\nsikit-learn==1.4.0\nno-such-package-of-ours\n")
    build = built(version, environment)
    assert build.status is BuildStatus.FAILED
    assert build.diagnosis is not None
    lines = build.log.splitlines()
    own = [line for line in lines if line.startswith("harness: ")]
    assert own[0].startswith("harness: requirements.txt:")
    assert own == lines[-len(own) :]
    assert lines[-len(own) - 1].endswith("Z build failed with exit code 1")
    # Who has only the log is told the same.
    again = diagnose(BuildLog.of(build.log), Facts(Declared.read(file), Declared(), None))
    assert (again.category, again.line_number) == (build.diagnosis.category, build.diagnosis.line_number)
    assert not [line for line in again.evidence if "harness: " in line]


def test_refused_lines_are_all_told(version: Path, environment: str) -> None:
    (version / "requirements.txt").write_text("iniconfig~=2.0.0\nsix\n-e ./six\n")
    build = built(version, environment)
    assert build.status is BuildStatus.FAILED
    first, *refused, last = build.log.splitlines()
    assert first.endswith("Z build started")
    assert last.endswith("Z build failed")
    assert [line.split(": ")[:3] for line in refused] == [
        ["ERROR", "requirements.txt:1", "`iniconfig~=2.0.0`"],
        ["ERROR", "requirements.txt:3", "`-e ./six`"],
    ]
    assert "Write `iniconfig>=2.0.0,<2.1`." in refused[0]


@pytest.mark.parametrize(
    ("files", "environment_name", "backend", "says"),
    [
        pytest.param({}, "python9", "venv", "there is no base environment 'python9'", id="no such environment"),
        pytest.param({}, "python3", "ship", "the backend 'ship' is not available", id="no such backend"),
        pytest.param(
            {"custom.R": b"fit <- function(X, y, output_dir, ...) {}\n"},
            "python3",
            "venv",
            "custom.R: the venv backend builds and runs Python tasks only",
            id="a task in R",
        ),
        pytest.param({"requirements.txt": b"six\0"}, "python3", "venv", "requirements.txt", id="no text"),
    ],
)
def test_what_keeps_a_build_from_being_made_is_in_its_log(
    files: dict[str, bytes], environment_name: str, backend: str, says: str, version: Path, tmp_path: Path
) -> None:
    for name, content in files.items():
        (version / name).write_bytes(content)
    build = built(version, environment_name, backend)
    assert build.status is BuildStatus.FAILED
    assert f"ERROR: {says}" in build.log
    assert str(tmp_path) not in build.log


def test_without_an_engine_the_log_says_so(version: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    build = built(version, "python3", "docker")
    assert build.status is BuildStatus.FAILED
    assert "127.0.0.1:9" in build.log


class Told(Silent):
    """Says when the installer prints its first line."""

    def __init__(self) -> None:
        self.reached = threading.Event()

    def build_line(self, line: str) -> None:
        self.reached.set()


def test_a_cancelled_build_ends_and_leaves_nothing(
    version: Path, environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    (version / "requirements.txt").write_text("toolz==1.0.0\n")
    cancellation, told = Cancellation(), Told()
    with ThreadPoolExecutor(max_workers=1) as pool:
        building = pool.submit(build_dependencies, version, environment, "venv", told, cancellation)
        try:
            assert told.reached.wait(PATIENCE_SECONDS)
        finally:
            cancellation.cancel()
        with pytest.raises(Interrupted):
            building.result(PATIENCE_SECONDS)
    assert list(tmp_path.glob("cache/venvs/*.unfinished")) == []
