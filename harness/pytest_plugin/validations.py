"""What a session of pytest validates: each task once for the same options."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError
from harness.pytest_plugin import OPTIONS

if TYPE_CHECKING:
    from harness.reports.model import Report
    from harness.settings import Settings

_SETTINGS = {"env": "environment", "timeout": "timeout_seconds"}
_XDIST_WORKER = "PYTEST_XDIST_WORKER"


class Validations:
    """The reports of a session, made when they are first asked for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._reports: dict[tuple[Path, str], Report] = {}

    def report_of(self, folder: Path) -> Report:
        """Return the report with the options of the session; its results lie where the command `validate` puts them.

        Raises HarnessError for what is no judgement on the task.
        """
        return self._validate(folder, self._settings({}), lambda: _worker_output(folder))

    def validate(self, folder: Path, options: dict[str, Any], output: Callable[[], Path]) -> Report:
        """Return the report with these options, and the session's for the rest.

        output: makes the folder for the results, where a validation is to be made. Raises HarnessError as `report_of`.
        """
        settings = self._settings(options)
        if settings == self._settings({}):
            return self.report_of(folder)
        return self._validate(folder, settings, output)

    def _validate(self, folder: Path, settings: Settings, output: Callable[[], Path | None]) -> Report:
        from harness.pipeline import validate

        key = (folder, repr(settings))
        if key not in self._reports:
            with warnings.catch_warnings():
                # How strict a suite is with its own code is not meant for the libraries that the harness uses.
                warnings.simplefilter("ignore")
                self._reports[key] = validate(folder, replace(settings, output=settings.output or output()))
        return self._reports[key]

    def _settings(self, options: dict[str, Any]) -> Settings:
        from harness.settings import Settings

        of_session = {_SETTINGS.get(name, name): value for name in OPTIONS if (value := self._value(name)) is not None}
        return Settings(**{**of_session, **options})

    def _value(self, name: str) -> Any:
        given = self._config.getoption(f"harness_{name}")
        at = self._config.invocation_params.dir
        if given is None:
            given = self._config.getini(f"harness_{name}") or None
            at = self._config.rootpath
        if given is None:
            return None
        if name == "timeout":
            return _seconds(given)
        if name == "input" or (name == "env" and (at / given).is_dir()):
            return at / given if name == "input" else str(at / given)
        return given


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise HarnessError(
            f"a time limit of {text!r} is no number of seconds", remedy="Give --task-timeout a number."
        ) from None


def _worker_output(folder: Path) -> Path | None:
    """Return a folder of its own for a process of pytest-xdist: another may validate the same task at the same time."""
    worker = os.environ.get(_XDIST_WORKER)
    if worker is None:
        return None
    from harness.output import default_output
    from harness.tasks import read_task

    return default_output(read_task(folder)) / worker
