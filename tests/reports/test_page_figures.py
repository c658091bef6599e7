"""What a page draws of an output, from validations whose files are written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recorded_validation import Validation
from scipy import sparse

from harness.checks import run_checks
from harness.records import TargetType
from harness.reports.page import Drawing
from harness.reports.page.model import Chart, Figures

Hook = Callable[[Sequence[int], int], Any]


@pytest.fixture
def validation(tmp_path: Path) -> Validation:
    return Validation(tmp_path)


def drawn(validation: Validation, hook: Hook | None = None) -> Figures:
    evidence = validation.answer(hook).evidence()
    return Drawing().finish(evidence, run_checks(evidence))


def chart(figures: Figures, title: str) -> Chart:
    assert figures.output is not None
    return next(chart for chart in figures.output.charts if chart.title == title)


def test_a_binary_task_by_class_with_curves_and_confusions(validation: Validation) -> None:
    validation.target = ["yes"] * 10 + ["no"] * 10

    def good(rows: Sequence[int], _: int) -> pd.DataFrame:
        scores = np.array([0.9 if row < 9 else 0.2 for row in rows])
        return pd.DataFrame({"no": 1 - scores, "yes": scores})

    figures = drawn(validation, good)
    assert figures.output is not None
    assert [chart.title for chart in figures.output.charts] == [
        "Probability of “yes”",
        "ROC curve",
        "Precision and recall",
        "Calibration",
    ]
    assert dict(figures.output.metrics)["Accuracy"] == "95 %"
    assert dict(figures.output.metrics)["AUC"] == "0.95"
    assert figures.output.confusion is not None
    assert figures.output.confusion.labels == ("yes", "no")
    assert figures.output.confusion.counts == ((9, 1), (0, 10))
    histogram = chart(figures, "Probability of “yes”")
    assert histogram.caption == "Mean 0.83 for the 10 rows of “yes” and 0.2 for the 10 rows of “no”."
    assert [sum(series["counts"]) for series in histogram.data["series"]] == [10, 10]
    assert chart(figures, "ROC curve").data["series"][0]["points"] == ((0.0, 0.0), (0.0, 0.9), (1.0, 1.0))


def test_without_a_target_only_the_probabilities_are_drawn(validation: Validation) -> None:
    figures = drawn(validation)
    assert figures.output is not None
    assert [chart.title for chart in figures.output.charts] == ["Probability of “yes”", "Probability of “no”"]
    assert figures.output.metrics == ()


def test_rows_without_a_number_are_left_out_and_counted(validation: Validation) -> None:
    def with_gaps(rows: Sequence[int], _: int) -> pd.DataFrame:
        scores = np.array([np.nan if row < 2 else 0.5 for row in rows])
        return pd.DataFrame({"yes": scores, "no": scores})

    figures = drawn(validation, with_gaps)
    assert figures.output is not None
    assert figures.output.notes == ("2 of 20 rows have missing or infinite values and are left out.",)


def test_columns_that_are_not_the_labels_are_not_drawn(validation: Validation) -> None:
    figures = drawn(validation, lambda rows, _: pd.DataFrame({"a": [0.5 for _ in rows], "b": [0.5 for _ in rows]}))
    assert figures.output is not None
    assert figures.output.charts == ()
    assert figures.output.notes == ("The output cannot be drawn: its columns are not the class labels.",)


def test_damaged_values_are_told_and_stop_nothing(validation: Validation) -> None:
    evidence = validation.answer().evidence()
    (validation.folder / "output" / "predict" / "whole.numbers.npy").write_bytes(b"no array")
    figures = Drawing().finish(evidence, run_checks(evidence))
    assert figures.output is not None
    assert figures.output.notes[0].startswith("The output cannot be drawn:")


def test_a_multiclass_task_has_a_chart_a_class(validation: Validation) -> None:
    validation.as_type(TargetType.MULTICLASS, target=["a", "b", "c", "a"] * 5)

    def mostly_right(rows: Sequence[int], _: int) -> pd.DataFrame:
        likely = ["abca"[row % 4] if row != 3 else "c" for row in rows]
        return pd.DataFrame({label: [0.8 if label == best else 0.1 for best in likely] for label in "abc"})

    figures = drawn(validation, mostly_right)
    assert figures.output is not None
    assert figures.output.confusion is not None
    assert figures.output.confusion.counts == ((9, 0, 1), (0, 5, 0), (0, 0, 5))
    assert chart(figures, "Probability of “a”").data["series"][1]["name"] == "other classes"
    curves = chart(figures, "ROC curves, each class against the rest")
    assert [series["name"] for series in curves.data["series"]] == ["a", "b", "c"]


def test_a_regression_task_with_its_residuals(validation: Validation) -> None:
    validation.as_type(TargetType.REGRESSION, target=[row * 0.5 + (1 if row % 2 else -1) for row in range(20)])
    figures = drawn(validation)
    assert figures.output is not None
    assert dict(figures.output.metrics)["RMSE"] == "1"
    assert dict(figures.output.metrics)["MAE"] == "1"
    pairs = chart(figures, "Predicted and actual")
    assert pairs.kind == "dots"
    assert pairs.data["points"][:2] == [[-1.0, 0.0], [1.5, 0.5]]
    assert chart(figures, "Residuals").caption == "20 rows from -1 to 1, mean 0, median 0."
    assert chart(figures, "Residuals by prediction").caption == "Mean residual 0."


def test_many_rows_of_a_regression_are_counted_in_cells(validation: Validation) -> None:
    validation.as_type(TargetType.REGRESSION, rows=5_000, target=[row * 0.5 for row in range(5_000)])
    pairs = chart(drawn(validation), "Predicted and actual")
    assert pairs.kind == "cells"
    assert sum(count for _, _, count in pairs.data["cells"]) == 5_000
    assert len(pairs.data["cells"]) <= 36 * 36


def test_anomaly_scores_have_one_distribution(validation: Validation) -> None:
    validation.as_type(TargetType.ANOMALY)
    figures = drawn(validation)
    assert figures.output is not None
    (scores,) = figures.output.charts
    assert scores.title == "Anomaly scores"
    assert scores.caption == "20 rows from 0 to 9.5, mean 4.75, median 4.75."


def test_a_transforms_columns_stand_beside_those_that_went_in(validation: Validation) -> None:
    validation.as_type(TargetType.TRANSFORM)

    def transformed(rows: Sequence[int], _: int) -> pd.DataFrame:
        return pd.DataFrame({"age": [row / 10 for row in rows], "is_new": ["x" for _ in rows]})

    figures = drawn(validation, transformed)
    assert figures.output is not None
    assert figures.output.summary == "2 columns went in and 2 came out: 1 of the same name, 1 new; 1 are gone."
    assert figures.output.notes == ("Gone: city.",)
    age, new = figures.output.charts
    assert age.caption == "before: 0 to 19, mean 9.5; after: 0 to 1.9, mean 0.95"
    assert [side["name"] for side in age.data["sides"]] == ["before", "after"]
    assert new.caption == "new; after: 1 distinct"


def test_a_sparse_output_is_drawn_from_what_it_stores(validation: Validation) -> None:
    validation.as_type(TargetType.TRANSFORM)
    figures = drawn(validation, lambda rows, _: sparse.csr_matrix([[float(row % 2), 0.0] for row in rows]))
    assert figures.output is not None
    first, second = figures.output.charts
    assert first.caption == "new; after: 50 % not 0, 0 to 1, mean 0.5"
    assert second.caption == "new; after: number"


def test_rows_that_depend_on_their_batch_are_plotted_against_it(validation: Validation) -> None:
    validation.as_type(TargetType.REGRESSION)

    def centred(rows: Sequence[int], _: int) -> pd.DataFrame:
        values = np.array([float(row) for row in rows])
        return pd.DataFrame({"Predictions": values - (values.mean() if len(rows) < 20 else 0.0)})

    figures = drawn(validation, centred)
    assert figures.batch is not None
    assert figures.batch.data["x"] == "all rows together"
    assert figures.batch.data["y"] == "some of the rows"
    before, after, name = figures.batch.data["points"][0]
    assert name == f"row {before:.0f}"
    assert after != before
    assert figures.batch.table is not None
    assert len(figures.batch.table.rows) == 10


def test_a_task_that_keeps_to_each_row_has_no_such_plot(validation: Validation) -> None:
    assert drawn(validation).batch is None


def test_stages_are_placed_on_the_clock(validation: Validation) -> None:
    validation.stage("fit", kind="fit", ended={"startedAt": "2026-01-02T03:04:05Z", "seconds": 2.0})
    validation.stage("predict", ended={"startedAt": "2026-01-02T03:04:07.500000Z", "seconds": 0.5})
    evidence = validation.evidence()
    spans = Drawing().finish(evidence, ()).spans
    assert [(span.name, span.start, span.end) for span in spans] == [("fit", 0.0, 2.0), ("predict", 2.5, 3.0)]
