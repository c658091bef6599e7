"""Two validations side by side: what is told of their reports and of what the task returned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparison_support import stage, write_results
from scipy import io, sparse

from harness.checks.comparison import Tolerance
from harness.errors import HarnessError
from harness.reports.comparison import Comparison, compare_results, read_results
from harness.reports.comparison import tables as tables_module
from harness.reports.versions import installed_versions


def compared(tmp_path: Path, before: dict[str, Any], after: dict[str, Any], **options: Any) -> Comparison:
    one = read_results(write_results(tmp_path / "before", **before))
    other = read_results(write_results(tmp_path / "after", **after))
    return compare_results(one, other, **options)


def test_the_same_results_have_no_changes(tmp_path: Path) -> None:
    found = compared(tmp_path, {}, {})
    assert found.output.status == "same"
    assert (found.checks.changed, found.facts, found.dependencies.changed) == ((), (), ())
    assert [check.id for check in found.checks.same] == ["row_count", "fit"]
    assert found.needs_attention is False


def test_changed_values_are_counted_with_the_one_furthest_apart(tmp_path: Path) -> None:
    before, after = "no,yes\n0.75,0.25\n0.25,0.75\n0.5,0.5\n", "no,yes\n0.75,0.25\n0.375,0.625\n0.4999999999,0.5\n"
    output = compared(tmp_path, {"output": before}, {"output": after}).output
    assert output.status == "changed"
    assert (output.changed_rows, output.changed_cells) == (1, 2)
    assert output.largest is not None
    assert (output.largest.row, output.largest.column) == (1, "no")
    assert (output.largest.before, output.largest.after, output.largest.difference) == (0.25, 0.375, 0.125)
    assert [(column.name, column.changed) for column in output.changed] == [("no", 1), ("yes", 1)]
    assert output.flipped_rows == 0
    assert [(distance.at_least, distance.values) for distance in output.distances] == [(1e-10, 1), (0.1, 2)]


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        pytest.param(Tolerance(0, 0.21), "same", id="absolute"),
        pytest.param(Tolerance(0.51, 0), "same", id="relative to the larger value"),
        pytest.param(Tolerance(0.01, 0.01), "changed", id="too little"),
    ],
)
def test_the_tolerance_decides(tmp_path: Path, tolerance: Tolerance, status: str) -> None:
    after = {"output": "no,yes\n0.9,0.1\n0.4,0.6\n0.6,0.4\n"}
    assert compared(tmp_path, {}, after, tolerance=tolerance).output.status == status


def test_flipped_labels_are_told_by_pairs(tmp_path: Path) -> None:
    before = "a,b,c,note\n0.8,0.1,0.1,7\n0.7,0.2,0.1,7\n0.1,0.8,0.1,7\n0.1,0.1,0.8,7\n"
    after = "a,b,c,note\n0.1,0.8,0.1,9\n0.2,0.7,0.1,9\n0.1,0.1,0.8,9\n0.1,0.2,0.7,9\n"
    sides = ({"output": text, "target_type": "multiclass"} for text in (before, after))
    output = compared(tmp_path, *sides).output
    assert output.flipped_rows == 3
    assert [(flip.before, flip.after, flip.rows, flip.first_rows) for flip in output.flips] == [
        ("a", "b", 2, (0, 1)),
        ("b", "c", 1, (2,)),
    ]


def test_labels_are_told_though_a_row_is_missing(tmp_path: Path) -> None:
    output = compared(tmp_path, {}, {"output": "no,yes\n0.1,0.9\n0.2,0.8\n,\n"}).output
    assert output.flipped_rows == 1
    assert (output.now_missing, output.no_longer_missing) == (2, 0)
    assert [(column.name, column.now_missing) for column in output.changed] == [("no", 1), ("yes", 1)]


def test_a_regression_has_no_labels_to_flip(tmp_path: Path) -> None:
    sides = ({"output": text, "target_type": "regression"} for text in ("Predictions\n1\n2\n", "Predictions\n1\n\n"))
    output = compared(tmp_path, *sides).output
    assert output.flipped_rows is None
    assert output.now_missing == 1
    assert output.largest is not None
    assert (output.largest.before, output.largest.after, output.largest.difference) == (2.0, None, None)


def test_infinite_values_are_texts_that_json_can_hold(tmp_path: Path) -> None:
    sides = ({"output": f"p\n1\n{value}\n", "target_type": "regression"} for value in ("2", "-inf"))
    largest = compared(tmp_path, *sides).output.largest
    assert largest is not None
    assert (largest.before, largest.after, largest.difference) == (2.0, "-inf", "-inf")


def test_texts_are_compared_as_they_are(tmp_path: Path) -> None:
    before = "word,number\nNA,1\nred,2\n,3\n"
    after = "word,number\nNA,1\nblue,two\ngreen,3\n"
    sides = ({"output": text, "name": "transformed.csv", "target_type": "transform"} for text in (before, after))
    output = compared(tmp_path, *sides).output
    assert output.kind == "transformed"
    assert [(cell.row, cell.column, cell.before, cell.after) for cell in output.first] == [
        (1, "word", "red", "blue"),
        (1, "number", 2.0, "two"),
        (2, "word", None, "green"),
    ]
    assert output.no_longer_missing == 1


def test_columns_are_paired_by_name(tmp_path: Path) -> None:
    after = "extra,yes,no\n5,0.1,0.9\n5,0.8,0.2\n5,0.4,0.6\n"
    output = compared(tmp_path, {}, {"output": after}).output
    assert output.status == "changed"
    assert (output.columns_added, output.columns_removed, output.columns_moved) == (("extra",), (), True)
    assert output.changed_cells == 0


def test_another_number_of_rows_is_told_and_not_compared(tmp_path: Path) -> None:
    output = compared(tmp_path, {}, {"output": "no,yes\n0.1,0.9\n"}).output
    assert output.reason == "there were 3 rows and are 1 now, so that no values are compared"
    assert (output.status, output.changed_cells, output.flips) == ("changed", 0, ())


def test_no_common_column_is_told(tmp_path: Path) -> None:
    output = compared(tmp_path, {}, {"output": "a,b\n1,2\n3,4\n5,6\n"}).output
    assert output.reason == "no column has the same name in both"
    assert (output.columns_removed, output.columns_added) == (("no", "yes"), ("a", "b"))


def test_an_output_on_one_side_only_is_a_change(tmp_path: Path) -> None:
    found = compared(tmp_path, {}, {"output": None})
    assert found.output.reason == "only the first run came to an output"
    assert found.needs_attention is True


def test_two_runs_without_output_have_nothing_to_compare(tmp_path: Path) -> None:
    found = compared(tmp_path, {"output": None}, {"output": None})
    assert (found.output.status, found.needs_attention) == ("notCompared", False)


def test_large_tables_are_read_in_blocks_with_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["0.9,0.1"] * 25
    after = [*rows]
    after[13], after[24] = "0.1,0.9", "0.8,0.2"
    texts = ("\n".join(["no,yes", *lines, ""]) for lines in (rows, after))
    monkeypatch.setattr("harness.reports.comparison.predictions.BLOCK_CELLS", 8)
    output = compared(tmp_path, *({"output": text} for text in texts)).output
    assert output.after is not None
    assert (output.after.rows, output.changed_rows, output.flipped_rows) == (25, 2, 1)
    assert [cell.row for cell in output.first] == [13, 13, 24, 24]
    assert output.flips[0].first_rows == (13,)
    assert tables_module.BLOCK_CELLS > 8


def test_a_sparse_output_is_compared_without_its_zeros(tmp_path: Path) -> None:
    dense = np.zeros((4, 3))
    dense[0, 0], dense[2, 1], dense[3, 2] = 1.0, 2.0, 3.0
    moved = dense.copy()
    moved[2, 1], moved[1, 2] = 0.0, 7.0
    for name, values in (("before", dense), ("after", moved)):
        folder = write_results(tmp_path / name, "", name="transformed.mtx", target_type="transform")
        io.mmwrite(folder / "transformed.mtx", sparse.csr_matrix(values))
    output = compare_results(read_results(tmp_path / "before"), read_results(tmp_path / "after")).output
    assert (output.changed_rows, output.changed_cells) == (2, 2)
    assert [(cell.row, cell.column, cell.before, cell.after) for cell in output.first] == [
        (1, "2", 0.0, 7.0),
        (2, "1", 2.0, 0.0),
    ]


def test_checks_that_got_worse_come_first_and_times_are_no_news(tmp_path: Path) -> None:
    before = [
        ("columns", "Columns", "passed", "2"),
        ("artifact", "Artifact", "passed", "6.5 KiB"),
        ("fit", "Fit", "warning", "slow"),
    ]
    after = [
        ("columns", "Columns", "passed", "3"),
        ("artifact", "Artifact", "passed", "7 KiB"),
        ("fit", "Fit", "failed", "it raised"),
    ]
    found = compared(tmp_path, {"checks": before}, {"checks": after, "verdict": "failed"})
    assert [(change.id, change.worse, change.only_measured) for change in found.checks.changed] == [
        ("fit", True, False),
        ("columns", False, False),
        ("artifact", False, True),
    ]
    assert found.verdict_worse is True


def test_a_check_that_only_one_side_made_is_told(tmp_path: Path) -> None:
    found = compared(tmp_path, {}, {"checks": [("new", "New", "warning", "odd")]})
    told = {change.id: (change.before, change.after, change.worse) for change in found.checks.changed}
    assert told == {
        "new": (None, "warning", True),
        "row_count": ("passed", None, False),
        "fit": ("passed", None, False),
    }


def test_times_and_memory_have_differences_and_ratios(tmp_path: Path) -> None:
    after = {
        "seconds": {"total": 8.0, "build": 2.0, "run": 3.0, "checks": 0.25},
        "stages": [stage("fit", 3.0, 500), stage("predict", 1.0, 100)],
    }
    found = compared(tmp_path, {}, after)
    assert [(one.name, one.difference, one.ratio) for one in found.seconds] == [
        ("total", 4.0, 2.0),
        ("build", 2.0, None),
        ("run", 0.0, 1.0),
        ("checks", -0.25, 0.5),
    ]
    fit, predict = found.stages
    assert (fit.seconds.ratio, fit.peak_memory_bytes.ratio) == (1.5, 0.5)
    assert (predict.status_before, predict.seconds.before, predict.seconds.after) == (None, None, 1.0)


def test_requirements_are_compared_by_what_they_ask_for(tmp_path: Path) -> None:
    def line(name: str, version: str, text: str, number: int) -> dict[str, Any]:
        constraints = [{"constraintType": "==", "version": version}]
        return {"packageName": name, "constraints": constraints, "line": text, "lineNumber": number}

    before = {"dependencies": [line("six", "1.16.0", "six==1.16.0", 1), line("toml", "0.10", "toml==0.10", 2)]}
    after = {"dependencies": [line("six", "1.17.0", "six==1.17.0", 5), line("toml", "0.10", "toml==0.10  # old", 1)]}
    found = compared(tmp_path, before, after).dependencies
    assert [(change.name, change.before, change.after) for change in found.changed] == [
        ("six", "six==1.16.0", "six==1.17.0")
    ]
    assert found.same == 1


UV_LOG = """2026-01-01T00:00:00.000000Z build started
Resolved 2 packages in 5ms
Installed 2 packages in 3ms
 + numpy==2.2.6
 + six==1.16.0
