"""How fast `harness serve` answers when it holds many tasks, and when many clients call at once.

    python benchmarks/server_speed.py [--tasks 1000] [--versions 5] [--clients 200] [--database-url URL]

The tasks are created through the API. Then: a page of the list of tasks, each with its latest version; a version with
20 files; and many clients that each list, create, read and download, at once.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

TOKEN = "benchmark-token"
ENVIRONMENT = "5e8c889607389fe0f466c72d"
SOURCE = b"def fit(X, y, output_dir, **kwargs): pass\ndef load_model(code_dir): pass\ndef score(data, model): pass\n"
FILES = {"custom.py": SOURCE, "requirements.txt": b"pandas>=2\nscikit-learn\n"}
TWENTY_FILES = {**FILES, **{f"helpers/part_{number}.py": f"VALUE = {number}\n".encode() for number in range(18)}}


def main() -> None:
    """Start a server, fill it, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--versions", type=int, default=5)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--database-url")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "harness", "serve", "--port", "0", "--data-dir", folder, "--token", TOKEN]
        command += ["--backend", "venv", *(["--database-url", options.database_url] if options.database_url else [])]
        with (Path(folder) / "requests.log").open("w+") as log:
            server = subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL)
            try:
                measure(wait_for_url(Path(log.name)), options)
            finally:
                server.terminate()
                server.wait()


def wait_for_url(log: Path) -> str:
    while True:
        lines = [line for line in log.read_text().splitlines() if line.startswith("Serving on ")]
        if lines:
            return lines[0].removeprefix("Serving on ") + "/"
        time.sleep(0.05)


def measure(url: str, options: argparse.Namespace) -> None:
    with client(url) as api:
        began = time.perf_counter()
        with ThreadPoolExecutor(4) as pool:
            tasks = list(pool.map(lambda number: fill(api, number, options.versions), range(options.tasks)))
        took = time.perf_counter() - began
        print(f"{options.tasks} tasks with {options.versions} versions each: created in {took:.0f} s")
        tell("list page, 100 tasks", options.rounds, lambda: api.get("customTasks/?offset=200&limit=100"))
        tell("list page, 20 tasks", options.rounds, lambda: api.get("customTasks/?offset=200&limit=20"))
        tell("search", options.rounds, lambda: api.get("customTasks/?searchFor=number%2099&limit=20"))
        tell("get a task", options.rounds, lambda: api.get(f"customTasks/{tasks[7]}/"))
        tell("create a version, 20 files", options.rounds, lambda: add_version(api, tasks[7], TWENTY_FILES))
    crowd(url, tasks, options.clients)


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)


def fill(api: httpx.Client, number: int, versions: int) -> str:
    answer = api.post("customTasks/", json={"name": f"Task number {number}", "targetType": "Regression"})
    task_id: str = answer.raise_for_status().json()["id"]
    for _ in range(versions):
        add_version(api, task_id, FILES).raise_for_status()
    return task_id


def add_version(api: httpx.Client, task_id: str, files: dict[str, bytes]) -> httpx.Response:
    fields = {"isMajorUpdate": "False", "baseEnvironmentId": ENVIRONMENT, "filePath": list(files)}
    parts = [("file", (path.rpartition("/")[2], content)) for path, content in files.items()]
    return api.post(f"customTasks/{task_id}/versions/", data=fields, files=parts)


def tell(what: str, rounds: int, call: Callable[[], httpx.Response]) -> None:
    call().raise_for_status()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        call().raise_for_status()
        seconds.append(time.perf_counter() - began)
    worst = sorted(seconds)[int(len(seconds) * 0.95)]
    print(f"{what:28} median {statistics.median(seconds) * 1000:4.0f} ms   95 % under {worst * 1000:4.0f} ms")


def crowd(url: str, tasks: list[str], count: int) -> None:
    """Let `count` clients, a thread and a connection each, do four things at once."""
    outcomes: Counter[str] = Counter()
    start = threading.Barrier(count)

    def visit(number: int) -> None:
        with client(url) as api:
            task_id = tasks[number % len(tasks)]
            start.wait()
            calls: tuple[Callable[[], httpx.Response], ...] = (
                lambda: api.get("customTasks/?limit=20"),
                lambda: add_version(api, task_id, FILES),
                lambda: api.get(f"customTasks/{task_id}/versions/"),
                lambda: api.get(f"customTasks/{task_id}/download/"),
            )
            for call in calls:
                try:
                    outcomes[str(call().status_code)] += 1
                except httpx.HTTPError as error:
                    outcomes[type(error).__name__] += 1

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    print(f"{count} clients at once, 4 calls each: {took:.1f} s, {dict(sorted(outcomes.items()))}")


if __name__ == "__main__":
    main()
