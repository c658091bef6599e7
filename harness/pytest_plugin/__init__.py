"""A plugin of pytest: `pytest --task FOLDER` makes each check of a task a test; a fixture `task` is for own tests.

pytest loads this module in every run on a machine that has the harness, so it imports nothing that takes time; the rest
of the room is imported once a task is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.pytest_plugin.fixture import TaskUnderTest
    from harness.pytest_plugin.validations import Validations

# What --task-NAME and the ini key harness_NAME set: the fields of harness.Settings, and their help.
OPTIONS = {
    "backend": "where to build and run: auto, docker or venv",
    "env": "base environment: a name, an id, a folder or image:TAG",
    "input": "sample data, in place of the task's own and of the bundled",
    "target": "the target column of the sample data",
    "timeout": "seconds that a stage may take at most",
}
HELP = "collect the checks of a task folder, or of the task folders in a folder; may be given several times"
MARKER = "task(folder, ...): give the fixture `task` these task folders; relative to the root folder of pytest"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each with an ini key of the same meaning."""
    group = parser.getgroup("harness", "validation of custom tasks")
    group.addoption("--task", action="append", default=[], metavar="FOLDER", dest="harness_tasks", help=HELP)
    for name, text in OPTIONS.items():
        group.addoption(f"--task-{name}", metavar=name.upper(), dest=f"harness_{name}", help=text)
        parser.addini(f"harness_{name}", text)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and where tasks are asked for, what collects them."""
    config.addinivalue_line("markers", MARKER)
    if config.getoption("harness_tasks"):
        from harness.pytest_plugin.collection import TaskCollection

        config.pluginmanager.register(TaskCollection(config, validations_of(config)), "harness-tasks")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses the fixture `task` once for each task of its marker, else of the command line."""
    if "harness_task_folder" in metafunc.fixturenames:
        from harness.pytest_plugin.fixture import folders_for

        folders = folders_for(metafunc)
        metafunc.parametrize("harness_task_folder", folders.values(), ids=folders, indirect=True, scope="session")


@pytest.fixture(scope="session")
def harness_task_folder(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the task that the test is run for."""
    folder: Path | str = request.param
    if isinstance(folder, str):
        pytest.fail(folder, pytrace=False)
    return folder


@pytest.fixture(scope="session")
def task(
    harness_task_folder: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> TaskUnderTest:
    """A task of the harness: `task.path`, `task.validate(input=..., target=...)`, `task.report`, `task.predictions`."""
    from harness.pytest_plugin.fixture import TaskUnderTest

    return TaskUnderTest(harness_task_folder, validations_of(pytestconfig), tmp_path_factory)


def validations_of(config: pytest.Config) -> Validations:
    """Return what this run has validated so far."""
    from harness.pytest_plugin.validations import Validations

    plugin = config.pluginmanager.get_plugin("harness-validations")
    if plugin is None:
        plugin = Validations(config)
        config.pluginmanager.register(plugin, "harness-validations")
    assert isinstance(plugin, Validations)
    return plugin
