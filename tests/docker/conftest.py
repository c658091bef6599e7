"""The engine that the tests of this folder need, and an image on it with Python."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.APIClient]:
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
