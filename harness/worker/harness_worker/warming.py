"""Pay once, in the server, for what libraries only load when they are first used."""

from __future__ import annotations

import io
import sys
from typing import Any

import pandas as pd


def warm_up() -> None:
    """Read and write a tiny table, and let scikit-learn, where it is loaded, look at one.

    Starts no threads and keeps no state; a library that does not like the table is simply not warmed.
    """
    table = pd.read_csv(io.StringIO("number,text\n0.5,a\n1.5,b\n2.5,a\n"))
    table.to_csv(io.StringIO())
    validation: Any = sys.modules.get("sklearn.utils.validation")
    if validation is not None:
        try:
            validation.check_X_y(table[["number"]], table["text"])
        except Exception:
            return
