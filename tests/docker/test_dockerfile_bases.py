"""The images below a Dockerfile, with a registry of this test's own that the engine pulls from."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles import BaseImage, resolve_base, resolve_image
from harness.errors import BackendUnavailable, Interrupted

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


DOCKER_TYPES = "application/vnd.docker"
MANIFEST = f"{DOCKER_TYPES}.distribution.manifest.v2+json"
MANIFEST_LIST = f"{DOCKER_TYPES}.distribution.manifest.list.v2+json"


class Registry:
    """One image, `name`, in as much of a registry as a pull needs. contents: digest -> type and bytes."""

    def __init__(self) -> None:
        self.contents: dict[str, tuple[str, bytes]] = {}
        self.serve_image_for(MACHINES[platform.machine()])
        registry = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, content = registry.answer(self.path)
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Docker-Content-Digest", digest_of(content))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.name = f"127.0.0.1:{self.server.server_port}/tried-{uuid.uuid4().hex}:1"

    def answer(self, path: str) -> tuple[str, bytes]:
        if path == "/v2/":
            return "application/json", b"{}"
        return self.contents.get(self.served if path.endswith("/manifests/1") else path.rpartition("/")[2], ("", b""))

    def serve_image_for(self, architecture: str) -> None:
        """Serve an image under the tag, by a list of manifests as images for several architectures have it."""
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("made-for-this-test"))
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer.getvalue())]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.keep(f"{DOCKER_TYPES}.container.image.v1+json", json.dumps(config).encode()),
            "layers": [self.keep(f"{DOCKER_TYPES}.image.rootfs.diff.tar", layer.getvalue())],
        }
        entry = self.keep(MANIFEST, json.dumps(manifest).encode())
        entry["platform"] = {"architecture": architecture, "os": "linux"}
        manifests = {"schemaVersion": 2, "mediaType": MANIFEST_LIST, "manifests": [entry]}
        self.served = self.keep(MANIFEST_LIST, json.dumps(manifests).encode())["digest"]

    def keep(self, kind: str, content: bytes) -> dict[str, Any]:
        digest = digest_of(content)
        self.contents[digest] = kind, content
        return {"mediaType": kind, "size": len(content), "digest": digest}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def registry(engine: docker.APIClient) -> Iterator[Registry]:
    registry = Registry()
    thread = threading.Thread(target=registry.server.serve_forever, args=[0.05])
    thread.start()
    yield registry
    registry.server.shutdown()
    registry.server.server_close()
    thread.join()
    with suppress(ImageNotFound):
        engine.remove_image(registry.name, force=True)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def resolve(engine: docker.APIClient, tmp_path: Path, lines: list[str]) -> Callable[..., BaseImage]:
    """Give a function that resolves the base image of a Dockerfile with this text."""

    def resolve_text(
        text: str, *, pull: bool = False, python_version: str | None = None, **build_args: str
    ) -> BaseImage:
        (tmp_path / "Dockerfile").write_text(text)
        return resolve_base(
            engine, tmp_path, build_args, pull=pull, python_version=python_version, on_line=lines.append
        )

    return resolve_text


def test_a_local_image_is_taken_as_it_is(
    resolve: Callable[..., BaseImage], engine: docker.APIClient, base_image: str, lines: list[str]
) -> None:
    image_id = engine.inspect_image(base_image)["Id"]
    expected = BaseImage(base_image, base_image, image_id, None)
    assert resolve("ARG BASE_IMAGE=none\nFROM $BASE_IMAGE\n", python_version="3.11", BASE_IMAGE=base_image) == expected
    assert resolve(f"FROM {base_image} AS one\nFROM scratch\nFROM one\n") == expected
    assert lines == []


def test_an_image_from_scratch_has_no_base(resolve: Callable[..., BaseImage], base_image: str) -> None:
    assert resolve(f"FROM {base_image} AS one\nFROM scratch\n").name == "scratch"


def test_the_stand_in_is_told(resolve: Callable[..., BaseImage], engine: docker.APIClient, base_image: str) -> None:
    found = resolve("FROM never-built/python:3.11\n", python_version="3.11")
    assert found.reference == base_image
    assert found.image_id == engine.inspect_image(base_image)["Id"]
    assert found.note == (
        f"The base image never-built/python:3.11 is not on this engine: {base_image} stands in for it."
    )


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("# with an argument\nARG MY_BASE\nFROM ${MY_BASE:-127.0.0.1:9/none:1}\n", "'--build-arg MY_BASE=...'"),
        ("# without\n\nFROM 127.0.0.1:9/none:1\n", "'docker pull 127.0.0.1:9/none:1'"),
    ],
)
def test_a_base_image_that_is_nowhere(resolve: Callable[..., BaseImage], text: str, remedy: str) -> None:
    with pytest.raises(
        BackendUnavailable, match=r"the base image 127\.0\.0\.1:9/none:1 is not on this engine"
    ) as caught:
        resolve(text, python_version="2.0")
    assert remedy in caught.value.finding.remedy
    assert caught.value.finding.line == 3


def test_what_is_no_name_of_an_image(resolve: Callable[..., BaseImage]) -> None:
    with pytest.raises(BackendUnavailable, match="invalid reference format"):
        resolve("FROM Not:A:Name\n")


def test_an_image_is_pulled_where_it_is_missing(
    resolve: Callable[..., BaseImage], engine: docker.APIClient, registry: Registry, lines: list[str]
) -> None:
    found = resolve(f"FROM {registry.name}\n")
    assert found.image_id == engine.inspect_image(registry.name)["Id"]
    assert any("Pull complete" in line for line in lines)
    assert any("Downloaded newer image" in line for line in lines)
    lines.clear()
    assert resolve(f"FROM {registry.name}\n") == found
    assert lines == []
    assert resolve(f"FROM {registry.name}\n", pull=True) == found
    assert any("up to date" in line for line in lines)


def test_pulling_does_not_fall_back_to_what_is_here(resolve: Callable[..., BaseImage], base_image: str) -> None:
    with pytest.raises(BackendUnavailable, match="cannot be pulled"):
        resolve(f"FROM {base_image}\n", pull=True, python_version="3.11")


def test_an_image_for_another_architecture(resolve: Callable[..., BaseImage], registry: Registry) -> None:
    registry.serve_image_for("s390x")
    with pytest.raises(BackendUnavailable, match="does not exist for the architecture of this engine"):
        resolve(f"FROM {registry.name}\n")


def test_an_image_by_its_name(engine: docker.APIClient, registry: Registry, lines: list[str]) -> None:
    found = resolve_image(engine, registry.name, pull=False, on_line=lines.append)
    assert found == BaseImage(registry.name, registry.name, engine.inspect_image(registry.name)["Id"])
    with pytest.raises(BackendUnavailable, match=r"127\.0\.0\.1:9/none:1"):
        resolve_image(engine, "127.0.0.1:9/none:1", pull=False, on_line=lines.append)


def test_a_pull_can_be_cancelled(engine: docker.APIClient, registry: Registry, lines: list[str]) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Interrupted):
        resolve_image(engine, registry.name, pull=True, on_line=lines.append, cancellation=cancellation)
