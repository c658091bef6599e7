"""One validation's results as they lie on the disk: the report, the table of the output, the build log."""

from __future__ import annotations

import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from harness.archives import LOGS_NAME
from harness.errors import HarnessError
from harness.reports.model import SCHEMA_VERSION, Report
from harness.reports.versions import installed_versions

REPORT_NAME = "report.json"
# A report has messages and details of some forty checks; anything larger is something else.
LARGEST_REPORT_BYTES = 64 * 1024 * 1024
LARGEST_LOG_BYTES = 256 * 1024 * 1024
LARGEST_FIGURE = 2**63
VALIDATE_AGAIN = "Validate the task again with --output DIR, and compare that folder."


@dataclass(frozen=True, slots=True)
class Results:
    """One side of a comparison.

    report_file: where the report was read. table: the file with the output, None where the report names none.
    versions: what the build log says was installed, None where it does not say.
    """

    report_file: Path
    report: Report
    table: Path | None
    versions: dict[str, str] | None

    @property
    def kind(self) -> Literal["predictions", "transformed"]:
        return "transformed" if self.report.outputs.transformed else "predictions"


def read_results(place: Path, *, with_output: bool = True) -> Results:
    """Return the results in an output folder, or beside a report's file.

    with_output: whether the output's table has to be there. Raises HarnessError where the report cannot be read, or
    the table that it names is missing.
    """
    file = place / REPORT_NAME if place.is_dir() else place
    report = _read_report(file, place)
    named = report.outputs.predictions or report.outputs.transformed
    table = _find(file, named) if named and with_output else None
    if named and with_output and table is None:
        raise HarnessError(
            f"the file {Path(named).name} that the report names is missing",
            file=str(file.parent / Path(named).name),
            remedy=f"{VALIDATE_AGAIN} Or leave the output out with --no-output.",
        )
    logs = _find(file, report.archives.logs) if report.archives.logs else None
    return Results(file, report, table, _installed(logs))


def _read_report(file: Path, place: Path) -> Report:
    text = _read_text(file, place)
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise _unreadable("is not a report: it is nested too deeply", file) from error
    except ValueError as error:
        raise _unreadable("is not valid JSON", file, getattr(error, "lineno", None)) from error
    if isinstance(document, dict) and "reports" in document:
        raise HarnessError(
            "holds the reports of several tasks",
            file=str(file),
            remedy="Name one task's folder in the output folder, or its report.json.",
        )
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if version is None:
        raise _unreadable("is not a report of `harness validate`: it has no schemaVersion", file)
    if version != SCHEMA_VERSION:
        raise _unreadable(f"is a report of version {version!r}; this harness reads version {SCHEMA_VERSION}", file)
    try:
        # What a later release adds to version 1 is nothing to stumble over.
        report = Report.model_validate(document, extra="ignore")
    except ValidationError as error:
        first: Any = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _unreadable(f"is not a report of `harness validate`: {where}: {first['msg'].lower()}", file) from error
    figures = [*report.seconds.model_dump().values()]
    figures += [figure for stage in report.stages for figure in (stage.seconds, stage.peak_memory_bytes)]
    if not all(abs(figure) < LARGEST_FIGURE for figure in figures):  # also of what is no number
        raise _unreadable("has times or sizes that no run has", file)
    return report


def _read_text(file: Path, place: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_REPORT_BYTES or not file.is_file():
            raise _unreadable("is not a report of `harness validate`", file)
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable("is not UTF-8 text", file) from error
    except FileNotFoundError as error:
        if not place.is_dir():
            raise HarnessError(
                "there is no such folder or file",
                file=str(place),
                remedy="Name the output folder of a validation, or its report.json.",
            ) from error
        inner = sorted(folder.parent.name for folder in place.glob(f"*/{REPORT_NAME}"))
        if inner:
            raise HarnessError(
                f"the folder holds the results of several tasks: {', '.join(inner)}",
                file=str(place),
                remedy=f"Name one of them: {place / inner[0]}.",
            ) from error
        raise HarnessError(f"the folder has no {REPORT_NAME}", file=str(place), remedy=VALIDATE_AGAIN) from error
    except OSError as error:
        raise _unreadable(f"cannot be read: {error.strerror}", file) from error


def _unreadable(message: str, file: Path, line: int | None = None) -> HarnessError:
    return HarnessError(message, file=str(file), line=line, remedy=VALIDATE_AGAIN)


def _find(report_file: Path, named: str) -> Path | None:
    """Return the file that a report names: beside the report, else where the report says.

    Folders are moved and made anew: what lies at the named place counts only where no other report lies there.
    """
    beside = report_file.parent / Path(named).name
    if beside.is_file():
        return beside
    elsewhere = Path(named)
    if not elsewhere.is_file():
        return None
    other = elsewhere.parent / REPORT_NAME
    return None if other.is_file() and other.read_bytes() != report_file.read_bytes() else elsewhere


def _installed(logs: Path | None) -> dict[str, str] | None:
    """Return what build.log in the archive says was installed, None where there is no such log or it cannot be read."""
    if logs is None or logs.name != LOGS_NAME:
        return None
    try:
        with tarfile.open(logs, "r:gz") as archive:
            member = archive.extractfile("build.log")
            text = member.read(LARGEST_LOG_BYTES).decode(errors="replace") if member else ""
    except (OSError, EOFError, KeyError, tarfile.TarError, zlib.error):
        return None
    return installed_versions(text)
