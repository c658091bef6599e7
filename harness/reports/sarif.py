"""SARIF 2.1.0: findings that code hosts show beside the lines of a pull request.

Source: the OASIS standard "Static Analysis Results Interchange Format", version 2.1.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from harness.findings import Finding, Severity
from harness.records import CheckResult
from harness.reports.model import Report
from harness.reports.places import findings_of, shown_path
from harness.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What kept a task from being judged: no check's finding.
NOT_JUDGED = "not_judged"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def as_sarif(reports: Iterable[Report]) -> str:
    """Return one SARIF log with every failure and warning of the reports, one run for all of them."""
    rules: dict[str, dict[str, Any]] = {}
    results = []
    for report in reports:
        for check, finding in findings_of(report):
            rule = rules.setdefault(check.id if check else NOT_JUDGED, _rule(check))
            results.append(_result(rule["id"], list(rules).index(rule["id"]), report, finding))
    driver = {"name": "task-harness", "semanticVersion": __version__, "rules": list(rules.values())}
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2) + "\n"


def _rule(check: CheckResult | None) -> dict[str, Any]:
    title = check.title if check else "The task could not be judged"
    return {"id": check.id if check else NOT_JUDGED, "shortDescription": {"text": title}}


def _result(rule_id: str, rule_index: int, report: Report, finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": shown_path(report, finding.file)}}
    if finding.line is not None:
        place["region"] = {"startLine": finding.line}
        if finding.column is not None:
            place["region"]["startColumn"] = finding.column
    return {
        "ruleId": rule_id,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message} {finding.remedy}".strip()},
        "locations": [{"physicalLocation": place}],
    }
