"""Row weights: numbers, none missing, none negative, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.data.tables import Table, show_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def check_row_weights(table: Table, weights: pd.Series) -> np.ndarray:
    """Return the weights as floats, (rows,).

    Raises HarnessError with the offending rows for weights that are missing, not numeric, infinite or negative, and
    when all of them are zero.
    """
    import numpy as np
    import pandas as pd

    named = f"The row weights {str(weights.name)!r}"
    missing = weights.isna().to_numpy()
    if weights.dtype.kind in "mM":  # dates and durations would come out as nanoseconds
        numbers = np.full(len(weights), np.nan)
    else:
        numbers = pd.to_numeric(weights, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    faults = {
        "missing": missing,
        "not numeric": np.isnan(numbers) & ~missing,
        "infinite": np.isinf(numbers),
        "negative": numbers < 0,
    }
    for fault, where in faults.items():
        rows = np.flatnonzero(where).tolist()
        if rows:
            raise table.error(
                f"{named} are {fault} in {len(rows)} of {len(weights)} rows: {show_rows(rows)}.",
                remedy="Give each row a weight that is a number of zero or more.",
                row=rows[0],
            )
    if not numbers.any():
        raise table.error(f"{named} are all zero.", remedy="Give at least one row a weight above zero.")
    return numbers
