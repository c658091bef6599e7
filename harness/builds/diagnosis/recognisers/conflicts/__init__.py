"""Requirements that exclude each other.

Every installer's report is read into one form (`demands.py`): who asks for which versions of which package. From it
follow the pair that clashes (`clashes.py`), the lines behind both (`roots.py`), the category (`verdict.py`) and the
sentences (`wording.py`).
"""

from __future__ import annotations

from dataclasses import replace

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.model import Cause, Facts, Recogniser, Signature
from harness.builds.diagnosis.outcome import succeeded
from harness.builds.diagnosis.recognisers.conflicts.clashes import Clash, clash_of, unmet, with_pins
from harness.builds.diagnosis.recognisers.conflicts.headlines import of_headline, quoted_lines
from harness.builds.diagnosis.recognisers.conflicts.installed_packages import incompatible_packages
from harness.builds.diagnosis.recognisers.conflicts.lines_of_one_package import (
    conflicting_urls,
    double_requirement,
    merged_lines,
    of_merged,
)
from harness.builds.diagnosis.recognisers.conflicts.pip_reports import pip_report
from harness.builds.diagnosis.recognisers.conflicts.uv_reports import uv_report
from harness.builds.diagnosis.recognisers.conflicts.verdict import cause_of, without_release
from harness.builds.diagnosis.signatures import recogniser_of


def resolvers_report(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise the report with which a resolver ended."""
    if succeeded(log, facts.exit_code):
        return ()
    reports = [report for report in (pip_report(log), uv_report(log)) if report]
    if not reports:
        return ()
    report = with_pins(max(reports, key=lambda report: report.position), facts)
    if report.only_headline:
        report = replace(report, demands=quoted_lines(report, facts))
    merged = of_merged(log, facts, report)
    if merged:
        return (merged,)
    clash = clash_of(report)
    if clash:
        return (cause_of(log, facts, report, clash),)
    if report.only_headline:
        told = of_headline(report, facts)
        return (told,) if told else ()
    missing = unmet(report) if report.names_pins else None
    if isinstance(missing, Clash):
        return (cause_of(log, facts, report, missing),)
    return (without_release(log, facts, report, missing),) if missing else ()


RECOGNISERS: tuple[Recogniser, ...] = (
    resolvers_report,
    double_requirement,
    merged_lines,
    conflicting_urls,
    incompatible_packages,
    recogniser_of(
        (
            Signature(
                "base_conflict",
                "Cannot uninstall ",
                r"^[^\n]*Cannot uninstall '?PACKAGE'?(?> \S+,|\.| [^\s,]+$)[^\n]*(?:\n[^\n]*)?"
                r"(?:distutils installed project|RECORD file)",
                "The environment has a {package} that was not installed with pip, which cannot replace it.",
                "Ask for the {package} that the environment has, or choose another base environment.",
                lines=3,
            ),
        )
    ),
)
