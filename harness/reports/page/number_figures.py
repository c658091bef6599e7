"""What regression and anomaly detection returned, drawn: predicted against actual, residuals, scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.reports.page.bins import Histogram, bin_edges, bin_numbers, grid, histogram
from harness.reports.page.model import Chart, OutputFigures, TextTable
from harness.reports.page.wording import number_text

if TYPE_CHECKING:
    import numpy as np

# More points than this are counted in cells.
MOST_DOTS = 1_000
# Groups of rows in the table beside a plot of points.
GROUPS = 10
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def describe_regression(values: np.ndarray, actual: np.ndarray | None) -> OutputFigures:
    """Return the figures of (rows,) finite predictions and of the values that they should have, where known.

    actual: (rows,), NaN where missing.
    """
    import numpy as np

    predicted = _distribution("Predictions", "prediction", values)
    known = None if actual is None else np.isfinite(actual)
    if actual is None or known is None or not known.any():
        return OutputFigures(charts=(predicted,))
    values, actual = values[known], actual[known]
    residuals = actual - values
    square = float(np.mean(residuals**2))
    spread = float(np.var(actual))
    metrics = [
        ("RMSE", number_text(math.sqrt(square))),
        ("MAE", number_text(float(np.abs(residuals).mean()))),
        *([("R²", number_text(1 - square / spread))] if spread else []),
    ]
    r2 = f"R² {number_text(1 - square / spread)}, " if spread else ""
    pairs = _pairs("Predicted and actual", "actual", "predicted", actual, values, {"diagonal": True})
    around = _pairs("Residuals by prediction", "predicted", "actual minus predicted", values, residuals, {"level": 0})
    charts = (
        _with_caption(pairs, f"{r2}RMSE {number_text(math.sqrt(square))} over {len(values):,} rows."),
        _with_caption(around, f"Mean residual {number_text(_mean(residuals))}."),
        _distribution("Residuals", "actual minus predicted", residuals),
        predicted,
    )
    return OutputFigures(metrics=tuple(metrics), charts=charts)


def describe_anomaly(values: np.ndarray) -> OutputFigures:
    """Return the figures of (rows,) finite anomaly scores."""
    return OutputFigures(charts=(_distribution("Anomaly scores", "score", values),))


def _distribution(title: str, of: str, values: np.ndarray) -> Chart:
    import numpy as np

    found = histogram(values)
    quantiles = np.quantile(values, QUANTILES)
    rows = [("lowest", number_text(float(values.min())))]
    rows += [(f"{share:.0%} are below", number_text(float(at))) for share, at in zip(QUANTILES, quantiles, strict=True)]
    rows.append(("highest", number_text(float(values.max()))))
    caption = (
        f"{len(values):,} rows from {rows[0][1]} to {rows[-1][1]}, "
        f"mean {number_text(_mean(values))}, median {number_text(float(quantiles[3]))}."
    )
    return Chart("histogram", title, caption, histogram_data(found, of), TextTable((title, of), tuple(rows)))


def _mean(values: np.ndarray) -> float:
    """Return the mean; 0 where it is nothing but what rounding leaves."""
    import numpy as np

    mean = float(values.mean())
    return 0.0 if abs(mean) < 1e-12 * float(np.abs(values).max()) else mean


def histogram_data(found: Histogram, of: str) -> dict[str, Any]:
    """Return what the chart of one histogram needs."""
    return {"edges": found.edges, "series": [{"name": "", "counts": found.counts}], "x": of}


def _with_caption(chart: Chart, caption: str) -> Chart:
    return Chart(chart.kind, chart.title, caption, chart.data, chart.table)


def _pairs(title: str, x_name: str, y_name: str, x: np.ndarray, y: np.ndarray, lines: dict[str, Any]) -> Chart:
    table = _table_of_groups(x_name, y_name, x, y)
    shared = {"x": x_name, "y": y_name, **lines}
    if len(x) <= MOST_DOTS:
        points = [[float(f"{across:.6g}"), float(f"{up:.6g}")] for across, up in zip(x, y, strict=True)]
        return Chart("dots", title, "", {"points": points, **shared}, table)
    found = grid(x, y)
    data = {"xEdges": found.x_edges, "yEdges": found.y_edges, "cells": found.cells, **shared}
    return Chart("cells", title, "", data, table)


def _table_of_groups(x_name: str, y_name: str, x: np.ndarray, y: np.ndarray) -> TextTable:
    """Say the mean of y for ranges of x, ten at most."""
    import numpy as np

    edges = bin_edges(x, GROUPS)
    places = bin_numbers(x, edges)
    counts = np.bincount(places, minlength=len(edges) - 1)
    sums = np.bincount(places, y, len(edges) - 1)
    rows = tuple(
        (
            f"{number_text(float(edges[place]))} to {number_text(float(edges[place + 1]))}",
            number_text(float(sums[place] / counts[place])),
            f"{counts[place]:,}",
        )
        for place in np.flatnonzero(counts)
    )
    return TextTable((x_name.capitalize(), f"Mean {y_name}", "Rows"), rows)
