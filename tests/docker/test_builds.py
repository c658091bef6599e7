"""What a build makes on an engine: layers that are reused, downloads that are shared, secrets that do not stay."""

from __future__ import annotations

import io
import json
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from harness.backends.docker import DockerBackend
from harness.backends.docker.images import Image, list_images, remove_image, upper_first
from harness.builds.model import BuildOptions, BuildResult
from harness.builds.plan import plan_build
from harness.docker_engine import Label
from harness.environments import find_environment
from harness.errors import BackendUnavailable
from harness.progress import Silent
from harness.records import BuildStatus
from harness.tasks import read_task

MakeTask = Callable[..., Path]
CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"
WITH_VENV = """
FROM BASE
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin
RUN python3 -m venv /opt/venv
ENTRYPOINT ["python3", "-V"]
"""


@pytest.fixture(scope="module")
def image(engine: docker.APIClient, base_image: str) -> Iterator[str]:
    """Give an image with an empty venv, as a user may have built one, and remove all that was built on it."""
    name = f"harness-test:{uuid.uuid4().hex}"
    dockerfile = io.BytesIO(WITH_VENV.replace("BASE", base_image).encode())
    for event in engine.build(fileobj=dockerfile, tag=name, rm=True, forcerm=True, decode=True):
        assert "error" not in event, event
    yield name
    for each in upper_first(standing_on(engine, layers_of(engine, name))):
        remove_image(engine, each)
    engine.remove_image(name, force=True)


@pytest.fixture
def backend() -> DockerBackend:
    return DockerBackend()


def layers_of(engine: docker.APIClient, image: str) -> list[str]:
    layers: list[str] = engine.inspect_image(image)["RootFS"]["Layers"]
    return layers


def standing_on(engine: docker.APIClient, layers: list[str]) -> list[Image]:
    """Return the images of ours that begin with these layers."""
    return [image for image in list_images(engine) if list(image.layers[: len(layers)]) == layers]


def build(backend: DockerBackend, image: str, folder: Path, progress: Any = None, **options: Any) -> BuildResult:
    task = read_task(folder)
    environment = find_environment(f"image:{image}")
    plan = plan_build(environment, task.requirements, task, BuildOptions(**options))
    return backend.build(plan, progress or Silent())


def unique() -> str:
    """Return what no other task has in it, so that no other has the same image."""
    return uuid.uuid4().hex


def image_id(engine: docker.APIClient, build: BuildResult) -> str:
    assert build.image is not None
    return str(engine.inspect_image(build.image)["Id"])


