"""Time `harness deps --check` for ten common packages, warm: the package index was asked a moment before.

python benchmarks/deps_check_speed.py [--rounds N] [--env NAME]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = (
    "requests",
    "flask",
    "pandas",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "matplotlib",
    "sqlalchemy",
    "pydantic",
    "statsmodels",
)


def main() -> None:
    """Measure and print the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--env", default="python3_sklearn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text("".join(f"{package}\n" for package in PACKAGES))
        command = [sys.executable, "-m", "harness", "deps", str(file), "--check", "--env", options.env]
        timed(command)
        seconds = [timed(command) for _ in range(options.rounds)]
    print(f"deps --check, warm: median {statistics.median(seconds):.2f} s   {min(seconds):.2f} to {max(seconds):.2f}")


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