Installed 1 package in 1ms
 - six==1.16.0
 + six==1.17.0
"""
PIP_LOG = (
    "Collecting six\nSuccessfully installed six-1.16.0 typing-extensions-4.12.2\nSuccessfully installed numpy-2.2.6\n"
)


def test_installed_versions_are_what_the_build_logs_say(tmp_path: Path) -> None:
    found = compared(tmp_path, {"log": PIP_LOG}, {"log": UV_LOG}).dependencies
    assert [(change.name, change.before, change.after) for change in found.installed or ()] == [
        ("six", "1.16.0", "1.17.0"),
        ("typing-extensions", "4.12.2", None),
    ]
    assert (found.installed_same, found.installed_unknown) == (1, ())


def test_versions_are_unknown_where_a_log_does_not_tell(tmp_path: Path) -> None:
    found = compared(tmp_path, {"log": "build found\n"}, {"log": UV_LOG}).dependencies
    assert (found.installed, found.installed_unknown) == (None, ("before",))


@pytest.mark.parametrize(
    ("log", "versions"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("#7 3.14 Successfully installed Ruamel.Yaml-0.18\n", {"ruamel-yaml": "0.18"}, id="buildkit"),
        pytest.param(" - six==1.0\n", {}, id="only removed"),
        pytest.param(" ~ six==1.0\n", {"six": "1.0"}, id="reinstalled"),
        pytest.param("Successfully installed\n", None, id="nothing named"),
    ],
)
def test_the_wordings_of_installers(log: str, versions: dict[str, str] | None) -> None:
    assert installed_versions(log) == versions


def test_a_damaged_archive_of_logs_only_hides_the_versions(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "results", log=UV_LOG)
    (folder / "logs.tar.gz").write_bytes((folder / "logs.tar.gz").read_bytes()[:60])
    assert read_results(folder).versions is None


def test_a_moved_folder_keeps_its_output(tmp_path: Path) -> None:
    write_results(tmp_path / "first")
    (tmp_path / "first").rename(tmp_path / "kept")
    write_results(tmp_path / "first", "no,yes\n0,1\n0,1\n0,1\n")
    assert read_results(tmp_path / "kept").table == tmp_path / "kept" / "predictions.csv"


def test_the_output_of_another_run_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "out")
    copy = tmp_path / "saved.json"
    copy.write_bytes((folder / "report.json").read_bytes())
    assert read_results(copy).table == folder / "predictions.csv"
    write_results(folder, seconds={"total": 9.0, "build": 0.0, "run": 3.0, "checks": 0.5})
    with pytest.raises(HarnessError, match=r"the file predictions\.csv that the report names is missing"):
        read_results(copy)
    assert read_results(copy, with_output=False).table is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param("no,yes\n0.9,0.1\n0.2,0.", "it was cut off", id="cut off"),
        pytest.param("no,yes\n0.9,0.1\n0.2,0.8,0.7\n0.6,0.4\n", "Expected 2 fields in line 3, saw 3", id="a cell more"),
        pytest.param(
            "no,yes\n0.9,0.1,7\n0.2,0.8\n0.6,0.4\n",
            "a row has more cells than there are columns",
            id="a cell more in the first row",
        ),
        pytest.param('no,yes\n"0.9,0.1\n0.2,0.8\n', "EOF inside string", id="open quotation"),
    ],
)
def test_a_damaged_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(HarnessError, match=message) as raised:
        compared(tmp_path, {}, {"output": text})
    assert raised.value.finding.file == str(tmp_path / "after" / "predictions.csv")
    assert raised.value.finding.remedy


def test_a_damaged_matrix_is_named(tmp_path: Path) -> None:
    text = "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 5\n"
    side = {"output": text, "name": "transformed.mtx", "target_type": "transform"}
    with pytest.raises(HarnessError, match="the table cannot be read"):
        compared(tmp_path, side, side)
