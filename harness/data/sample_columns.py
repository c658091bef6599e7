"""Columns of each data type, made from measurements: always the same ones, nothing by chance.

Each function makes the `index`-th column (from 0) of its type from `measured`, a DataFrame of numeric columns without
missing values, and names it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from harness.data.matrix_market import sparse_frame
from harness.tasks.model import DataType

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_FIRST_DAY = date(2020, 1, 1)

# One value in twenty is taken away: seven has no factor in common with twenty, so the places spread evenly.
_MISSING_EVERY = 20
_MISSING_STEP = 7


def number(measured: pd.DataFrame, index: int) -> pd.Series:
    """Return a measurement, and beyond the last one a product of two."""
    width = measured.shape[1]
    first = index % width
    if index < width:
        return measured.iloc[:, first]
    second = (first + index // width) % width
    product = measured.iloc[:, first] * measured.iloc[:, second]
    return product.rename(f"{measured.columns[first]} x {measured.columns[second]}")


def category(measured: pd.DataFrame, index: int) -> pd.Series:
    """Return a measurement in words: `low`, `medium`, `high`; beyond the last one in more and more levels."""
    width = measured.shape[1]
    levels = 3 + index // width
    words = ("low", "medium", "high") if levels == 3 else tuple(f"level {i + 1}" for i in range(levels))
    name = f"{measured.columns[index % width]} in {levels} levels"
    return _in_words(measured.iloc[:, index % width], words).rename(name)


def text(measured: pd.DataFrame, index: int) -> pd.Series:
    """Return a sentence about two measurements."""
    first, second = number(measured, index), number(measured, index + 1)
    sentences = [
        f"The {first.name} is {word}, with a {second.name} of {value:.3g}."
        for word, value in zip(_in_words(first, ("low", "usual", "high")), second, strict=True)
    ]
    return _texts(sentences, f"note {index + 1}", measured)


def day(measured: pd.DataFrame, index: int) -> pd.Series:
    """Return one day after the other as ISO text, the way a CSV file holds dates."""
    days = [(_FIRST_DAY + timedelta(days=30 * index + row)).isoformat() for row in range(len(measured))]
    return _texts(days, f"visit {index + 1}", measured)


def truth(measured: pd.DataFrame, index: int) -> pd.Series:
    """Return whether a measurement lies above its median."""
    column = measured.iloc[:, index % measured.shape[1]]
    return (column > column.median()).rename(f"{column.name} above median")


MAKERS: dict[DataType, Callable[[pd.DataFrame, int], pd.Series]] = {
    DataType.NUM: number,
    DataType.CAT: category,
    DataType.TXT: text,
    DataType.DATE: day,
}


def with_missing_values(features: pd.DataFrame) -> pd.DataFrame:
    """Return the features with one value in twenty missing, at fixed places; booleans stay whole."""
    import numpy as np
    import pandas as pd

    rows = np.arange(len(features))
    columns = [
        features.iloc[:, position]
        if pd.api.types.is_bool_dtype(features.iloc[:, position])
        else features.iloc[:, position].mask((rows * _MISSING_STEP + 3 * position) % _MISSING_EVERY == 0)
        for position in range(features.shape[1])
    ]
    return pd.concat(columns, axis=1)


def mostly_zero(features: pd.DataFrame) -> pd.DataFrame:
    """Return pandas sparse columns: how far each value lies above the column's upper quartile, else nothing."""
    from scipy import sparse

    excess = (features - features.quantile(0.75)).clip(lower=0.0)
    return sparse_frame(sparse.csc_array(excess.to_numpy()), list(features.columns))


def _in_words(column: pd.Series, words: tuple[str, ...]) -> pd.Series:
    """Return the word of each value: groups of equal size by rank, equal values in the same group."""
    import numpy as np

    ranks: np.ndarray = ((column.rank(method="min") - 1) * len(words) // len(column)).to_numpy(dtype=np.int64)
    return _texts([words[rank] for rank in ranks], str(column.name), column)


def _texts(values: list[str], name: str, like: pd.DataFrame | pd.Series) -> pd.Series:
    import pandas as pd

    return pd.Series(values, index=like.index, name=name)
