"""ROC, precision, calibration and confusion, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from harness.reports.page.curves import (
    CalibrationBin,
    brier_score,
    calibration,
    count_confusions,
    ranking_curves,
)


def test_the_curves_of_four_rows() -> None:
    # Ranked: 0.8 (positive), 0.4 (negative), 0.35 (positive), 0.1 (negative).
    found = ranking_curves(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    assert found is not None
    assert found.roc == ((0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0))
    assert found.auc == 0.75
    assert found.precision == ((0.0, 1.0), (0.5, 1.0), (0.5, 0.5), (1.0, 0.66667), (1.0, 0.5))
    assert found.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_rows_of_the_same_score_are_one_point() -> None:
    found = ranking_curves(np.array([0.5, 0.5, 0.5, 0.5]), np.array([True, False, True, False]))
    assert found is not None
    assert found.roc == ((0.0, 0.0), (1.0, 1.0))
    assert found.auc == 0.5
    assert found.average_precision == 0.5


@pytest.mark.parametrize("only", [True, False])
def test_without_one_of_the_classes_there_is_no_curve(only: bool) -> None:
    assert ranking_curves(np.array([0.2, 0.7]), np.array([only, only])) is None


def test_a_curve_of_many_rows_is_drawn_from_few_points_and_keeps_its_ends() -> None:
    rows = 100_000
    scores = np.linspace(0, 1, rows)
    found = ranking_curves(scores, np.arange(rows) % 2 == 0)
    assert found is not None
    assert len(found.roc) <= 201
    assert (found.roc[0], found.roc[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert found.auc == pytest.approx(0.5, abs=1e-4)


def test_calibration_says_how_often_a_probability_comes_true() -> None:
    scores = np.array([0.0, 0.05, 0.55, 0.55, 1.0])
    found = calibration(scores, np.array([False, True, True, True, True]))
    assert found == (
        CalibrationBin(mean=0.025, share=0.5, count=2),
        CalibrationBin(mean=0.55, share=1.0, count=2),
        CalibrationBin(mean=1.0, share=1.0, count=1),
    )


def test_the_brier_score_is_the_mean_square_of_what_is_missing() -> None:
    assert brier_score(np.array([0.5, 1.0]), np.array([True, False])) == pytest.approx((0.25 + 1.0) / 2)


def test_confusions_are_counted_by_actual_and_predicted_class() -> None:
    actual, predicted = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 2])
    assert count_confusions(actual, predicted, 3) == ((1, 1, 0), (0, 1, 0), (1, 0, 1))
