"""Which edit makes which image layers anew: the plan says so without an engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.builds.layers import ImageLayers, image_layers, read_context
from harness.builds.model import BuildOptions
from harness.builds.plan import plan_build
from harness.environments import read_environment
from harness.tasks import read_task

MakeTask = Callable[..., Path]
BASE = "sha256:" + "0" * 64


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = tmp_path / "environment"
    folder.mkdir()
    (folder / "env_info.json").write_text(json.dumps({"id": "0" * 24, "name": "Small"}))
    (folder / "Dockerfile").write_text("FROM python:3.11\n")
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return folder


@pytest.fixture
def task(make_task: MakeTask) -> Path:
    return make_task("def fit(X, y, output_dir, **kwargs):\n    pass\n", requirements="iniconfig>=2\ntoolz==1.0.0\n")


def layers(environment: Path, task: Path, base: str = BASE, **build_args: str) -> ImageLayers:
    read = read_task(task)
    plan = plan_build(read_environment(environment), read.requirements, read, BuildOptions(build_args))
    return image_layers(plan, base, read_context(environment))


def changed(before: ImageLayers, after: ImageLayers) -> list[str]:
    names = ("environment", "dependencies", "task")
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def test_the_same_folders_have_the_same_layers(environment: Path, task: Path) -> None:
    assert changed(layers(environment, task), layers(environment, task)) == []


def test_an_edit_of_the_code_makes_the_last_layer_anew(environment: Path, task: Path) -> None:
    before = layers(environment, task)
    (task / "custom.py").write_text("def fit(X, y, output_dir, **kwargs):\n    return None\n")
    assert changed(before, layers(environment, task)) == ["task"]


def test_a_new_file_makes_the_last_layer_anew(environment: Path, task: Path) -> None:
    before = layers(environment, task)
    (task / "helper.py").write_text("")
    assert changed(before, layers(environment, task)) == ["task"]


def test_comments_order_and_spelling_of_requirements_make_no_dependencies_anew(environment: Path, task: Path) -> None:
    before = layers(environment, task)
    (task / "requirements.txt").write_text("# tools\nToolz == 1.0.0\n\niniconfig >= 2\n")
    assert changed(before, layers(environment, task)) == ["task"]


def test_another_requirement_makes_dependencies_and_task_anew(environment: Path, task: Path) -> None:
    before = layers(environment, task)
    (task / "requirements.txt").write_text("iniconfig>=2\n")
    assert changed(before, layers(environment, task)) == ["dependencies", "task"]


@pytest.mark.parametrize("name", ["Dockerfile", "requirements.txt", "constraints.txt", "fit.sh"])
def test_any_file_of_the_environment_makes_everything_anew(name: str, environment: Path, task: Path) -> None:
    before = layers(environment, task)
    (environment / name).write_text("six==1.16.0\n" if name.endswith(".txt") else "FROM python:3.12\n")
    assert changed(before, layers(environment, task)) == ["environment", "dependencies", "task"]


def test_another_base_image_makes_everything_anew(environment: Path, task: Path) -> None:
    other = layers(environment, task, base="sha256:" + "1" * 64)
    assert changed(layers(environment, task), other) == ["environment", "dependencies", "task"]


def test_another_build_argument_makes_everything_anew(environment: Path, task: Path) -> None:
    other = layers(environment, task, REGION="north")
    assert changed(layers(environment, task), other) == ["environment", "dependencies", "task"]
