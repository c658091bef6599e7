"""The fixture `task`: a task folder that a test can validate in its own ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.pytest_plugin.folders import task_folders
from harness.pytest_plugin.validations import Validations

if TYPE_CHECKING:
    import pandas as pd

    from harness.reports.model import Report

NO_TASK = (
    'There is no task for the fixture "task". Give --task FOLDER, or mark the test with @pytest.mark.task("FOLDER").'
)


def folders_for(metafunc: pytest.Metafunc) -> dict[str, Path | str]:
    """Return the task folders that a test is to be run for: those of its markers, else those of the command line.

    Where there is none, the only value is the message that says so, for the test to fail with.
    """
    config = metafunc.config
    marked = [str(path) for marker in metafunc.definition.iter_markers("task") for path in marker.args]
    at = config.rootpath if marked else config.invocation_params.dir
    try:
        folders: dict[str, Path | str] = {**task_folders(marked or config.getoption("harness_tasks"), at, config)}
    except HarnessError as error:
        folders = {"no task": str(error)}
    return folders or {"no task": NO_TASK}


def _ask(validation: Callable[[], Report]) -> Report:
    """Return the report; an error ends the test where that asked, without the way it took through the harness."""
    __tracebackhide__ = True
    try:
        return validation()
    except HarnessError as error:
        raise error.with_traceback(None) from None


class TaskUnderTest:
    """One task folder. A validation with the same options is made once in a session."""

    def __init__(self, path: Path, validations: Validations, folders: pytest.TempPathFactory) -> None:
        self.path = path
        self._validations = validations
        self._folders = folders

    def __repr__(self) -> str:
        return f"<task {self.path}>"

    def validate(self, **options: Any) -> Report:
        """Return the report of a validation: `task.validate(input="train.csv", target="price")`.

        options: the fields of harness.Settings, in place of those that the session has. Raises HarnessError for what is
        no judgement on the task.
        """
        __tracebackhide__ = True
        return _ask(lambda: self._validations.validate(self.path, options, lambda: self._folders.mktemp("task")))

    @property
    def report(self) -> Report:
        """Return the report with the options of the command line and the ini file."""
        __tracebackhide__ = True
        return _ask(lambda: self._validations.report_of(self.path))

    @property
    def predictions(self) -> pd.DataFrame:
        """Return what an estimator predicts for all rows; raises LookupError where it came to no predictions."""
        import pandas as pd

        __tracebackhide__ = True
        report = self.report
        if report.outputs.predictions is None:
            raise LookupError(f"{self.path} left no predictions: its verdict is {report.verdict}")
        return pd.read_csv(report.outputs.predictions)
