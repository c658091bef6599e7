"""The tests that `--task` adds: a collector a task, and an item a check, `tasks/churn::fit`.

A task is validated when the first of its items is set up, so that collecting costs nothing, and what keeps it from
being judged is an error of every item.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.checks import CHECKS
from harness.errors import HarnessError
from harness.pytest_plugin.folders import node_id, task_folders
from harness.pytest_plugin.outcomes import Told, judge, tell_error
from harness.pytest_plugin.validations import Validations
from harness.tasks.search import code_file

if TYPE_CHECKING:
    from harness.reports.model import Report

# Between the parts of a node id.
SEPARATOR = "::"


class TaskCollection:
    """Adds the tasks of `--task` to what the session collects.

    An argument that names a check of one of them, such as `tasks/churn::fit`, selects it. pytest knows no parts of
    folders, so these arguments are taken out of its own, and kept among its options for the processes of pytest-xdist.
    """

    def __init__(self, config: pytest.Config, validations: Validations) -> None:
        self._validations = validations
        try:
            self._folders = task_folders(config.getoption("harness_tasks"), config.invocation_params.dir, config)
        except HarnessError as error:
            raise pytest.UsageError(f"--task {error}") from None
        self._selected = self._take_selected(config)

    def _take_selected(self, config: pytest.Config) -> frozenset[str]:
        at = config.invocation_params.dir
        selected: list[str] = vars(config.option).setdefault("harness_selected", [])
        others = []
        for argument in config.args:
            path, separator, check = argument.partition(SEPARATOR)
            task = node_id((at / path).resolve(), config)
            if separator and task in self._folders:
                if check not in {check.id for check in CHECKS}:
                    raise pytest.UsageError(f"not found: {argument}: there is no such check")
                selected.append(f"{task}{SEPARATOR}{check}")
            else:
                others.append(argument)
        config.args[:] = others
        return frozenset(selected)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put the tasks behind what the session collects by itself."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result.extend(self._tasks(collector))
        return report

    def _tasks(self, session: pytest.Session) -> Iterator[TaskNode]:
        selected = {wanted.rpartition(SEPARATOR)[0] for wanted in self._selected}
        for task, folder in self._folders.items():
            if not selected or task in selected:
                node: TaskNode = TaskNode.from_parent(session, name=task, path=folder, nodeid=task)
                node.validations = self._validations
                node.selected = self._selected
                yield node

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let a report speak of the task's file and line, where pytest takes those of the line that raised."""
        report = yield
        if isinstance(item, CheckItem):
            item.place(report)
        return report


class TaskNode(pytest.Directory):
    """One task, whose checks are the items. It is validated when the first of them is set up."""

    validations: Validations
    selected: frozenset[str]
    report: Report
    not_judged: Told | None = None

    def collect(self) -> Iterator[CheckItem]:
        """Yield an item for each check, or for each that an argument of the command line names."""
        for check in CHECKS:
            item: CheckItem = CheckItem.from_parent(self, name=check.id)
            if not self.selected or item.nodeid in self.selected:
                yield item

    def setup(self) -> None:
        """Validate the task; what keeps it from being judged is an error of each item."""
        __tracebackhide__ = True
        try:
            self.report = self.validations.report_of(self.path)
        except HarnessError as error:
            self.not_judged = tell_error(error, self.path)
        if self.not_judged is not None:
            self.not_judged.end()


class CheckItem(pytest.Item):
    """One check of a task."""

    _told: Told | None = None

    def runtest(self) -> None:
        """Pass, fail, skip or warn as the check did."""
        __tracebackhide__ = True
        assert isinstance(self.parent, TaskNode)
        self._told = judge(self.parent.report, self.name)
        self._told.end()

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the task's code file, which exists in every task."""
        return code_file(self.path), 0, self.nodeid

    def place(self, report: pytest.TestReport) -> None:
        """Put the place that was told into the report."""
        assert isinstance(self.parent, TaskNode)
        told = self._told or self.parent.not_judged
        if told is not None:
            told.place(report)
