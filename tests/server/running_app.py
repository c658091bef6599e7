"""The application, served by this process, with its queue at work, and users who call it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from httpx import Client, Response

from harness.server.app import create_app
from harness.server.connections import PoliteProtocol
from harness.server.jobs.kinds import job_kinds
from harness.server.settings import ServerSettings
from harness.server.state import ServerState, open_state
from harness.server.store.users import add_user

ENVIRONMENT = "5e8c889607389fe0f466c72d"
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class RunningApp:
    """ana and ben: clients of two users."""

    state: ServerState
    ana: Client
    ben: Client

    def begin_jobs(self) -> None:
        self.state.queue.start(job_kinds(self.state))


@contextmanager
def running_app(
    folder: Path, *, jobs: int = 2, has_begun: bool = True, environments: tuple[Path, ...] = ()
) -> Iterator[RunningApp]:
    """Serve in this process while the block lasts. has_begun: False leaves the jobs in the queue for now."""
    settings = ServerSettings(data_folder=folder / "data", backend="venv", jobs=jobs, environments=environments)
    with open_state(settings) as state, _answering(state) as url:
        with state.database.write() as session:
            tokens = [add_user(session, f"{name}@example.com") for name in ("ana", "ben")]
        with _client(url, tokens[0]) as ana, _client(url, tokens[1]) as ben:
            running = RunningApp(state, ana, ben)
            if has_begun:
                running.begin_jobs()
            yield running


@contextmanager
def _answering(state: ServerState) -> Iterator[str]:
    """Give the URL under which a thread answers requests."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(state), http=PoliteProtocol, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v2/"
        finally:
            server.should_exit = True
            thread.join()


def _client(url: str, token: str) -> Client:
    return Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS)


def made(answer: Response) -> dict[str, Any]:
    """Return the record of an answer that must be a success."""
    assert answer.status_code in (200, 201), answer.text
    record: dict[str, Any] = answer.json()
    return record


def new_project(client: Client, data: str, *, target: str | None = None, name: str = "Trial") -> str:
    """Upload data and set the target; return the project's id."""
    sent = client.post("projects/", data={"projectName": name}, files={"file": ("data.csv", data)})
    assert sent.status_code == 202, sent.text
    done = client.get(sent.headers["Location"])
    assert done.status_code == 303
    place = done.headers["Location"]
    if target is not None:
        aimed = client.patch(f"{place}aim/", json={"target": target, "mode": "manual"})
        assert aimed.status_code == 202, aimed.text
    return str(place.split("/")[-2])


def new_task(client: Client, files: Mapping[str, str], *, target_type: str = "Regression", **others: str) -> str:
    """Create a task with one version of these files; return the task's id. others: fields of the version."""
    task = made(client.post("customTasks/", json={"name": "Ridge", "targetType": target_type}))["id"]
    fields = {"isMajorUpdate": "True", "baseEnvironmentId": ENVIRONMENT, **others}
    sent = [("file", (path, content)) for path, content in files.items()]
    made(client.post(f"customTasks/{task}/versions/", data={**fields, "filePath": list(files)}, files=sent))
    return str(task)


def new_blueprint(client: Client, task: str) -> dict[str, Any]:
    """Make a user blueprint of a task's latest version."""
    version = made(client.get(f"customTasks/{task}/"))["latestVersion"]["id"]
    return made(client.post("userBlueprints/fromCustomTaskVersionId/", json={"customTaskVersionId": version}))


def into_menu(client: Client, project: str, blueprint: Mapping[str, Any]) -> str:
    """Add a user blueprint to a project's menu and return the id that the project knows it by."""
    wanted = {"projectId": project, "userBlueprintIds": [blueprint["userBlueprintId"]]}
    added = made(client.post("userBlueprintsProjectBlueprints/", json=wanted))["addedToMenu"]
    return str(added[0]["blueprintId"])


def began(client: Client, project: str, blueprint_id: str) -> str:
    """Have a blueprint trained and return the URL of the model job."""
    answer = client.post(f"projects/{project}/models/", json={"blueprintId": blueprint_id})
    assert answer.status_code == 202, answer.text
    return str(answer.headers["Location"])


def reached(client: Client, job: str, *statuses: str) -> dict[str, Any]:
    """Look at a model job until it has one of these statuses, and return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = client.get(job)
        assert answer.status_code in (200, 303), answer.text
        record: dict[str, Any] = answer.json()
        if record["status"] in statuses:
            return record
        assert time.monotonic() < deadline, record
        time.sleep(PAUSE_SECONDS)
