"""Counting values in bins: what the charts of a page are drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reports.page.bins import bin_edges, grid, histogram


def test_values_are_counted_between_equal_edges_and_the_last_bin_has_its_upper_edge() -> None:
    values = np.array([0.0, 0.5, 1.0, 2.5, 3.9, 4.0])
    found = histogram(values, np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    assert found.counts == (2, 1, 1, 2)
    assert found.edges == (0.0, 1.0, 2.0, 3.0, 4.0)


def test_whole_numbers_of_a_small_span_have_a_bin_each() -> None:
    found = histogram(np.array([1.0, 1.0, 2.0, 4.0]))
    assert found.edges == (0.5, 1.5, 2.5, 3.5, 4.5)
    assert found.counts == (2, 1, 0, 1)


@pytest.mark.parametrize(
    ("value", "edges"),
    [pytest.param(0.25, (-0.25, 0.75), id="fraction"), pytest.param(7.0, (6.5, 7.5), id="whole number")],
)
def test_one_value_is_one_bin_around_it(value: float, edges: tuple[float, float]) -> None:
    found = histogram(np.array([value, value]))
    assert found.edges == edges
    assert found.counts == (2,)


def test_the_largest_floats_have_bins_too() -> None:
    found = histogram(np.array([-1.7e308, 0.0, 1.7e308]))
    assert sum(found.counts) == 3
    assert (found.counts[0], found.counts[-1]) == (1, 1)


def test_values_beyond_given_edges_count_at_the_rim() -> None:
    assert histogram(np.array([-3.0, 0.5, 9.0]), np.array([0.0, 1.0, 2.0])).counts == (2, 1)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_no_finite_value_is_lost(values: list[float]) -> None:
    array = np.array(values)
    edges = bin_edges(array)
    assert sum(histogram(array, edges).counts) == len(values)
    assert bool((np.diff(edges) > 0).all())


def test_points_are_counted_in_cells_and_empty_cells_are_left_out() -> None:
    found = grid(np.array([0.0, 0.1, 9.9, 10.0]), np.array([0.0, 0.2, 0.1, 10.0]), bins=2)
    assert found.x_edges == (0.0, 5.0, 10.0)
    assert found.y_edges == (0.0, 5.0, 10.0)
    assert found.cells == ((0, 0, 2), (1, 0, 1), (1, 1, 1))
