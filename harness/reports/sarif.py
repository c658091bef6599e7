"""SARIF 2.1.0: findings that code hosts show beside the lines of a pull request.

Source: the OASIS standard "Static Analysis Results Interchange Format", version 2.1.0, and what GitHub's code scanning
asks for beyond it: a full description and a help of each rule, a region of each place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.findings import Finding, Severity
from harness.records import CheckResult
from harness.reports.console import printable
from harness.reports.explanations import explanation
from harness.reports.model import Report
from harness.reports.places import findings_of, shown_path
from harness.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What kept a task from being judged: no check's finding.
NOT_JUDGED = "not_judged"
# By this name, as the standard asks, later versions can tell how a fingerprint was made.
FINGERPRINT = "taskHarness/v1"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_NUMBERS = re.compile(r"\d+")


def as_sarif(reports: Iterable[Report]) -> str:
    """Return one SARIF log with every failure and warning of the reports, one run for all of them."""
    all_reports = list(reports)
    rules: dict[str, dict[str, Any]] = {}
    alike: Counter[str] = Counter()
    results = []
    for report in all_reports:
        for check, finding in findings_of(report):
            rule = rules.setdefault(check.id if check else NOT_JUDGED, _rule(check))
            results.append(_result(rule["id"], list(rules).index(rule["id"]), report, finding, alike))
    driver = {
        "name": "task-harness",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": list(rules.values()),
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": all(report.error is None for report in all_reports)}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(check: CheckResult | None) -> dict[str, Any]:
    if check is None:
        title = "The task could not be judged"
        told = "What kept the task from being judged: bad usage, input that cannot be read, or no backend."
        return _described(NOT_JUDGED, title, told)
    return _described(check.id, check.title, explanation(check.id) or check.title)


def _described(rule_id: str, title: str, told: str) -> dict[str, Any]:
    """Return a rule; its paragraphs have no markup but code, so that they read as plain text, too."""
    sentence, stop, _ = " ".join(told.split()).partition(". ")
    return {
        "id": rule_id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{sentence}{stop}".strip()},
        "help": {"text": told, "markdown": told},
    }


def _result(rule_id: str, rule_index: int, report: Report, finding: Finding, alike: Counter[str]) -> dict[str, Any]:
    uri = _uri(shown_path(report, finding.file))
    region = {"startLine": finding.line or 1}
    if finding.line is not None and finding.column is not None:
        region["startColumn"] = finding.column
    return {
        "ruleId": rule_id,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": printable(f"{finding.message} {finding.remedy}".strip())},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}],
        "partialFingerprints": {FINGERPRINT: _fingerprint(rule_id, uri, finding, alike)},
    }


def _uri(path: str) -> str:
    """Return a path from the working folder, or an absolute one, as a reference that any file name survives in."""
    return Path(path).as_uri() if Path(path).is_absolute() else quote(os.fsencode(path))


def _fingerprint(rule_id: str, uri: str, finding: Finding, alike: Counter[str]) -> str:
    """Return what stays the same when lines move and measured numbers change; findings that are alike are counted."""
    known = "\n".join([rule_id, uri, _NUMBERS.sub("0", finding.message)])
    alike[known] += 1
    return f"{hashlib.sha256(known.encode(errors='surrogateescape')).hexdigest()[:32]}:{alike[known]}"
