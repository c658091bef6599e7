"""How much memory the harness takes while a data set goes into a container and comes back.

    python benchmarks/transfer_memory.py [--megabytes 500] TASK

The task gives the image that the container is started from. The process that sends and receives is measured; what reads
and judges the data is not in the figure (see data_memory.py).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from harness.backends.docker import DockerBackend
from harness.builds.plan import plan_build
from harness.environments import find_environment
from harness.progress import Silent
from harness.records import NetworkPolicy
from harness.tar_streams import tar_stream, unpack
from harness.tasks import read_task
from harness.workers.container import NOBODY, RESULTS_FOLDER, ContainerRecipe, ContainerWorker

CHUNK = bytes(range(256)) * 4096


def main() -> None:
    """Send a file, fetch it again, and print how far the peak of memory rose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", type=Path)
    parser.add_argument("--megabytes", type=int, default=500)
    options = parser.parse_args()
    task = read_task(options.task)
    plan = plan_build(find_environment(task.metadata.environment_id), task.requirements)
    build = DockerBackend().build(plan, Silent())
    recipe = ContainerRecipe(str(build.worker_image), str(build.python), (), NetworkPolicy.ISOLATED)
    with tempfile.TemporaryDirectory() as name:
        data = Path(name, "data.csv")
        with data.open("wb") as file:
            for _ in range(options.megabytes):
                file.write(CHUNK)
        worker = ContainerWorker(recipe)
        try:
            before = peak_megabytes()
            began = time.perf_counter()
            worker.put(RESULTS_FOLDER, tar_stream([("data.csv", data)], owner=NOBODY))
            sent = time.perf_counter()
            unpack(worker.get(RESULTS_FOLDER), Path(name, "back"), 2 * data.stat().st_size)
            fetched = time.perf_counter()
            after = peak_megabytes()
        finally:
            worker.close()
        assert Path(name, "back", "data.csv").stat().st_size == data.stat().st_size
    print(f"{options.megabytes} MB in {sent - began:.1f} s in, {fetched - sent:.1f} s out")
    print(f"peak of the process: {before:.0f} MB before, {after:.0f} MB after: {after - before:+.1f} MB")


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
