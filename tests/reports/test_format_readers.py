"""The formats as their real readers take them, with texts and file names that a task chose to do harm."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from harness.checks import CHECKS
from harness.errors import HarnessError
from harness.records import CheckResult, CheckStatus, TargetType
from harness.reports import Report, Verdict
from harness.reports.explanations import explanation
from harness.reports.junit import as_junit
from harness.reports.markdown import as_markdown
from harness.reports.model import Seconds, TaskReport
from harness.reports.sarif import as_sarif

HOSTILE = (
    "a | b `c` \x1b[31m\x00\ufffe\udcff ]]> <script>alert(1)</script> &lt;b&gt; <!-- *x* _y_ ~~z~~ $\\alpha$ #7 [a](b)"
    "\n\n# heading\n| cell |\r\n- item"
)
SHOWN = (
    "a | b `c` \\x1b[31m\\x00\\xfffe\\xdcff ]]> <script>alert(1)</script> &lt;b&gt; <!-- *x* _y_ ~~z~~ $\\alpha$ #7 "
    "[a](b) # heading | cell |\\x0d - item"
)


def report_of(*checks: CheckResult, path: str = "tasks/churn", name: str = "Churn") -> Report:
    return Report(
        verdict=Verdict.FAILED,
        task=TaskReport(name=name, path=path, language="python", target_type=TargetType.BINARY, interface="hooks"),
        checks=checks,
        seconds=Seconds(total=1.5, build=0, run=1, checks=0.5),
    )


def failed(message: str = "it failed", remedy: str = "", **details: Any) -> CheckResult:
    return CheckResult(
        id="fit", title="Fit completes", status=CheckStatus.FAILED, message=message, remedy=remedy, details=details
    )


def finding(file: str | None, line: int | None = None, message: str = "wrong") -> dict[str, Any]:
    return {"file": file, "line": line, "column": None, "severity": "error", "message": message, "remedy": ""}


def read_sarif(*reports: Report) -> dict[str, Any]:
    """Read a log by the official schema, from which the reader was generated; return its one run."""
    text = as_sarif(reports)
    SarifLog.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    return dict(run)


def uri_of(result: dict[str, Any]) -> str:
    return str(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])


def fingerprints(run: dict[str, Any]) -> list[str]:
    return [result["partialFingerprints"]["taskHarness/v1"] for result in run["results"]]


def test_every_rule_is_described_at_length() -> None:
    every = [CheckResult(id=one.id, title=one.title, status=CheckStatus.FAILED, message="no") for one in CHECKS]
    run = read_sarif(report_of(*every))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [one.id for one in CHECKS]
    for rule in rules:
        assert len(rule["help"]["text"]) > 30, rule["id"]
        assert rule["fullDescription"]["text"].endswith(".")
    assert rules[4]["id"] == "sample_data"
    assert rules[4]["shortDescription"]["text"] == "Sample data"
    assert rules[4]["fullDescription"]["text"].startswith("Tells the data that the task is tried on, and warns of")


def test_the_explanation_of_what_is_no_check_is_empty() -> None:
    assert explanation("no_such_check") == ""


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        pytest.param("my model.py", "tasks/churn/my%20model.py", id="space"),
        pytest.param("100%#?.txt", "tasks/churn/100%25%23%3F.txt", id="percent, hash and question mark"),
        pytest.param("Größe.py", "tasks/churn/Gr%C3%B6%C3%9Fe.py", id="letters of other alphabets"),
        pytest.param("a:b\n.py", "tasks/churn/a%3Ab%0A.py", id="colon and line break"),
        pytest.param("\udcff.py", "tasks/churn/%FF.py", id="no UTF-8"),
        pytest.param("/elsewhere/a b.py", "file:///elsewhere/a%20b.py", id="outside of the working folder"),
    ],
)
def test_any_file_name_survives_in_sarif(file: str, uri: str) -> None:
    (result,) = read_sarif(report_of(failed(findings=[finding(file, 3)])))["results"]
    assert uri_of(result) == uri
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_a_finding_without_a_line_stands_at_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (result,) = read_sarif(report_of(failed()))["results"]
    assert uri_of(result) == "tasks/churn/custom.py"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_fingerprints_outlive_moved_lines_and_new_numbers() -> None:
    before = read_sarif(report_of(failed(findings=[finding("custom.py", 3, "off by 0.25 in row 7")])))
    after = read_sarif(report_of(failed(findings=[finding("custom.py", 90, "off by 0.31 in row 12")])))
    assert fingerprints(before) == fingerprints(after)
    others = [
        read_sarif(report_of(failed(findings=[finding("custom.py", 3, "off by far")]))),
        read_sarif(report_of(failed(findings=[finding("helper.py", 3, "off by 0.25 in row 7")]))),
        read_sarif(report_of(failed(findings=[finding("custom.py", 3, "off by 0.25 in row 7")]), path="tasks/price")),
    ]
    assert len({*fingerprints(before), *(one for other in others for one in fingerprints(other))}) == 4


def test_findings_that_are_alike_have_fingerprints_of_their_own() -> None:
    run = read_sarif(report_of(failed(findings=[finding("custom.py", 3), finding("custom.py", 9)])))
    first, second = fingerprints(run)
    assert first != second


def test_what_could_not_be_judged_is_no_success_in_sarif() -> None:
    error = HarnessError("no such\x1b file", remedy="Give one.", file="data.csv")
    run = read_sarif(Report.of_error(error, 0.5), report_of())
    assert run["invocations"] == [{"executionSuccessful": False}]
    (result,) = run["results"]
    assert (uri_of(result), result["message"]["text"]) == ("data.csv", "no such\\x1b file Give one.")
    assert read_sarif(report_of())["invocations"] == [{"executionSuccessful": True}]


def test_junit_reads_as_what_was_written() -> None:
    warned = CheckResult(id="hooks", title="Hooks", status=CheckStatus.WARNING, message=HOSTILE)
    skipped = CheckResult(id="load", title="Load", status=CheckStatus.SKIPPED, message=HOSTILE)
    text = as_junit([report_of(failed(HOSTILE, HOSTILE), warned, skipped, name=HOSTILE), report_of(failed())])
    first, second = JUnitXml.fromstring(text.encode())
    assert (first.tests, first.failures, first.skipped, first.errors, first.time) == (3, 1, 1, 0, 1.5)
    fit, hooks, load = first
    (result,) = fit.result
    assert result.message == SHOWN
    assert "tasks/churn/custom.py: a | b `c` \\x1b[31m" in result.text
    assert load.is_skipped
    assert "<script>alert(1)</script>" in hooks.system_out
    assert {case.classname for case in (fit, hooks, load)} == {"tasks/churn"}
    assert second.failures == 1
    root = ET.fromstring(text)
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["time"]) == ("4", "2", "3.0")


def test_tasks_of_the_same_name_are_told_apart_in_junit() -> None:
    document = JUnitXml.fromstring(as_junit([report_of(failed(), path="a"), report_of(failed(), path="b")]).encode())
    assert [case.classname for suite in document for case in suite] == ["a", "b"]


class Cells(HTMLParser):
    """The texts of a table's cells, and every tag of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data


def test_markdown_shows_a_hostile_message_as_text() -> None:
    text = as_markdown([report_of(failed(HOSTILE, HOSTILE, findings=[finding("a|`b``.py", 3, HOSTILE)]), name=HOSTILE)])
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    shown = Cells(page)
    assert shown.tags == {"h3", "table", "thead", "tbody", "tr", "th", "td", "code", "p"}
    header, row = shown.rows[0], shown.rows[1]
    assert header == ["", "check", "what", "fix", "where"]
    assert [cell.strip() for cell in row[:3]] == ["failed", "fit", SHOWN]
    assert row[4].startswith("tasks/churn/a|`b``.py:3")
    assert len(re.findall("<tr>", page)) == 2
    assert "\\$\\\\alpha\\$" in text
