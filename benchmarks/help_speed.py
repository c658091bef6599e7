"""Time `harness --help`: python benchmarks/help_speed.py [--rounds N]."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def main() -> None:
    """Run it several times and print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    seconds = []
    for _ in range(parser.parse_args().rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "harness", "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - began)
    print(f"median {statistics.median(seconds):.3f} s   {min(seconds):.3f} to {max(seconds):.3f}, n={len(seconds)}")


if __name__ == "__main__":
    main()
