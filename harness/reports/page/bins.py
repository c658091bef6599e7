"""Count values in bins, so that a chart of a million rows is as small as one of a hundred.

Everything here is arithmetic on arrays; values that are missing or infinite are counted apart.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BINS = 30
GRID = 36


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values lie between each two edges (the last bin with its upper one); `edges` is one longer."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """How many points lie in each cell of a plane; `cells` are (column, row, count), empty cells left out."""

    x_edges: tuple[float, ...]
    y_edges: tuple[float, ...]
    cells: tuple[tuple[int, int, int], ...]


def bin_edges(values: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Return the edges of `bins` equal bins over finite values, not empty.

    Whole numbers that span no more than `bins` have a bin each, with the number in its middle.
    """
    import numpy as np

    low, high = float(values.min()), float(values.max())
    is_whole = high - low < bins and low == np.floor(low) and bool((values == np.floor(values)).all())
    if is_whole or low == high:
        half = max(0.5, abs(low) * 1e-9)
        first, last = max(low - half, -sys.float_info.max), min(high + half, sys.float_info.max)
        return np.linspace(first, last, int(high - low) + 2 if is_whole else 2)
    scale = _scale(low, high)
    edges: np.ndarray = np.linspace(low * scale, high * scale, bins + 1) / scale
    # Between neighbouring floats there is no room for more bins.
    return edges if bool((np.diff(edges) > 0).all()) else np.array([low, high])


def bin_numbers(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the number of the bin of each value; those beyond the first or last of the equal bins' edges go there."""
    import numpy as np

    low, high, count = float(edges[0]), float(edges[-1]), len(edges) - 1
    scale = _scale(low, high)
    places = (values * scale - low * scale) / (high * scale - low * scale)
    numbers: np.ndarray = (np.clip(places, 0.0, 1.0) * count).astype(np.int64)
    np.minimum(numbers, count - 1, out=numbers)
    return numbers


def _scale(low: float, high: float) -> float:
    """Return by what to multiply first, since the distance of the largest floats is no float."""
    return 1.0 if math.isfinite(2 * (high - low)) else 0.25


def histogram(values: np.ndarray, edges: np.ndarray | None = None) -> Histogram:
    """Count finite values, not empty unless `edges` are given; values beyond those count as at the rim."""
    import numpy as np

    edges = bin_edges(values) if edges is None else edges
    counts = np.bincount(bin_numbers(values, edges), minlength=len(edges) - 1)
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def grid(x: np.ndarray, y: np.ndarray, bins: int = GRID) -> Grid:
    """Count the points of finite x and y, not empty, in `bins` times `bins` cells over what they span."""
    import numpy as np

    x_edges, y_edges = bin_edges(x, bins), bin_edges(y, bins)
    height = len(y_edges) - 1
    places = bin_numbers(x, x_edges) * height + bin_numbers(y, y_edges)
    counts = np.bincount(places)
    filled = np.flatnonzero(counts)
    cells = zip((filled // height).tolist(), (filled % height).tolist(), counts[filled].tolist(), strict=True)
    return Grid(tuple(x_edges.tolist()), tuple(y_edges.tolist()), tuple(cells))
