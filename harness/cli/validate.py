"""`harness validate`: the whole way from a task folder to a verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.arguments import read_assignments, read_build_args
from harness.cli.completing import backends, environments, task_folders
from harness.cli.messages import progress, show_error
from harness.vocabulary import NetworkPolicy, TargetType

if TYPE_CHECKING:
    from harness.reports.model import Report
    from harness.reports.page import Page
    from harness.settings import Settings
    from harness.watching import Round
    from harness.workbench import Workbench

DATA = "Sample data"
RUN = "Environment and run"
RESULT = "Result"
INTERRUPTED = 130


def validate(
    tasks: Annotated[
        list[Path], typer.Argument(metavar="TASK...", help="One or more task folders.", autocompletion=task_folders)
    ],
    *,
    input_file: Annotated[
        Path | None,
        typer.Option("--input", help="CSV, Parquet, Arrow or MatrixMarket data.", rich_help_panel=DATA),
    ] = None,
    target: Annotated[str | None, typer.Option(help="The target column.", rich_help_panel=DATA)] = None,
    target_csv: Annotated[
        Path | None, typer.Option(help="A CSV with the target, instead of a column.", rich_help_panel=DATA)
    ] = None,
    target_type: Annotated[
        TargetType | None, typer.Option(help="Only where model-metadata.yaml does not say.", rich_help_panel=DATA)
    ] = None,
    positive_class_label: Annotated[str | None, typer.Option(rich_help_panel=DATA)] = None,
    negative_class_label: Annotated[str | None, typer.Option(rich_help_panel=DATA)] = None,
    class_labels: Annotated[
        list[str] | None, typer.Option(help="A class label; once for each.", rich_help_panel=DATA)
    ] = None,
    class_labels_file: Annotated[
        Path | None, typer.Option(help="Class labels, one a line.", rich_help_panel=DATA)
    ] = None,
    row_weights: Annotated[str | None, typer.Option(help="The column of row weights.", rich_help_panel=DATA)] = None,
    row_weights_csv: Annotated[Path | None, typer.Option(help="A CSV with them.", rich_help_panel=DATA)] = None,
    sparse_column_file: Annotated[
        Path | None, typer.Option(help="Column names of MatrixMarket data, one a line.", rich_help_panel=DATA)
    ] = None,
    parameter_file: Annotated[
        Path | None, typer.Option(help="Hyperparameter values as JSON.", rich_help_panel=DATA)
    ] = None,
    user_secrets_mount_path: Annotated[
        Path | None, typer.Option(help="Folder with one JSON file a credential.", rich_help_panel=DATA)
    ] = None,
    env_var: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A variable of the task's environment, such as the value of a required metadata key; once for each.",
            rich_help_panel=RUN,
        ),
    ] = None,
    disable_strict_validation: Annotated[
        bool, typer.Option("--disable-strict-validation", help="Do not judge the typeSchema.", rich_help_panel=RUN)
    ] = False,
    env: Annotated[
        str | None,
        typer.Option(
            help="Base environment: a name, an id, a folder or image:TAG.",
            autocompletion=environments,
            rich_help_panel=RUN,
        ),
    ] = None,
    backend: Annotated[
        str,
        typer.Option(
            help="Where to build and run: auto, docker or venv.", autocompletion=backends, rich_help_panel=RUN
        ),
    ] = "auto",
    build_arg: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="A value for the Dockerfile's ARG; once for each.", rich_help_panel=RUN
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Build the images again, without earlier downloads.", rich_help_panel=RUN)
    ] = False,
    pull: Annotated[
        bool, typer.Option("--pull", help="Ask the registry for a newer base image.", rich_help_panel=RUN)
    ] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Take only what was on the package index by then: 2024-03-01.",
            rich_help_panel=RUN,
        ),
    ] = None,
    network: Annotated[
        NetworkPolicy, typer.Option(help="Whether the task may use the network.", rich_help_panel=RUN)
    ] = NetworkPolicy.ISOLATED,
    memory: Annotated[int | None, typer.Option(help="Bytes that a stage may use at most.", rich_help_panel=RUN)] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that a stage may take at most.", rich_help_panel=RUN)] = 3600,
    output: Annotated[
        Path | None, typer.Option(help="Folder for report, archives and predictions.", rich_help_panel=RESULT)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", rich_help_panel=RESULT)] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the report as one page, all tasks in it.", rich_help_panel=RESULT),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, a test case a check.", rich_help_panel=RESULT)
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write SARIF 2.1.0, for code hosts.", rich_help_panel=RESULT)
    ] = None,
    summary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append Markdown, as for $GITHUB_STEP_SUMMARY.", rich_help_panel=RESULT),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Validate again whenever a file is saved.", rich_help_panel=RESULT)
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List every check.", rich_help_panel=RESULT)] = False,
) -> None:
    """Tell whether the platform would build, train and score with a task, and if not, which line to change."""
    from harness.builds.days import read_day
    from harness.errors import HarnessError
    from harness.reports import Report
    from harness.reports.page import Page, write_page
    from harness.settings import Settings

    pages: list[Page] = []
    try:
        settings = Settings(
            input=input_file,
            target=target,
            target_csv=target_csv,
            target_type=target_type,
            positive_class_label=positive_class_label,
            negative_class_label=negative_class_label,
            class_labels=tuple(class_labels or ()),
            class_labels_file=class_labels_file,
            row_weights=row_weights,
            row_weights_csv=row_weights_csv,
            sparse_column_file=sparse_column_file,
            parameter_file=parameter_file,
            user_secrets_mount_path=user_secrets_mount_path,
            environment_variables=read_assignments(env_var or [], "--env-var"),
            strict_validation=not disable_strict_validation,
            environment=env,
            backend=backend,
            build_args=read_build_args(build_arg or []),
            no_cache=no_cache,
            pull=pull,
            as_of=read_day(as_of) if as_of else None,
            network=network,
            memory_bytes=memory,
            timeout_seconds=timeout,
            output=output,
        )
    except HarnessError as error:
        reports = [Report.of_error(error, 0.0)]
        pages.append(Page(reports[0], folder_name=tasks[0].absolute().name))
        if not as_json:
            show_error(error.finding)
    else:
        if watch:
            from harness.cli.watch import watch_task

            raise typer.Exit(
                watch_task(
                    tasks,
                    settings,
                    as_json=as_json,
                    verbose=verbose,
                    html=html,
                    junit=junit,
                    sarif=sarif,
                    summary=summary,
                )
            )
        reports = validate_all(tasks, settings, as_json=as_json, verbose=verbose, keep_page=pages.append)
    write_formats(reports, junit=junit, sarif=sarif, summary=summary)
    if html is not None:
        write_page(html, pages)
    raise typer.Exit(tell(reports, as_json=as_json))


def write_formats(reports: list[Report], *, junit: Path | None, sarif: Path | None, summary: Path | None) -> None:
    """Write the reports in the formats that are asked for; raises HarnessError where a file cannot be written."""
    from harness.errors import HarnessError

    for file, option in ((junit, "--junit"), (sarif, "--sarif"), (summary, "--summary")):
        if file is None:
            continue
        try:
            with file.open("a" if file is summary else "w", encoding="utf-8") as to:
                to.write(_in_format(reports, option))
        except OSError as error:
            raise HarnessError(
                f"cannot be written: {error.strerror}", file=str(file), remedy=f"Choose another {option}."
            ) from error


def _in_format(reports: list[Report], option: str) -> str:
    if option == "--junit":
        from harness.reports.junit import as_junit

        return as_junit(reports)
    if option == "--sarif":
        from harness.reports.sarif import as_sarif

        return as_sarif(reports)
    from harness.reports.markdown import as_markdown

    return as_markdown(reports)


def validate_all(
    tasks: list[Path], settings: Settings, *, as_json: bool, verbose: bool, keep_page: Callable[[Page], None]
) -> list[Report]:
    """Validate the tasks one after the other, show each result as it comes, and return the reports."""
    from harness.reports.console import show_report, stdout

    reports = []
    console = stdout()
    for folder, output in zip(tasks, output_folders(tasks, settings.output), strict=True):
        report = validate_one(folder, settings, output, keep_page)
        reports.append(report)
        if report.error is not None and not as_json:
            show_error(report.error.finding)
        elif not as_json:
            show_report(report, console, verbose=verbose)
        if report.exit_code == INTERRUPTED:
            break
    return reports


def tell(reports: list[Report], *, as_json: bool) -> int:
    """Print the one JSON document, or for several tasks a last line that sums them up; return the exit code."""
    from harness.reports import Reports

    answer: Report | Reports = reports[0] if len(reports) == 1 else Reports.of(tuple(reports))
    if as_json:
        typer.echo(answer.model_dump_json(by_alias=True, indent=2))
    elif len(reports) > 1:
        counts = Counter(report.verdict for report in reports)
        summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        typer.echo(f"{len(reports)} tasks: {summary}")
    return answer.exit_code


def output_folders(tasks: list[Path], output: Path | None) -> list[Path | None]:
    """Return where each task's results go: `output` itself for one task, a folder of its own in it for several.

    Two folders of the same name get a number, so that neither writes over the other.
    """
    if output is None or len(tasks) == 1:
        return [output for _ in tasks]
    names: list[str] = []
    for folder in tasks:
        name = folder.absolute().name
        taken = sum(other == name or other.startswith(f"{name}-") for other in names)
        names.append(f"{name}-{taken + 1}" if name in names else name)
    return [output / name for name in names]


def validate_one(
    folder: Path,
    settings: Settings,
    output: Path | None,
    keep_page: Callable[[Page], None],
    under_way: Round | None = None,
    workbench: Workbench | None = None,
) -> Report:
    """Return the task's report; what kept it from being judged, Ctrl-C too, becomes a report with verdict `error`.

    keep_page: is given the report's page. under_way, workbench: of a validation that is one of several rounds.
    """
    from dataclasses import replace

    from harness.errors import HarnessError, Interrupted
    from harness.pipeline import validate as run
    from harness.reports import Report
    from harness.reports.page import Page

    started = time.perf_counter()
    try:
        with progress(folder.name) as watching:
            own = replace(settings, output=output)
            if under_way is None:
                return run(folder, own, watching, keep_page=keep_page)
            return run(folder, own, under_way.following(watching), under_way.cancellation, workbench, keep_page)
    except KeyboardInterrupt:
        error: HarnessError = Interrupted("interrupted; everything that was started has been ended")
    except HarnessError as known:
        error = known
    report = Report.of_error(error, time.perf_counter() - started)
    keep_page(Page(report, folder_name=folder.absolute().name))
    return report
