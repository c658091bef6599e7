"""Builds of real packages that fail, on every backend: each kind of failure that can be had there, and its line.

Kinds that need another machine, such as a full disk, have recorded logs in tests/builds/logs/; what installs and cannot
be imported is in test_import_check.py.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.backends import BACKENDS, Backend
from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.builds.model import BuildResult
from harness.builds.plan import plan_build
from harness.environments import Environment, read_environment
from harness.progress import Silent
from harness.records import BuildStatus
from harness.requirements import parse_requirements

ENVIRONMENTS = Path(__file__).parents[2] / "environments"
NO_HASH = "0" * 64
UNREACHABLE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "UV_HTTP_RETRIES": "0"}


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]()


@pytest.fixture
def environment() -> Environment:
    """Give the bundled environment that other tests use as well, so that it is built once."""
    return read_environment(ENVIRONMENTS / "python3")


def build(backend: Backend, environment: Environment, folder: Path, text: str) -> BuildResult:
    file = folder / "requirements.txt"
    file.write_text(text)
    return backend.build(plan_build(environment, parse_requirements(file)), Silent())


@pytest.mark.parametrize(
    ("requirements", "category", "line", "related"),
    [
        pytest.param("six\ncv2\n", "no_such_package", 2, [], id="an import name"),
        pytest.param("six\nsklearn\n", "deprecated_package", 2, [], id="a stub"),
        pytest.param("six\n\ntoolz==1.0.3\n", "no_such_version", 3, [], id="no such version"),
        pytest.param("attrs>=21.1,<21.2\n", "yanked_version", 1, [], id="withdrawn"),
        pytest.param("six\nnumpy>=2.5\n", "python_version_mismatch", 2, [], id="newer Python"),
        pytest.param("pywin32\n", "no_compatible_wheel", 1, [], id="another system"),
        pytest.param("h11==0.9.0\nhttpx==0.23.3\n", "conflicting_lines", 2, [1], id="a line and what another needs"),
        pytest.param(
            "click==8.1.7\nsix\nclick==7.1.2\n", "duplicate_requirement", 3, [1], id="two lines of one package"
        ),
        pytest.param("flask==1.1.4\nblack==23.1.0\n", "transitive_conflict", 1, [2], id="two lines on a third package"),
        pytest.param("wsgiref==0.1.2\n", "broken_build_script", 1, [], id="Python 2"),
        pytest.param("six\npycocotools==2.0.0\n", "missing_build_dependency", 2, [], id="isolation"),
        pytest.param(f"six\ntoolz==1.0.0 --hash=sha256:{NO_HASH}\n", "hash_missing", 1, [], id="one hash"),
        pytest.param(f"toolz==1.0.0 --hash=sha256:{NO_HASH}\n", "hash_mismatch", 1, [], id="another hash"),
    ],
)
def test_the_failure_is_named_with_its_line(
    backend: Backend,
    environment: Environment,
    tmp_path: Path,
    requirements: str,
    category: str,
    line: int,
    related: list[int],
) -> None:
    done = build(backend, environment, tmp_path, requirements)
    assert done.status is BuildStatus.FAILED
    assert done.diagnosis is not None
    found = done.diagnosis
    assert (found.category, found.line_number, [one.line_number for one in found.related]) == (category, line, related)


def test_a_pin_of_the_environment(backend: Backend, environment: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "pinned"
    assert environment.folder is not None
    shutil.copytree(environment.folder, folder)
    information = json.loads((folder / "env_info.json").read_text())
    (folder / "env_info.json").write_text(json.dumps({**information, "name": "Pinned"}))
    (folder / "constraints.txt").write_text("click==8.1.7\n")
    done = build(backend, read_environment(folder), tmp_path, "six\nflask==1.1.4\n")
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == ("base_conflict", 2)
    assert [one.package_name for one in done.diagnosis.related] == ["click"]


def test_an_index_out_of_reach(
    backend: Backend, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert build(backend, environment, tmp_path, "").status is BuildStatus.SUCCESS
    for name, value in UNREACHABLE.items():
        monkeypatch.setenv(name, value)
    done = build(backend, environment, tmp_path, "toolz==1.0.0\n")
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == ("network_unreachable", None)


@pytest.mark.parametrize(
    ("requirement", "category"),
    [("Python_Levenshtein==0.12.2", "missing_compiler"), ("psycopg2==2.9.9", "missing_system_library")],
)
def test_an_image_lacks_what_a_source_needs(
    base_image: str, environment: Environment, tmp_path: Path, requirement: str, category: str
) -> None:
    assert base_image
    done = build(BACKENDS["docker"](), environment, tmp_path, f"six\n{requirement}\n")
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == (category, 2)
    assert done.diagnosis.suggestion


def test_what_the_log_alone_tells_is_the_same(backend: Backend, environment: Environment, tmp_path: Path) -> None:
    """A user who keeps the log and asks later gets the same answer."""
    done = build(backend, environment, tmp_path, "six\n\ntoolz==1.0.3\n")
    again = diagnose(BuildLog.of(done.log), Facts(Declared.read(tmp_path / "requirements.txt"), Declared()))
    assert done.diagnosis == again
