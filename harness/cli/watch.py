"""`harness validate --watch`: what a person sees of the rounds, on a terminal or in a log."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.messages import Notes, show_error
from harness.cli.validate import validate_one, write_formats
from harness.errors import HarnessError
from harness.reports.console import show_report, stdout
from harness.reports.page import write_page
from harness.watching import Change, Places, Round, slower_stages, watch
from harness.watching.decision import in_words

if TYPE_CHECKING:
    from harness.reports.model import Report
    from harness.reports.page import Page
    from harness.settings import Settings
    from harness.workbench import Workbench


def watch_task(
    tasks: list[Path],
    settings: Settings,
    *,
    as_json: bool,
    verbose: bool,
    html: Path | None,
    junit: Path | None,
    sarif: Path | None,
    summary: Path | None,
) -> int:
    """Validate the task now and after every save until Ctrl-C; return the exit code where no save can help.

    Raises HarnessError for several tasks and for --summary, of which there would be no end.
    """
    if len(tasks) > 1:
        raise HarnessError("--watch takes one task", remedy="Watch each in a terminal of its own.")
    if summary is not None:
        raise HarnessError(
            "--summary would grow with every round of --watch", remedy="Use --junit or --sarif, which are written anew."
        )
    (folder,) = tasks
    formats = tuple(file for file in (html, junit, sarif) if file is not None)
    pages: list[Page] = []
    rounds = _Rounds(folder, settings, pages)
    screen = _Screen(folder, pages, as_json=as_json, verbose=verbose, html=html, junit=junit, sarif=sarif)
    return watch(Places.of(folder, settings, formats), rounds.judge, screen)


class _Rounds:
    """The validations one after the other. What is to be fetched anew is fetched in the first one alone."""

    def __init__(self, folder: Path, settings: Settings, pages: list[Page]) -> None:
        self._folder = folder
        self._settings = settings
        self._pages = pages

    def judge(self, under_way: Round, workbench: Workbench) -> Report:
        self._pages.clear()
        report = validate_one(
            self._folder, self._settings, self._settings.output, self._pages.append, under_way, workbench
        )
        if report.build is not None:
            self._settings = replace(self._settings, no_cache=False, pull=False)
        return report


class _Screen:
    """On a terminal one screen a round; elsewhere lines one after the other, or one JSON document a line."""

    def __init__(
        self,
        folder: Path,
        pages: list[Page],
        *,
        as_json: bool,
        verbose: bool,
        html: Path | None,
        junit: Path | None,
        sarif: Path | None,
    ) -> None:
        self._folder = folder
        self._pages = pages
        self._html = html
        self._as_json = as_json
        self._verbose = verbose
        self._junit = junit
        self._sarif = sarif
        self._console = stdout()
        self._before: Report | None = None

    def show(self, report: Report, changes: tuple[Change, ...]) -> None:
        if self._as_json:
            typer.echo(report.model_dump_json(by_alias=True))
        else:
            self._show_to_person(report, changes)
        sys.stdout.flush()
        self._before = report

    def _show_to_person(self, report: Report, changes: tuple[Change, ...]) -> None:
        console = self._console
        if console.is_terminal:
            console.clear()
        time = datetime.now(UTC).astimezone().strftime("%H:%M:%S")
        console.print(f"{time}  {in_words(changes) or self._folder}", style="dim", highlight=False, soft_wrap=True)
        if report.error is not None:
            show_error(report.error.finding)
        else:
            show_report(report, console, verbose=self._verbose)
        for sentence in slower_stages(self._before, report) if self._before else ():
            console.print(f"  slower: {sentence}", style="yellow", highlight=False, soft_wrap=True)
        if console.is_terminal or self._before is None:
            console.print("waiting for the next save; Ctrl-C ends", style="dim", highlight=False)

    def keep(self, report: Report) -> None:
        try:
            write_formats([report], junit=self._junit, sarif=self._sarif, summary=None)
            own = [page for page in self._pages if page.report is report]
            if self._html is not None and own:
                write_page(self._html, own)
        except HarnessError as error:
            show_error(error.finding)

    def note(self, text: str) -> None:
        Notes().note(text)
