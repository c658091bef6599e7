"""A comparison for a person: what got worse first, then what else changed, and the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.checks.wording import counted
from harness.records import CheckStatus
from harness.reports.comparison.model import Change, CheckChange, Comparison, OutputChanges, Side
from harness.reports.comparison.wording import cell_text, flip_text, form_sentences, headline, measures, value_sentences
from harness.reports.console import STYLES, VERDICT_STYLES, printable

MOST_COLUMNS = 5


def show_comparison(comparison: Comparison, console: Console, *, verbose: bool = False) -> None:
    """Print the comparison; `verbose` also lists the checks that are the same, or differ in seconds and sizes alone."""
    _print(console, Text(headline(comparison), "bold red" if comparison.needs_attention else "bold"))
    for name, side in (("before", comparison.before), ("after", comparison.after)):
        _print(console, _side(name, side))
    for title, lines in (
        ("checks", _checks(comparison, verbose=verbose)),
        ("task, environment and build", map(_change, comparison.facts)),
        ("dependencies", _dependencies(comparison)),
        ("output", _output(comparison.output)),
    ):
        found = list(lines)
        if found:
            _print(console, Text(title, "bold"))
        for line in found:
            _print(console, Text("  ").append_text(line))
    console.print(_figures(comparison))


def _print(console: Console, text: Text) -> None:
    console.print(text, highlight=False, soft_wrap=True)


def _side(name: str, side: Side) -> Text:
    details = ", ".join(filter(None, [side.target_type, side.environment, side.backend]))
    python = f", Python {side.python_version}" if side.python_version else ""
    return Text.assemble(
        f"  {name:<7}",
        (f"{side.verdict.upper():<7}", VERDICT_STYLES[side.verdict]),
        (printable(side.task or "no task"), "bold"),
        (f"  {printable(details)}{printable(python)}  {printable(side.folder)}", "dim"),
    )


def _checks(comparison: Comparison, *, verbose: bool) -> Iterator[Text]:
    for change in comparison.checks.changed:
        if verbose or not change.only_measured:
            yield from _check(change)
    if verbose:
        for check in comparison.checks.same:
            yield Text.assemble((f"{check.status:<8}", STYLES[check.status]), f"{check.id}  ", printable(check.message))
    counts = Counter(check.status for check in comparison.checks.same)
    counts.update(change.after for change in comparison.checks.changed if change.only_measured and change.after)
    same = ", ".join(f"{counts[status]} {status}" for status in CheckStatus if counts[status])
    yield Text(f"the same, but for seconds and sizes: {same or 'none'}", "dim")


def _check(change: CheckChange) -> Iterator[Text]:
    if change.before == change.after:
        before, after = printable(change.message_before), printable(change.message_after)
        yield Text.assemble(_status(change.after), f" {change.id}: ", (before, "dim"), " → ", after)
        return
    worse = (" (worse)" if change.worse else "", "bold red")
    yield Text.assemble(_status(change.before), " → ", _status(change.after), f" {change.id}", worse)
    for name, message in (("before", change.message_before), ("after", change.message_after)):
        if message:
            yield Text(f"    {name:<7}{printable(message)}", "dim" if name == "before" else "")


def _status(status: CheckStatus | None) -> tuple[str, str]:
    return (str(status), STYLES[status]) if status else ("not made", "dim")


def _change(change: Change) -> Text:
    before, after = (printable(text) if text is not None else "none" for text in (change.before, change.after))
    return Text.assemble(f"{printable(change.name)}: ", (before, "dim"), " → ", after)


def _dependencies(comparison: Comparison) -> Iterator[Text]:
    found = comparison.dependencies
    for line in found.changed:
        yield Text("requirement ").append_text(_change(line))
    if found.installed is None:
        sides = " and ".join(found.installed_unknown)
        yield Text(f"installed versions are not known: the build log of {sides} does not tell them", "dim")
        return
    for version in found.installed:
        yield Text("installed ").append_text(_change(version))
    yield Text(f"the same: {counted(found.installed_same, 'installed version')}", "dim")


def _output(output: OutputChanges) -> Iterator[Text]:
    for sentence in form_sentences(output):
        yield Text(sentence, "bold red" if output.is_other else "dim")
    for number, sentence in enumerate(value_sentences(output)):
        yield Text(sentence, "bold red" if output.changed_cells and number == 0 else "")
    for flip in output.flips:
        yield Text(f"  {flip_text(flip)}")
    for column in output.changed[:MOST_COLUMNS]:
        furthest = f", furthest {cell_text(column.largest, named=False)}" if column.largest else ""
        yield Text(f"  {printable(column.name)}: {counted(column.changed, 'value')} changed{furthest}", "dim")
    if len(output.changed) > MOST_COLUMNS:
        yield Text(f"  and {counted(len(output.changed) - MOST_COLUMNS, 'more column')}", "dim")


def _figures(comparison: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("time and memory")
    for title in ("before", "after", "difference", "ratio"):
        table.add_column(title, justify="right")
    for name, figures in measures(comparison):
        table.add_row(Text(printable(name)), *figures)
    return table
