"""A page's text: what it says of a validation, and that nothing in it can become markup."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from recorded_validation import Validation, error

from harness.builds.model import Diagnosis
from harness.checks import run_checks
from harness.errors import HarnessError
from harness.records import BuildStatus, CheckResult, CheckStatus, TargetType
from harness.reports import Report, Verdict
from harness.reports.model import Archives, BuildReport, Outputs, Seconds, StageReport, TaskReport
from harness.reports.page import Drawing, Page, write_page
from harness.reports.page.rendering import render_pages

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028&{{ 7 * 7 }}\x1b[31m"


class Elements(HTMLParser):
    """What a browser would make of a page: elements with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


@pytest.fixture
def validation(tmp_path: Path) -> Validation:
    return Validation(tmp_path)


def page_of(validation: Validation) -> Page:
    evidence = validation.evidence()
    checks = run_checks(evidence)
    assert evidence.run is not None
    report = Report(
        verdict=Verdict.FAILED if any(check.status is CheckStatus.FAILED for check in checks) else Verdict.PASSED,
        task=TaskReport.of(evidence.task, evidence.target_type),
        dependencies=evidence.task.requirements.dependencies,
        build=BuildReport.of(evidence.build) if evidence.build else None,
        stages=tuple(StageReport.of(stage) for stage in evidence.run.stages),
        checks=checks,
        seconds=Seconds(total=1.5, build=0, run=1, checks=0.1),
    )
    return Page(report, Drawing().finish(evidence, checks))


def test_nothing_of_a_task_becomes_markup(validation: Validation, tmp_path: Path) -> None:
    validation.labels = (HOSTILE, "no")
    validation.target = [HOSTILE, "no"] * 10
    harmless = Elements(render_pages([page_of(Validation(tmp_path / "other").answer())], tmp_path))

    def hostile(rows: Sequence[int], _: int) -> pd.DataFrame:
        return pd.DataFrame({HOSTILE: [row / 20 for row in rows], "no": [1 - row / 20 for row in rows]})

    validation.answer(hostile)
    validation.stage("fit", "failed", kind="fit", error=error(HOSTILE, HOSTILE, traceback=HOSTILE))
    (validation.folder / "output" / "fit" / "log.txt").write_text(HOSTILE + "\n")
    page = page_of(validation)
    found = Elements(render_pages([page], tmp_path))
    assert found.count("script") == harmless.count("script")
    assert found.count("img") == 0
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in found.words
    assert "\x1b" not in found.words
    assert "\u2028" not in found.words


def test_the_numbers_in_the_page_are_json_that_ends_no_script(validation: Validation, tmp_path: Path) -> None:
    validation.labels = (HOSTILE, "no")
    validation.target = [HOSTILE, "no"] * 10
    text = render_pages([page_of(validation.answer())], tmp_path)
    (embedded,) = re.findall(r'<script type="application/json" id="charts">(.*?)</script>', text, re.DOTALL)
    assert not set("<>&\u2028") & set(embedded)
    charts = json.loads(embedded)
    assert charts["output-1"]["kind"] == "histogram"
    assert charts["output-1"]["series"][0]["name"].startswith("</script><script>alert(1)")


def test_a_failed_build_leads_to_its_line_in_requirements_and_log(validation: Validation, tmp_path: Path) -> None:
    validation.requirements = "six\nnosuchthing==1.0  # wanted\n"
    diagnosis = Diagnosis(
        category="no_such_package",
        summary="There is no such package.",
        line_number=2,
        line="nosuchthing==1.0",
        suggestion="Correct the name.",
        evidence=("nosuchthing was not found",),
    )
    assert validation.build is not None
    log = "Collecting six\nERROR: nosuchthing was not found\nSuccessfully installed six-1.17.0\n"
    validation.build = replace(validation.build, status=BuildStatus.FAILED, cached=False, log=log, diagnosis=diagnosis)
    text = render_pages([page_of(validation)], tmp_path)
    found = Elements(text)
    assert "“sales” fails: its dependencies do not install." in found.words
    assert "There is no such package" in found.words
    assert "Correct the name." in found.words
    assert ("a", {"href": "#build-L2"}) in found.tags
    assert ("li", {"id": "build-L2", "value": "2", "class": "evidence"}) in found.tags
    rows = re.findall(r"<tr[^>]*>.*?</tr>", text, re.DOTALL)
    (at_fault,) = [row for row in rows if "at-fault" in row]
    assert "nosuchthing == 1.0" in at_fault
    assert any("six" in row and "1.17.0" in row for row in rows)


def test_refused_lines_stand_among_the_dependencies(validation: Validation, tmp_path: Path) -> None:
    validation.requirements = "kneed~=0.8.5\nsix\n"
    words = Elements(render_pages([page_of(validation)], tmp_path)).words
    assert "refused" in words
    assert "Write kneed>=0.8.5,<0.9." in words


def test_a_task_that_could_not_be_judged_has_a_page_with_the_remedy(tmp_path: Path) -> None:
    report = Report.of_error(HarnessError("the file is no CSV", file="data.csv", remedy="Give a CSV."), 0.25)
    found = Elements(render_pages([Page(report, folder_name="sales")], tmp_path))
    assert "“sales” could not be judged." in found.words
    assert "the file is no CSV" in found.words
    assert "data.csv" in found.words
    assert "Give a CSV." in found.words


def test_several_tasks_are_one_page_whose_ids_differ(validation: Validation, tmp_path: Path) -> None:
    page = page_of(validation.answer())
    found = Elements(render_pages([page, page], tmp_path))
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {
        str(attributes["href"])[1:] for _, attributes in found.tags if str(attributes.get("href", "")).startswith("#")
    }
    assert targets <= set(ids)


def test_every_link_of_a_page_leads_somewhere(validation: Validation, tmp_path: Path) -> None:
    validation.as_type(TargetType.REGRESSION)
    found = Elements(render_pages([page_of(validation.answer())], tmp_path))
    ids = {attributes["id"] for _, attributes in found.tags if "id" in attributes}
    targets = {
        str(attributes["href"])[1:] for _, attributes in found.tags if str(attributes.get("href", "")).startswith("#")
    }
    assert targets <= ids


def test_archives_beside_the_page_are_linked_by_name_and_others_by_place(tmp_path: Path) -> None:
    report = Report(
        verdict=Verdict.PASSED,
        seconds=Seconds(total=1, build=0, run=0, checks=0),
        archives=Archives(logs=str(tmp_path / "out" / "logs.tar.gz")),
        outputs=Outputs(predictions=str(tmp_path / "out" / "pre#dictions.csv")),
        checks=(CheckResult(id="fit", title="Fit completes", status=CheckStatus.PASSED),),
    )
    (tmp_path / "out").mkdir()
    write_page(tmp_path / "out" / "report.html", [Page(report)])
    beside = Elements((tmp_path / "out" / "report.html").read_text())
    assert ("a", {"href": "logs.tar.gz"}) in beside.tags
    assert ("a", {"href": "pre%23dictions.csv"}) in beside.tags
    elsewhere = Elements(render_pages([Page(report)], tmp_path / "pages"))
    assert ("a", {"href": (tmp_path / "out" / "logs.tar.gz").as_uri()}) in elsewhere.tags


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    report = Report.of_error(HarnessError("no", remedy="Do."), 0.0)
    with pytest.raises(HarnessError, match="cannot be written"):
        write_page(tmp_path / "missing" / "report.html", [Page(report)])
