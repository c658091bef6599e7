"""Time a validation after an edit, in turns with a bare two-process script and, where given, the platform's runner.

    python benchmarks/validate_speed.py [--backend venv|docker] [--rounds N] [--runner PATH_TO_DRUM]

All take the same 100 rows of scikit-learn's breast cancer data and the same task. The bare script calls the task's own
hooks in two processes of the venv that the harness builds, on this machine. With Docker the image is built anew after
each edit, and that time is in the figure.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
TASK = CHECKOUT / "sample_tasks" / "binary_functions"
ROWS = 100

FIT = """
import sys
import pandas as pd
sys.path.insert(0, sys.argv[1])
import custom
frame = pd.read_csv(sys.argv[2])
target = frame.pop("diagnosis")
custom.fit(X=frame, y=target, output_dir=sys.argv[3], class_order=["malignant", "benign"], row_weights=None)
"""
PREDICT = """
import sys
import pandas as pd
sys.path.insert(0, sys.argv[1])
import custom
frame = pd.read_csv(sys.argv[2]).drop(columns="diagnosis")
custom.score(frame, custom.load_model(sys.argv[3])).to_csv(sys.argv[4], index=False)
"""


def main() -> None:
    """Measure in turns and print the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", choices=["venv", "docker"], default="venv")
    parser.add_argument("--runner", type=Path, help="the platform's own runner, a program called drum")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = measure(folder, options.backend, options.rounds, options.runner)
    for who, values in seconds.items():
        spread = f"{min(values):.2f} to {max(values):.2f}, n={len(values)}"
        print(f"{who:<8} median {statistics.median(values):6.2f} s   {spread}")
    for who in list(seconds)[1:]:
        ratios = [own / other for own, other in zip(seconds["harness"], seconds[who], strict=True)]
        print(f"harness / {who:<8} median {statistics.median(ratios):.2f}   {min(ratios):.2f} to {max(ratios):.2f}")


def measure(folder: Path, backend: str, rounds: int, runner: Path | None) -> dict[str, list[float]]:
    data, task = folder / "data.csv", folder / "task"
    write_data(data)
    shutil.copytree(TASK, task)
    validation = [sys.executable, "-m", "harness", "validate", str(task), "--input", str(data), "--target", "diagnosis"]
    validation += ["--backend", backend]
    run([*validation, "--output", str(folder / "first")])  # builds what the later ones find ready
    python = venv_python(task)
    seconds: dict[str, list[float]] = {"harness": [], "bare": []}
    if runner:
        seconds["runner"] = []
    for number in range(rounds):
        with (task / "custom.py").open("a") as custom:
            custom.write(f"# edit {number}\n")
        seconds["harness"].append(timed(lambda: run([*validation, "--output", str(folder / "report")])))
        seconds["bare"].append(timed(lambda: run_bare(python, task, data, folder)))
        if runner:
            # The runner starts itself again by its plain name.
            os.environ["PATH"] = os.pathsep.join([str(runner.absolute().parent), os.environ["PATH"]])
            command = [str(runner), "fit", "--code-dir", str(task), "--input", str(data), "--target", "diagnosis"]
            seconds["runner"].append(timed(lambda: run([*command, "--target-type", "binary"])))  # noqa: B023 - called at once
    return seconds


def write_data(file: Path) -> None:
    """Write 100 rows of the breast cancer data, the label in the column `diagnosis`."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.assign(diagnosis=bunch.target.map({0: "malignant", 1: "benign"}))
    frame.head(ROWS).to_csv(file, index=False)


def run_bare(python: Path, task: Path, data: Path, folder: Path) -> None:
    """Call the task's own hooks: fit and save in one process, load and predict in a second."""
    (folder / "model").mkdir(exist_ok=True)
    arguments = [str(task), str(data), str(folder / "model")]
    run([str(python), "-c", FIT, *arguments])
    run([str(python), "-c", PREDICT, *arguments, str(folder / "predictions.csv")])


def venv_python(task: Path) -> Path:
    """Return the interpreter of the venv that a validation of `task` uses."""
    from harness.backends import open_backend
    from harness.builds.plan import plan_build
    from harness.environments import find_environment
    from harness.progress import Silent
    from harness.tasks import read_task

    read = read_task(task)
    environment = find_environment(read.metadata.environment_id)
    python = open_backend("venv").build(plan_build(environment, read.requirements), Silent()).python
    assert python is not None
    return python


def run(command: list[str]) -> None:
    # As installed packages are: with compiled files beside the sources.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")


def timed(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
