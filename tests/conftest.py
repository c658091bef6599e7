"""Fixtures that every room's tests share."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from browser_support import browser, browser_page, new_page  # noqa: F401 - fixtures, found by their names

from harness.backends.docker.images import Image, list_images, remove_image, upper_first
from harness.builds.model import BuildPlan
from harness.builds.plan import plan_build
from harness.docker_engine import Label, connect
from harness.environments import read_environment
from harness.errors import BackendUnavailable
from harness.requirements import parse_requirements

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def interrupts() -> Iterator[None]:
    """Let the programs that tests start be interrupted, also where a shell runs the tests in the background.

    Such a shell makes them ignore SIGINT, and what is ignored is so for their children, too.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what the tests build out of the user's own cache; a dependency set is still built only once."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("HARNESS_CACHE_DIR")
    os.environ["HARNESS_CACHE_DIR"] = str(folder)
    yield folder
    if before is None:
        del os.environ["HARNESS_CACHE_DIR"]
    else:
        os.environ["HARNESS_CACHE_DIR"] = before


@pytest.fixture(scope="session", autouse=True)
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove the images that the tests have built, and only those; a test may run where there is no engine."""
    before = {image.id for image in images_on_engine()}
    yield
    used = {file.name for file in tmp_path_factory.getbasetemp().glob("**/images/*")}
    new = [image for image in images_on_engine() if image.id not in before and image.labels[Label.DIGEST] in used]
    if new:
        api = connect()
        for image in upper_first(new):
            remove_image(api, image)
        api.close()


def images_on_engine() -> tuple[Image, ...]:
    try:
        api = connect()
    except BackendUnavailable:
        return ()
    found = list_images(api)
    api.close()
    return found


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
    """Give a client of the Docker engine."""
    api = docker.APIClient(timeout=600)
    yield api
    api.close()


@pytest.fixture(scope="session")
def base_image() -> str:
    """Return the name of an image with Python 3.11, made where it is missing."""
    made = subprocess.run([CHECKOUT / "tools" / "make_base_image"], check=True, capture_output=True, text=True)
    name = made.stdout.strip()
    assert name == "task-harness-base:python3.11"
    return name


@pytest.fixture
def make_task(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a task folder from the text of its files and returns its path."""

    def make(
        custom: str, metadata: str = "", requirements: str | None = None, name: str = "task", **others: str
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "custom.py").write_text(custom)
        (folder / "model-metadata.yaml").write_text(metadata or REGRESSION_METADATA)
        if requirements is not None:
            (folder / "requirements.txt").write_text(requirements)
        for file, text in others.items():
            (folder / file).write_text(text)
        return folder

    return make


@pytest.fixture
def make_plan(tmp_path: Path) -> Callable[..., BuildPlan]:
    """Give a function that plans requirements on a base environment of a few packages."""

    def make(requirements: str, base: str = "six==1.17.0\n", constraints: str = "") -> BuildPlan:
        folder = tmp_path / "environment"
        folder.mkdir(exist_ok=True)
        info = {"id": "0" * 24, "name": "Small", "pythonVersion": "3.11"}
        (folder / "env_info.json").write_text(json.dumps(info))
        (folder / "requirements.txt").write_text(base)
        (folder / "constraints.txt").write_text(constraints)
        file = tmp_path / "requirements.txt"
        file.write_text(requirements)
        return plan_build(read_environment(folder), parse_requirements(file))

    return make


REGRESSION_METADATA = "name: tried\ntype: training\ntargetType: regression\n"
