"""What a page says of the sample data's columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.data.model import SampleData
from harness.data.profiles import profile_columns
from harness.reports.page.model import Chart, DataFigures
from harness.reports.page.profile import describe_data


def describe(columns: dict[str, Any], target: pd.Series | None = None, **more: Any) -> DataFigures:
    features = pd.DataFrame(columns)
    profiles = profile_columns(features)
    return describe_data(SampleData("people.csv", "csv", features, target=target, columns=profiles, **more))


def chart(figures: DataFigures, title: str) -> Chart:
    return next(chart for chart in figures.charts if chart.title == title)


def row(figures: DataFigures, name: str) -> tuple[str, ...]:
    assert figures.table is not None
    return next(row for row in figures.table.rows if row[0] == name)


def test_a_column_of_numbers() -> None:
    figures = describe({"age": [20.5, 30.5, None, 40.5]})
    assert (figures.rows, figures.columns) == (4, 1)
    assert chart(figures, "age").caption == "number, 20.5 to 40.5, mean 30.5, 25 % missing"
    assert sum(chart(figures, "age").data["series"][0]["counts"]) == 3
    assert row(figures, "age") == ("age", "number", "1 (25 %)", "", "20.5", "30.5", "40.5")


def test_numbers_too_large_to_be_added_have_no_mean() -> None:
    figures = describe({"size": [1.5e308, -1.5e308] * 30})
    assert chart(figures, "size").caption == "number, -1.5e308 to 1.5e308"


def test_a_column_of_words() -> None:
    figures = describe({"city": ["Rome", "Oslo", "Rome", None]})
    assert chart(figures, "city").data == {"bars": [["Rome", 2], ["Oslo", 1]]}
    assert chart(figures, "city").caption == "text, 2 distinct, 25 % missing"


def test_beyond_eight_words_the_rest_is_one_bar() -> None:
    words = [f"w{number}" for number in range(9) for _ in range(20 - number)]
    figures = describe({"word": words})
    bars = chart(figures, "word").data["bars"]
    assert bars[0] == ["w0", 20]
    assert bars[-1] == ["all others", 12]


def test_texts_that_rarely_recur_are_shown_by_their_length() -> None:
    figures = describe({"note": ["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "g" * 7, "h" * 8, "i" * 9, "j" * 10]})
    drawn = chart(figures, "note")
    assert drawn.kind == "histogram"
    assert drawn.data["x"] == "length of the text"
    assert drawn.data["series"][0]["counts"] == (1,) * 10


def test_dates_are_shown_on_a_scale_of_time() -> None:
    figures = describe({"since": ["2024-01-01", "2024-01-11", None]})
    assert chart(figures, "since").data["dates"] is True
    assert chart(figures, "since").caption == "date, 2024-01-01 to 2024-01-11, 33.3 % missing"


def test_the_target_comes_first() -> None:
    target = pd.Series(["yes", "no", "yes"], name="bought")
    figures = describe({"age": [1, 2, 3]}, target, class_labels=("yes", "no"))
    assert figures.charts[0].title == "bought (target)"
    assert figures.charts[0].data == {"bars": [["yes", 2], ["no", 1]]}
    assert figures.charts[0].caption == "2 classes"


def test_a_sparse_column_is_told_by_what_it_stores() -> None:
    sparse = pd.DataFrame({"seen": pd.arrays.SparseArray([0.0, 0.0, 3.0, 5.0], fill_value=0.0)})
    figures = describe_data(SampleData("x.mtx", "mtx", sparse, columns=profile_columns(sparse)))
    assert chart(figures, "seen").caption == "number, 50 % not 0, 0 to 5, mean 2"
    assert sum(chart(figures, "seen").data["series"][0]["counts"]) == 2


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([None, None], id="no values"),
        pytest.param([np.nan, np.inf], id="nothing finite"),
        pytest.param([["a"], ["b"]], id="lists"),
        pytest.param([1 + 2j, 3j], id="complex numbers"),
        pytest.param([True, False], id="booleans"),
        pytest.param([1e308, -1e308], id="the largest numbers"),
    ],
)
def test_any_column_can_be_told(values: list[Any]) -> None:
    figures = describe({"odd": pd.Series(values)})
    assert row(figures, "odd")[0] == "odd"


def test_of_many_columns_the_first_are_shown() -> None:
    figures = describe({f"c{number}": [1, 2] for number in range(300)})
    assert len(figures.charts) == 40
    assert figures.table is not None
    assert len(figures.table.rows) == 200
    assert figures.notes == ("The first 200 of 300 columns are shown.",)


def test_of_more_than_a_million_rows_some_are_counted() -> None:
    figures = describe({"age": np.arange(2_500_000) % 2})
    assert figures.rows == 2_500_000
    assert figures.notes == ("One row of 3 is counted: 833,334 rows.",)
