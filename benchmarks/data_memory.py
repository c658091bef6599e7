"""How much memory the host needs to read, profile and stage a large CSV file, against the frame's own size.

    python benchmarks/data_memory.py [--rows 1000000] [--columns 20] [--texts 0]

A file of random numbers (and, with --texts, some columns of words, dates and sentences) is written to a temporary
folder; a fresh process then does what a validation does with it. Its peak is the process's highest resident size
less what it had with pandas imported. The aim is a ratio below 2.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_MIB = 2**20
_ROWS_AT_ONCE = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the host's memory for a large CSV file.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=20, help="features and target together")
    parser.add_argument("--texts", type=int, default=0, help="how many of the columns are text")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        write_data(path, arguments.rows, arguments.columns, arguments.texts)
        command = [sys.executable, __file__, "--measure", str(path)]
        figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"file            {path.stat().st_size / _MIB:8.0f} MiB")
    print(f"frame           {figures['frame'] / _MIB:8.0f} MiB")
    print(f"before          {figures['before'] / _MIB:8.0f} MiB  (interpreter and pandas)")
    for step in ("read", "stage"):
        print(
            f"peak after {step:5s}{figures[step]['peak'] / _MIB:8.0f} MiB  "
            f"ratio {figures[step]['peak'] / figures['frame']:.2f}  {figures[step]['seconds']:.1f} s"
        )


def write_data(path: Path, rows: int, columns: int, texts: int) -> None:
    """Write a file whose last column is a target of two classes."""
    import numpy as np

    random = np.random.default_rng(0)
    numbers = columns - texts - 1
    words = ["red", "green", "blue", "violet"]
    names = [f"number{i}" for i in range(numbers)] + [f"text{i}" for i in range(texts)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write(",".join([*names, "target"]) + "\n")
        for first in range(0, rows, _ROWS_AT_ONCE):
            for row in random.normal(size=(min(_ROWS_AT_ONCE, rows - first), numbers)).tolist():
                kind = int(abs(row[0]) * 1000)
                made = [
                    words[kind % 4],
                    f"20{10 + kind % 10}-0{1 + kind % 9}-1{kind % 10}",
                    f"note {kind} on {words[kind % 4]} and {row[-1]:.6f}",
                ]
                cells = [*map(repr, row), *(made[i % 3] for i in range(texts)), str(kind % 2)]
                stream.write(",".join(cells) + "\n")


def measure(path: Path) -> dict[str, object]:
    """Read, profile and stage the file in this process; sizes in bytes, peaks above the start."""
    import pandas as pd

    from harness.data import DataOptions, read_sample_data, write_input
    from harness.records import TargetType

    pd.Series(["a", "b"]).to_frame()
    before = peak_bytes()
    started = time.perf_counter()
    data = read_sample_data(DataOptions(input=path, target="target"), TargetType.BINARY)
    read = {"peak": peak_bytes() - before, "seconds": time.perf_counter() - started}
    assert data.target is not None
    frame = int(data.features.memory_usage(deep=True).sum() + data.target.memory_usage(deep=True))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write_input(data, Path(folder))
    stage = {"peak": peak_bytes() - before, "seconds": time.perf_counter() - started}
    return {"frame": frame, "before": before, "read": read, "stage": stage}


def peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
