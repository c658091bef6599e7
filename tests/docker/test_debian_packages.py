"""Debian packages in an environment's image: where they are installed, and a dependency that builds with them alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.backends.docker import DockerBackend
from harness.backends.docker.dockerfiles.debian_packages import with_debian_packages
from harness.backends.docker.dockerfiles.text import read_dockerfile
from harness.builds.model import BuildResult
from harness.builds.plan import plan_build
from harness.environments import find_environment, write_environment
from harness.progress import Silent
from harness.tasks import read_task

CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"


def keywords(folder: Path) -> list[str]:
    """Return the instructions of the Dockerfile with a package added: keyword and first word."""
    (folder / "new").mkdir()
    text = with_debian_packages(read_dockerfile(folder), ["gcc"])
    (folder / "new" / "Dockerfile").write_text(text)
    instructions = read_dockerfile(folder / "new").instructions
    return [f"{found.keyword} {found.arguments.split()[0]}" for found in instructions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("FROM a\nRUN pip\n", ["FROM a", "RUN apt-get", "RUN pip"], id="plain"),
        pytest.param("FROM a", ["FROM a", "RUN apt-get"], id="nothing but an image"),
        pytest.param(
            "FROM a\nENV A=1\nCOPY x y\nRUN pip\n",
            ["FROM a", "ENV A=1", "RUN apt-get", "COPY x", "RUN pip"],
            id="below what sets values",
        ),
        pytest.param(
            "FROM a\nUSER me:us\nRUN pip\n",
            ["FROM a", "USER me:us", "USER root", "RUN apt-get", "USER me:us", "RUN pip"],
            id="another user",
        ),
        pytest.param(
            "FROM a\nUSER root\nRUN pip\nUSER me\n",
            ["FROM a", "USER root", "RUN apt-get", "RUN pip", "USER me"],
            id="another user later",
        ),
        pytest.param(
            "FROM a AS one\nUSER me\nRUN x\nFROM one\nRUN pip\n",
            ["FROM a", "USER me", "RUN x", "FROM one", "USER root", "RUN apt-get", "USER me", "RUN pip"],
            id="a user of an earlier stage",
        ),
        pytest.param(
            "FROM a AS one\nUSER me\nFROM b\nRUN pip\n",
            ["FROM a", "USER me", "FROM b", "RUN apt-get", "RUN pip"],
            id="a user of a stage that is left",
        ),
        pytest.param("FROM a\n# about it\nRUN <<END\npip\nEND\n", ["FROM a", "RUN apt-get", "RUN <<END"], id="heredoc"),
        pytest.param("# escape=`\nFROM a\nRUN pip\n", ["FROM a", "RUN apt-get", "RUN pip"], id="another escape"),
    ],
)
def test_packages_are_installed_as_root_before_anything_else(text: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    assert keywords(tmp_path) == expected


def test_a_package_in_c_builds_with_a_compiler_and_its_library_alone(
    base_image: str, make_task: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "env_info.json").write_text(json.dumps({"id": "0" * 24, "name": uuid.uuid4().hex}))
    (folder / "Dockerfile").write_text(
        f"FROM {base_image}\nLABEL tried={uuid.uuid4().hex}\nENV PATH=/opt/venv/bin:/usr/bin:/bin:/usr/sbin:/sbin\n"
        "RUN python3 -m venv /opt/venv\n"
    )
    base = find_environment(str(folder))
    packages = ["gcc", "libc6-dev", "libpq-dev", "python3-dev"]
    write_environment(tmp_path / "more", base, packages, with_debian_packages(read_dockerfile(folder), packages))
    task = make_task(CUSTOM, requirements="six==1.17.0\npsycopg2==2.9.9\n")

    without = build(task, folder)
    assert without.diagnosis is not None
    assert without.diagnosis.category == "missing_system_library"
    assert (without.diagnosis.line_number, without.diagnosis.replacement) == (2, "psycopg2-binary==2.9.9")
    assert "--apt build-essential libpq-dev" in (without.diagnosis.suggestion or "")

    assert build(task, tmp_path / "more").succeeded


def build(task: Path, environment: Path) -> BuildResult:
    read = read_task(task)
    plan = plan_build(find_environment(str(environment)), read.requirements, read)
    return DockerBackend().build(plan, Silent())
