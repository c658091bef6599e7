"""What a deleted task leaves on the Docker engine: nothing of its own."""

from __future__ import annotations

import json
from pathlib import Path

import docker
import httpx
import pytest
from server_fixtures import Serve
from started_programs import PATIENCE_SECONDS, wait_until

ENVIRONMENT = "0123456789abcdef01234567"


@pytest.fixture
def small_environment(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    info = {"id": ENVIRONMENT, "name": "Small", "pythonVersion": "3.11"}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return folder


def built(api: httpx.Client, source: str) -> str:
    """Return the id of a new task whose dependencies are built."""
    task = api.post("customTasks/", json={"name": "Deleted", "targetType": "Regression"}).json()["id"]
    fields = {"isMajorUpdate": "true", "baseEnvironmentId": ENVIRONMENT, "filePath": ["custom.py", "requirements.txt"]}
    files = [("file", ("custom.py", source.encode())), ("file", ("requirements.txt", b"toolz==1.0.0\n"))]
    version = api.post(f"customTasks/{task}/versions/", data=fields, files=files).json()["id"]
    build = f"customTasks/{task}/versions/{version}/dependencyBuild/"
    assert api.post(build).status_code == 202
    assert wait_until(lambda: {"success", "failed"} & {api.get(build).json()["buildStatus"]}) == {"success"}
    return str(task)


def images_of_tasks(engine: docker.APIClient) -> set[str]:
    return {name for image in engine.images() for name in image["RepoTags"] or () if name.startswith("task-harness/")}


def test_the_image_of_a_deleted_task_goes_and_its_dependencies_stay(
    serve: Serve, small_environment: Path, engine: docker.APIClient, base_image: str
) -> None:
    server = serve("--env", str(small_environment), backend="docker")
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS) as api:
        before = images_of_tasks(engine)
        first = built(api, "def fit(X, y, output_dir, **kwargs): pass\n")
        of_first = images_of_tasks(engine) - before
        second = built(api, "def fit(X, y, output_dir, **kwargs): return None\n")
        of_second = images_of_tasks(engine) - before - of_first
        assert len(of_second) == 1
        assert api.delete(f"customTasks/{second}/").status_code == 204
        wait_until(lambda: not images_of_tasks(engine) & of_second)
        assert of_first <= images_of_tasks(engine)
        assert api.get(f"customTasks/{first}/").status_code == 200