def file_in(engine: docker.APIClient, image: str | None, path: str) -> str:
    """Return the text of a file of an image."""
    container = engine.create_container(image, ["true"])
    try:
        chunks, _ = engine.get_archive(container, path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            member = archive.next()
            assert member is not None
            content = archive.extractfile(member)
            assert content is not None
            return content.read().decode()
    finally:
        engine.remove_container(container, v=True)


def test_the_image_has_the_task_and_says_whose_it_is(
    backend: DockerBackend, engine: docker.APIClient, image: str, make_task: MakeTask
) -> None:
    folder = make_task(CUSTOM, requirements="iniconfig==2.0.0\n")
    done = build(backend, image, folder)
    assert done.image is not None
    assert done.image.startswith("task-harness/task/tried:")
    assert file_in(engine, done.image, "/opt/code/custom.py") == CUSTOM
    config = engine.inspect_image(done.image)["Config"]
    assert config["Labels"][Label.TASK] == "tried"
    assert config["Labels"][Label.KIND] == "task"
    assert config["Entrypoint"] == ["python3", "-V"]
    assert config["Volumes"] is None
    assert done.python_version is not None
    assert done.python_version.startswith("3.11.")


def test_an_edit_makes_a_new_image_on_the_same_dependencies_and_the_old_one_goes(
    backend: DockerBackend, engine: docker.APIClient, image: str, make_task: MakeTask
) -> None:
    folder = make_task(f"# {unique()}\n" + CUSTOM, requirements="iniconfig==2.0.0\n")
    first = build(backend, image, folder)
    below = layers_of(engine, str(first.image))[:-1]
    (folder / "custom.py").write_text("# edited\n" + CUSTOM)
    second = build(backend, image, folder)
    assert second.cached
    assert file_in(engine, second.image, "/opt/code/custom.py").startswith("# edited")
    assert layers_of(engine, str(second.image))[:-1] == below
    assert engine.images(name=str(first.image)) == []


def test_where_nothing_has_changed_no_image_is_made(
    backend: DockerBackend, engine: docker.APIClient, image: str, make_task: MakeTask
) -> None:
    folder = make_task(CUSTOM, requirements="iniconfig==2.0.0\n")
    first = build(backend, image, folder)
    before = {each["Id"] for each in engine.images(all=True)}
    second = build(backend, image, folder)
    assert image_id(engine, second) == image_id(engine, first)
    assert {each["Id"] for each in engine.images(all=True)} - before == set()


class Heard(Silent):
    """Keeps what a build tells."""

    def __init__(self) -> None:
        self.statuses: list[BuildStatus] = []
        self.lines: list[str] = []

    def build_status(self, status: BuildStatus) -> None:
        self.statuses.append(status)

    def build_line(self, line: str) -> None:
        self.lines.append(line)


def test_the_build_tells_its_status_and_its_output_as_it_goes(
    backend: DockerBackend, image: str, make_task: MakeTask
) -> None:
    heard = Heard()
    done = build(backend, image, make_task(CUSTOM, requirements="iniconfig==2.1.0\n"), heard)
    assert heard.statuses == [BuildStatus.SUBMITTED, BuildStatus.PROCESSING, BuildStatus.SUCCESS]
    assert "Successfully installed iniconfig-2.1.0" in heard.lines
    assert "Successfully installed iniconfig-2.1.0" in done.log


def test_the_log_of_an_earlier_build_is_kept(backend: DockerBackend, image: str, make_task: MakeTask) -> None:
    folder = make_task(CUSTOM, requirements="iniconfig==1.1.1\n")
    first, second = build(backend, image, folder), build(backend, image, folder)
    assert (second.log, second.started, second.ended) == (first.log, first.started, first.ended)
    assert first.started < first.ended


def test_downloads_outlive_the_images(
    backend: DockerBackend, engine: docker.APIClient, image: str, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Settings of their own have a cache of their own.
    monkeypatch.setenv("PIP_TIMEOUT", str(100 + uuid.uuid4().int % 10**6))
    folder = make_task(CUSTOM, requirements="toolz==1.0.0\n")
    first = build(backend, image, folder)
    dependencies = layers_of(engine, str(first.image))[:-1]
    for each in upper_first(standing_on(engine, dependencies)):
        assert remove_image(engine, each)
    second = build(backend, image, folder)
    assert not second.cached
    assert "Downloading toolz-1.0.0" in first.log
    assert "Downloading" not in second.log
    assert "Processing /run/harness-downloads" in second.log


def test_without_cache_it_is_built_again(
    backend: DockerBackend, engine: docker.APIClient, image: str, make_task: MakeTask
) -> None:
    folder = make_task(CUSTOM, requirements="iniconfig==2.0.0\n")
    below = layers_of(engine, str(build(backend, image, folder).image))[:-1]
    again = build(backend, image, folder, no_cache=True)
    assert not again.cached
    assert layers_of(engine, str(again.image))[:-1] != below
    assert "Downloading iniconfig-2.0.0" in again.log


def test_credentials_and_certificates_leave_no_trace(
    backend: DockerBackend,
    engine: docker.APIClient,
    image: str,
    make_task: MakeTask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password netrc-hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://someone:index-hunter2@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("HTTP_PROXY", "http://someone:proxy-hunter2@127.0.0.1:9")
    done = build(backend, image, make_task(CUSTOM, requirements="iniconfig==2.0.0\n"))
    assert done.succeeded
    assert done.image is not None
    assert done.worker_image is not None
    assert "hunter2" not in done.log
    for made in (done.image, done.worker_image):
        assert "hunter2" not in json.dumps([engine.inspect_image(made), engine.history(made)])
        saved = b"".join(engine.get_image(made))
        assert b"hunter2" not in saved
        assert [name for name in files_of(saved) if name.startswith("run/harness-build/")] == []
        assert "/run/harness-build" not in json.dumps(engine.inspect_image(made)["Config"]["Env"])


def files_of(saved: bytes) -> list[str]:
    """Return the paths of the files in all layers of a saved image."""
    names = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        for layer in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as files:
                names += [member.name for member in files if member.isfile()]
    return names


DROP_IN = """\
FROM IMAGE
USER root
COPY requirements.txt requirements.txt
RUN pip3 install -r requirements.txt --no-cache-dir && rm -rf requirements.txt
COPY ./*.sh /opt/code/
WORKDIR /opt/code
ENV CODEPATH /opt/code
EXPOSE 8080
ENTRYPOINT ["/opt/code/start_server.sh"]
"""


def test_a_drop_in_environment_is_used_as_it_is(
    backend: DockerBackend, engine: docker.APIClient, image: str, make_task: MakeTask, tmp_path: Path
) -> None:
    folder = tmp_path / "drop_in"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DROP_IN.replace("IMAGE", image))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    (folder / "start_server.sh").write_text("#!/bin/sh\nexec true\n")
    info = {"id": "0" * 24, "name": "Drop-in", "programmingLanguage": "python", "requiredMetadataKeys": []}
    (folder / "env_info.json").write_text(json.dumps(info))
    task = read_task(make_task(CUSTOM, requirements="iniconfig==2.0.0\n"))
    done = backend.build(plan_build(find_environment(str(folder)), task.requirements, task), Silent())
    assert done.succeeded, done.log
    config = engine.inspect_image(done.image)["Config"]
    assert config["Entrypoint"] == ["/opt/code/start_server.sh"]
    assert config["WorkingDir"] == "/opt/code"
    assert "CODEPATH=/opt/code" in config["Env"]
    assert file_in(engine, done.image, "/opt/code/start_server.sh") == "#!/bin/sh\nexec true\n"


def test_an_image_that_is_not_there_is_named(backend: DockerBackend, make_task: MakeTask) -> None:
    with pytest.raises(BackendUnavailable, match="no-such-image:1"):
        build(backend, "no-such-image:1", make_task(CUSTOM))
