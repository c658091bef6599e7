"""Time `harness diagnose` on large logs: python benchmarks/diagnosis_speed.py [--megabytes N...] [--rounds N].

The whole process is timed, its start included. A log is noise of one shape, and at its end a failure as pip tells it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

FAILURE = (
    "Collecting toolz-extra>=1 (from -r requirements.txt (line 3))\n"
    "ERROR: Could not find a version that satisfies the requirement toolz-extra>=1 (from versions: none)\n"
    "ERROR: No matching distribution found for toolz-extra>=1\n"
)
LINES = (
    "Collecting package-{n} (from -r requirements.txt (line {n}))",
    "  Downloading package_{n}-1.0.{n}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl (18.2 MB)",
    "  gcc -pthread -DNDEBUG -O3 -Wall -fPIC -I/usr/local/include/python3.11 -c src/part{n}.c -o build/part{n}.o",
    "  src/part{n}.c:{n}:45: warning: unused variable 'error' [-Wunused-variable]",
    "  copying src/package/module_{n}.py -> build/lib.linux-x86_64-cpython-311/package",
)


def plain() -> Iterator[str]:
    for number in itertools.count():
        yield LINES[number % len(LINES)].format(n=number) + "\n"


def in_buildkit() -> Iterator[str]:
    for number, line in enumerate(plain()):
        yield f"#12 {number / 100:.3f} {line}"


def with_times_and_colours() -> Iterator[str]:
    for number, line in enumerate(plain()):
        yield f"2024-05-06T07:08:{number % 60:02}.1234567Z \x1b[36;1m{line.rstrip()}\x1b[0m\n"


def progress_bars() -> Iterator[str]:
    for number in itertools.count():
        bar = "\u2501" * (number % 40)
        yield f"\r     {bar} {number % 1000}/1000 MB 54.3 MB/s eta 0:00:01"


def one_line() -> Iterator[str]:
    while True:
        yield "creating wheel and adding files "


def compiler_errors() -> Iterator[str]:
    for number in itertools.count():
        yield f"src/part.c:{number}:1: error: expected ';' before '}}' token\nerror: command 'gcc' failed\n"


SHAPES: dict[str, Callable[[], Iterator[str]]] = {
    "plain": plain,
    "BuildKit": in_buildkit,
    "times, colours": with_times_and_colours,
    "progress bars": progress_bars,
    "one line": one_line,
    "compiler errors": compiler_errors,
}


def main() -> None:
    """Time each shape of log in turns, and print the median and the peak memory of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[0, 10, 100])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in arguments.megabytes:
            for shape, lines in SHAPES.items():
                log = Path(folder) / "build.log"
                write(log, lines, megabytes * 1_000_000)
                runs = [diagnose(log) for _ in range(arguments.rounds)]
                seconds = [run[0] for run in runs]
                peak = max(run[1] for run in runs)
                print(
                    f"{megabytes:4} MB {shape:16} median {statistics.median(seconds):6.2f} s"
                    f"   {min(seconds):.2f} to {max(seconds):.2f}   processor {min(run[2] for run in runs):5.2f} s"
                    f"   peak {peak / 1e6:6.0f} MB",
                    flush=True,
                )


def write(log: Path, lines: Callable[[], Iterator[str]], size: int) -> None:
    with log.open("w", encoding="utf-8") as stream:
        written = 0
        for line in lines():
            if written >= size:
                break
            written += stream.write(line)
        stream.write("\n" + FAILURE)


def diagnose(log: Path) -> tuple[float, int, float]:
    """Return the seconds that the process took, its peak memory in bytes, and the seconds of processor time."""
    began = time.perf_counter()
    process = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "harness", "diagnose", str(log), "--json"],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - began
    if status != 0:
        message = f"harness diagnose ended with {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(message)
    return seconds, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
