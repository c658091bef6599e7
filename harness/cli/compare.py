"""`harness compare`: two validations side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.completing import result_folders
from harness.cli.options import JsonOption

PLACE = "An output folder, a report.json, or a task folder for its default output."


def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help=PLACE, autocompletion=result_folders)],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER", help="The same, of the later run.", autocompletion=result_folders)
    ],
    *,
    rtol: Annotated[
        float, typer.Option(min=0, help="How far apart predictions may be, relative to the larger one.")
    ] = 1e-6,
    atol: Annotated[float, typer.Option(min=0, help="How far apart they may be besides.")] = 1e-9,
    no_output: Annotated[
        bool, typer.Option("--no-output", help="Compare the reports alone, without what the task returned.")
    ] = False,
    fail_on_change: Annotated[
        bool,
        typer.Option("--fail-on-change", help="End with 1 where the verdict got worse or the output changed."),
    ] = False,
    as_json: JsonOption = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the comparison as one HTML page.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the checks that are the same, too.")] = False,
) -> None:
    """Show what changed from one validation to another: checks, dependencies, predictions, time and memory."""
    from harness.checks.comparison import Tolerance
    from harness.reports.comparison import compare_results, read_results

    old, new = (read_results(results_folder(place), with_output=not no_output) for place in (before, after))
    comparison = compare_results(old, new, Tolerance(rtol, atol), with_output=not no_output)
    if html is not None:
        from harness.reports.comparison.page import write_comparison

        write_comparison(html, comparison)
    if as_json:
        typer.echo(comparison.model_dump_json(by_alias=True, indent=2))
    else:
        from harness.reports.comparison.console import show_comparison
        from harness.reports.console import stdout

        show_comparison(comparison, stdout(), verbose=verbose)
    raise typer.Exit(int(fail_on_change and comparison.needs_attention))


def results_folder(place: Path) -> Path:
    """Return where the results lie: of a task folder without a report in it, its default output folder."""
    from harness.reports.comparison.results import REPORT_NAME

    is_task = any((place / name).is_file() for name in ("custom.py", "custom.R"))
    if not is_task or (place / REPORT_NAME).exists():
        return place
    from harness.errors import HarnessError
    from harness.output import default_output
    from harness.tasks import read_task

    output = default_output(read_task(place))
    if not (output / REPORT_NAME).is_file():
        raise HarnessError(
            "the task has not been validated without --output, so that there are no results to compare",
            file=str(place),
            remedy=f"Run 'harness validate {place}' first, or name an output folder.",
        )
    return output
