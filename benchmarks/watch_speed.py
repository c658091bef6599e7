"""Time from a save to the verdict on the screen, with `harness validate --watch` and real saves.

    python benchmarks/watch_speed.py [--backend venv|docker] [--rounds N] [--pause SECONDS] [TASK ...]

Without TASK: a copy of the binary sample, and what `harness init --type binary` makes. Each save appends a comment to
custom.py; the clock runs from the last byte written to the line with the verdict being read from the process. The pause
between a verdict and the next save is what a person takes to read and type at the least.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
SAMPLE = CHECKOUT / "sample_tasks" / "binary_functions"
HARNESS = (sys.executable, "-m", "harness")


def main() -> None:
    """Measure each task on each backend and print the median, the spread and the share below one second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", metavar="TASK", nargs="*", type=Path)
    parser.add_argument("--backend", choices=["venv", "docker"], action="append")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pause", type=float, default=4.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for task in tasks_in(Path(name), options.tasks):
            for backend in options.backend or ("venv", "docker"):
                seconds = list(saves(task, backend, options.rounds, options.pause))
                median = f"median {statistics.median(seconds):.2f} s"
                spread = f"{min(seconds):.2f} to {max(seconds):.2f}, n={len(seconds)}"
                below = sum(value < 1 for value in seconds)
                print(f"{task.name:<17} {backend:<7} {median}   {spread}; {below} below 1 s", flush=True)


def tasks_in(folder: Path, given: list[Path]) -> Iterator[Path]:
    """Yield copies of the tasks, so that no edit reaches the user's files."""
    for task in given or [SAMPLE]:
        yield Path(shutil.copytree(task, folder / task.name))
    if not given:
        made = folder / "init_binary"
        subprocess.run([*HARNESS, "init", str(made), "--type", "binary"], check=True, capture_output=True)
        yield made


def saves(task: Path, backend: str, rounds: int, pause: float) -> Iterator[float]:
    """Yield the seconds from each save to its verdict."""
    command = [*HARNESS, "validate", str(task), "--watch", "--backend", backend]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            wait_for_verdict(process)
            for number in range(rounds):
                time.sleep(pause)
                with (task / "custom.py").open("a", encoding="utf-8") as custom:
                    custom.write(f"# save {number}\n")
                began = time.perf_counter()
                wait_for_verdict(process)
                yield time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGINT)


def wait_for_verdict(process: subprocess.Popen[str]) -> None:
    """Read the process's lines up to a verdict; a task that does not pass is not the one to measure."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("PASSED"):
            return
        if line.startswith(("FAILED", "ERROR")):
            sys.exit(line)
    sys.exit("the process has ended")


if __name__ == "__main__":
    main()
