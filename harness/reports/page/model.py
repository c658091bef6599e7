"""What a page shows beside the report itself: figures and logs, all of them small, whatever the data's size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.reports.model import Report

ChartKind = Literal["histogram", "bars", "lines", "cells", "dots", "pair"]
LineKind = Literal["plain", "error", "evidence"]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as it is read: every cell is text. Columns from `first_number` on are numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_number: int = 1


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and what stands for it in words: a sentence with its key figures, and its numbers as a table.

    data: what static/charts.js draws for a chart of this kind; JSON types only, no NaN.
    """

    kind: ChartKind
    title: str
    caption: str
    data: Mapping[str, Any]
    table: TextTable | None = None


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each class (a row) was predicted as each class (a column)."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    note: str


@dataclass(frozen=True, slots=True)
class DataFigures:
    """The sample data: where it is from, its size, a chart a column for the first ones, and a table of all shown."""

    source: str
    rows: int
    columns: int
    charts: tuple[Chart, ...] = ()
    table: TextTable | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputFigures:
    """What the task returned for all rows. `metrics`: names and values on the rows that fit has seen.

    table: of a transform's columns, for which the charts have none of their own.
    """

    summary: str = ""
    metrics: tuple[tuple[str, str], ...] = ()
    charts: tuple[Chart, ...] = ()
    confusion: Confusion | None = None
    table: TextTable | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log with its number from 1; `error` looks like the report of one, `evidence` proves a diagnosis."""

    number: int
    text: str
    kind: LineKind = "plain"


@dataclass(frozen=True, slots=True)
class Log:
    """A log, with the middle left out where it is long. `name` is that of its file in logs.tar.gz, without ending."""

    name: str
    lines: tuple[LogLine, ...]
    line_count: int


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the validation on the clock: seconds from its beginning."""

    name: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What is drawn and quoted of one validation. installed: versions by normalised name, from the build log."""

    data: DataFigures | None = None
    output: OutputFigures | None = None
    batch: Chart | None = None
    logs: tuple[Log, ...] = ()
    spans: tuple[Span, ...] = ()
    installed: Mapping[str, str] = field(default_factory=dict)
    installer: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One validation as it is shown: its report, and the figures of it, which are empty where it ended early.

    folder_name: what to call a task that could not be judged, since its report does not say.
    """

    report: Report
    figures: Figures = Figures()
    folder_name: str = ""
