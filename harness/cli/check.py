"""`harness check`: what can be judged of a task without building or running anything, as a linter does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.messages import show_error, stderr
from harness.cli.options import JsonOption
from harness.cli.validate import tell, write_formats
from harness.vocabulary import TargetType

if TYPE_CHECKING:
    from harness.reports.model import Report


def check(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="TASK_OR_FILE...", help="Task folders, folders of them, or files in them."),
    ],
    *,
    target_type: Annotated[TargetType | None, typer.Option(help="Only where model-metadata.yaml does not say.")] = None,
    as_json: JsonOption = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, a test case a check.")] = None,
    sarif: Annotated[Path | None, typer.Option(metavar="FILE", help="Write SARIF 2.1.0, for code hosts.")] = None,
) -> None:
    """Judge the files, metadata, hooks and requirements of tasks; nothing is built or run.

    A file stands for the task that it belongs to; files of no task are passed over. The checks, their ids and the exit
    codes are those of `validate`.
    """
    from harness.errors import HarnessError
    from harness.reports import Report
    from harness.static_part import judge_static_part

    folders = _task_folders(paths)
    reports = []
    for folder in folders:
        try:
            report = judge_static_part(folder, target_type)
        except HarnessError as error:
            report = Report.of_error(error, 0.0)
        reports.append(report)
        if not as_json:
            _show(report)
    write_formats(reports, junit=junit, sarif=sarif, summary=None)
    if not reports and not as_json:
        stderr().print("note: none of these files belongs to a task")
    raise typer.Exit(tell(reports, as_json=as_json))


def _task_folders(paths: Iterable[Path]) -> list[Path]:
    """Return the tasks that are meant, each once and in order; raises HarnessError for a path that is not there."""
    from harness.errors import HarnessError
    from harness.tasks.search import enclosing_task_folder, find_task_folders

    folders: list[Path] = []
    for path in paths:
        if path.is_dir():
            try:
                folders += find_task_folders(path)
            except HarnessError:
                folders.append(path)  # Reading it tells what is missing.
        elif (task := enclosing_task_folder(path)) is not None:
            folders.append(task)
        elif not path.exists():
            raise HarnessError("There is no such file or folder.", remedy="Name tasks, or files.", file=str(path))
    by_place: dict[Path, Path] = {}
    for folder in folders:
        by_place.setdefault(folder.resolve(), folder)
    return list(by_place.values())


def _show(report: Report) -> None:
    """Print a line for each finding, as compilers and linters do, with its fix below it."""
    from harness.reports.console import printable
    from harness.reports.places import findings_of, shown_path

    findings = list(findings_of(report))
    if not findings:
        typer.echo(printable(f"{shown_path(report, None)}: passed"))
    for found_by, finding in findings:
        if found_by is None:
            show_error(finding)
            continue
        place = ":".join(str(part) for part in (shown_path(report, finding.file), finding.line, finding.column) if part)
        typer.echo(printable(f"{place}: {finding.severity}: {finding.message} [{found_by.id}]"))
        if finding.remedy:
            typer.echo(printable(f"  fix: {finding.remedy}"))
