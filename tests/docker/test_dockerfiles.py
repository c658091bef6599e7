"""Dockerfiles built on the real engine, by its own builder and by BuildKit: the same cases, the same results."""

from __future__ import annotations

import io
import json
import os
import tarfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from docker.errors import APIError, ImageNotFound, NotFound

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles import DockerfileBuild, build_dockerfile
from harness.backends.docker.dockerfiles.builders import Builder, BuilderRefused
from harness.backends.docker.dockerfiles.buildkit import BUILDKIT
from harness.backends.docker.dockerfiles.classic import CLASSIC, _refused
from harness.builds.host_settings import HostSettings, read_host_settings
from harness.errors import BackendUnavailable, HarnessError, Interrupted

NOTHING = HostSettings()
SECONDS_TO_CANCEL = 5


@pytest.fixture(params=[CLASSIC, BUILDKIT], ids=["classic", "buildkit"])
def builder(request: pytest.FixtureRequest) -> Builder:
    builder: Builder = request.param
    return builder


class Workshop:
    """Builds Dockerfiles of one test, and knows what is left of them.

    mark: a label of everything that the Dockerfiles of this test make, where they begin with it. lines: the log.
    """

    def __init__(self, engine: docker.APIClient, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.mark = f"test-{uuid.uuid4().hex}"
        self.tag = f"{self.mark}:1"
        self.lines: list[str] = []
        self.cancellation = Cancellation()

    def write(self, dockerfile: str, **files: str) -> None:
        (self.folder / "Dockerfile").write_text(dockerfile)
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def build(
        self, *builders: Builder, settings: HostSettings = NOTHING, no_cache: bool = True, **build_args: str
    ) -> DockerfileBuild:
        return build_dockerfile(
            self.engine,
            self.folder,
            tag=self.tag,
            labels={"made-by": "the tests"},
            build_args=build_args,
            python_version=None,
            settings=settings,
            no_cache=no_cache,
            on_line=self.lines.append,
            cancellation=self.cancellation,
            **({"builders": builders} if builders else {}),
        )

    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.engine.inspect_image(self.tag)["Config"]
        return config

    def files(self, folder: str) -> dict[str, bytes]:
        """Return the files below a folder of the built image."""
        container = self.engine.create_container(self.tag, ["none"])["Id"]
        try:
            with closing(self.engine.get_archive(container, folder)[0]) as chunks:
                content = io.BytesIO(b"".join(chunks))
            with tarfile.open(fileobj=content) as archive:
                opened = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
                return {name: file.read() for name, file in opened.items() if file}
        finally:
            self.engine.remove_container(container)

    def left(self, lock_folder: str) -> list[str]:
        """Return what the builds of this test have left on the engine, besides the finished image."""
        found = self.engine.containers(all=True) + self.engine.images(all=True)
        return [
            thing["Id"]
            for thing in found
            if self.mark in (thing.get("Labels") or {})
            or (thing.get("Labels") or {}).get("task-harness.lock", "").startswith(lock_folder)
            if self.tag not in (thing.get("RepoTags") or [])
        ]


@pytest.fixture
def workshop(engine: docker.APIClient, tmp_path: Path) -> Iterator[Workshop]:
    workshop = Workshop(engine, tmp_path / "environment")
    workshop.folder.mkdir()
    yield workshop
    with suppress(ImageNotFound):
        engine.remove_image(workshop.tag, force=True)
    for _ in range(20):  # children before parents
        for image in engine.images(all=True, filters={"label": workshop.mark}):
            with suppress(APIError):
                engine.remove_image(image["Id"], noprune=True)


@pytest.fixture
def lock_folder(cache: Path) -> str:
    return str(cache)


@pytest.fixture
def secret_settings(tmp_path: Path) -> tuple[HostSettings, list[str]]:
    """Return the settings of a machine with credentials in pip.conf, netrc and proxy, and these credentials."""
    in_url, in_netrc, in_proxy = (f"{place}{uuid.uuid4().hex}" for place in ("url", "netrc", "proxy"))
    (tmp_path / "pip.conf").write_text(
        f"[global]\nindex-url = https://me:{in_url}@index.example/simple\nextra-index-url = https://other.example/\n"
    )
    (tmp_path / ".netrc").write_text(f"machine other.example login me password {in_netrc}\n")
    (tmp_path / "ca.pem").write_text("certificates of a company\n")
    environ = {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "PIP_CERT": str(tmp_path / "ca.pem"),
        "HTTPS_PROXY": f"http://me:{in_proxy}@proxy.example:3128",
    }
    return read_host_settings(environ), [in_url, in_netrc, in_proxy]


def everything_known(engine: docker.APIClient, since: float) -> str:
    """Return all that the engine says about its images and containers that were made since then."""
    texts = []
    for image in engine.images(all=True):
        if image["Created"] >= int(since):
            with suppress(NotFound):
                texts.append(json.dumps([engine.inspect_image(image["Id"]), engine.history(image["Id"])]))
    for container in engine.containers(all=True):
        if container["Created"] >= int(since):
            with suppress(NotFound):
                texts.append(json.dumps(engine.inspect_container(container["Id"])))
    return "\n".join(texts)


def saved(engine: docker.APIClient, image: str) -> bytes:
    with closing(engine.get_image(image)) as chunks:
        return b"".join(chunks)


def test_arguments_labels_and_context(workshop: Workshop, builder: Builder, base_image: str) -> None:
    workshop.write(
        f"ARG BASE_IMAGE=none\nFROM ${{BASE_IMAGE}}\nLABEL {workshop.mark}=\n"
        'ARG WORD=none\nENV SAID=$WORD\nCOPY . /context\nENTRYPOINT ["python3", "-V"]\n',
        **{".dockerignore": "# not these\nleft\n*.log\n!kept.log\n", "a.log": "", "kept.log": "kept", "run.sh": "run"},
    )
    (workshop.folder / "left").mkdir()
    (workshop.folder / "left" / "out").touch()
    built = workshop.build(builder, BASE_IMAGE=base_image, WORD="given")
    assert built.image_id == workshop.engine.inspect_image(workshop.tag)["Id"]
    assert (built.exit_code, built.error, built.line, built.instruction) == (None, None, None, None)
    config = workshop.config()
    assert config["Labels"] == {workshop.mark: "", "made-by": "the tests"}
    assert "SAID=given" in config["Env"]
    assert config["Entrypoint"] == ["python3", "-V"]
    files = workshop.files("/context")
    assert files.keys() == {"context/Dockerfile", "context/.dockerignore", "context/kept.log", "context/run.sh"}
    assert files["context/kept.log"] == b"kept"


def test_the_second_build_takes_what_the_first_made(
    workshop: Workshop, builder: Builder, base_image: str, secret_settings: Any
) -> None:
    workshop.write(f"FROM {base_image}\nLABEL {workshop.mark}=\nRUN echo {workshop.mark} | md5sum\n")
    settings = secret_settings[0] if builder.mounts_secrets else NOTHING
    for no_cache, runs in ((False, 1), (False, 1), (True, 2)):
        assert workshop.build(builder, settings=settings, no_cache=no_cache).image_id
        assert sum(line.endswith("  -") for line in workshop.lines) == runs


def test_a_run_that_fails_is_a_result(
    workshop: Workshop, builder: Builder, base_image: str, lock_folder: str, secret_settings: Any
) -> None:
    workshop.write(
        f"ARG X=1\nFROM {base_image} AS first\nLABEL {workshop.mark}=\nRUN true\nFROM first\nARG X\n\n"
        "RUN echo an explanation >&2 \\\n && exit $(( $X + 6 ))\n"
    )
    for settings in (NOTHING, secret_settings[0]):
        built = workshop.build(builder, settings=settings)
        assert (built.image_id, built.exit_code, built.line) == (None, 7, 8)
        assert built.instruction is not None
        assert built.instruction.startswith("RUN echo an explanation >&2")
        assert built.error is not None
        assert "7" in built.error
        assert "an explanation" in workshop.lines
        assert not workshop.left(lock_folder)
        with pytest.raises(ImageNotFound):
            workshop.engine.inspect_image(workshop.tag)


def test_a_syntax_error_names_the_line(workshop: Workshop, builder: Builder, base_image: str) -> None:
    workshop.write(f"FROM {base_image}\n\nRUM pip install\n")
    with pytest.raises(HarnessError, match="unknown instruction: RUM") as caught:
        workshop.build(builder)
    assert caught.value.finding.file == str(workshop.folder / "Dockerfile")
    assert caught.value.finding.line == 3


def test_a_missing_source_names_the_line(
    workshop: Workshop, builder: Builder, base_image: str, lock_folder: str
) -> None:
    workshop.write(f"FROM {base_image}\nLABEL {workshop.mark}=\nCOPY missing.txt /opt/\n")
    with pytest.raises(HarnessError, match=r"COPY: .*missing\.txt.* Put the file") as caught:
        workshop.build(builder)
    assert caught.value.finding.line == 3
    assert not workshop.left(lock_folder)


def test_another_error_of_the_engine_names_the_instruction(
    workshop: Workshop, builder: Builder, base_image: str
) -> None:
    workshop.write(f"FROM {base_image}\nLABEL {workshop.mark}=\nUSER nobody-knows\nRUN true\n")
    with pytest.raises(HarnessError, match=r"RUN: .*unable to find user nobody-knows") as caught:
        workshop.build(builder)
    assert caught.value.finding.line == 4


def test_a_program_of_another_architecture(workshop: Workshop, builder: Builder) -> None:
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00"  # an executable for RISC-V
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        shell = tarfile.TarInfo("bin/sh")
        shell.mode, shell.size = 0o755, 64
        tar.addfile(shell, io.BytesIO(header.ljust(64, b"\0")))
    base = f"{workshop.mark}:base"
    workshop.engine.import_image_from_data(archive.getvalue(), workshop.mark, "base")
    workshop.write(f"FROM {base}\nLABEL {workshop.mark}=\nRUN true\n")
    try:
        with pytest.raises(BackendUnavailable, match=r"Dockerfile:3: the image is for another architecture"):
            workshop.build(builder)
    finally:
        workshop.engine.remove_image(base, force=True)


def test_settings_reach_each_run_and_leave_no_trace(
    workshop: Workshop, builder: Builder, base_image: str, lock_folder: str, secret_settings: Any
) -> None:
    settings, secrets = secret_settings
    see = (
        "grep index.example $PIP_CONFIG_FILE && test $(cat $REQUESTS_CA_BUNDLE | wc -l) = 1 "
        "&& grep -q 'machine other.example login me' $NETRC && test -n $HTTPS_PROXY && echo all there"
    )
    workshop.write(
        f"FROM {base_image} AS first\nLABEL {workshop.mark}=\nRUN {see} && mkdir /made && echo first > /made/first\n"
        f"FROM {base_image}\nLABEL {workshop.mark}=\nENV OWN=1\nCOPY --from=first /made /made\n"
        f"USER 1000\nARG HTTPS_PROXY\nRUN {see} && cat $NETRC && env\nUSER 0\nRUN echo second > /made/second\n"
    )
    before = workshop.engine.inspect_image(base_image)
    started = time.time()
    built = workshop.build(builder, settings=settings)
    assert built.image_id is not None, "\n".join(workshop.lines)
    assert workshop.lines.count("all there") == 2
    assert workshop.files("/made") == {"made/first": b"first\n", "made/second": b"second\n"}

    config = workshop.config()
    assert config["Env"] == [*before["Config"]["Env"], "OWN=1"]
    assert config["Labels"] == {workshop.mark: "", "made-by": "the tests"}
    assert config["Cmd"] == before["Config"]["Cmd"]
    assert config["User"] == "0"
    layers = workshop.engine.inspect_image(workshop.tag)["RootFS"]["Layers"]
    assert layers[:1] == before["RootFS"]["Layers"]
    assert not workshop.left(lock_folder)

    log = "\n".join(workshop.lines)
    known = everything_known(workshop.engine, started)
    image = saved(workshop.engine, workshop.tag)
    for secret in secrets:
        assert secret not in log
        assert secret not in known
        assert secret.encode() not in image
    assert built.image_id in known
    history = json.dumps(workshop.engine.history(workshop.tag))
    for trace in ("harness-build-settings", "task-harness/prepared", "certificates of a company"):
        assert trace not in history
        assert trace not in json.dumps(config)
        assert trace.encode() not in image


def test_copies_of_the_settings_are_taken_out_too(
    workshop: Workshop, builder: Builder, base_image: str, secret_settings: Any
) -> None:
    settings, secrets = secret_settings
    workshop.write(
        f"FROM {base_image}\nLABEL {workshop.mark}=\nRUN mkdir /copy && echo kept > /copy/kept && cp -r /.h* /copy\n"
        "RUN chmod -R o-w /.h* || true\nRUN rm -rf /.h* || true\n"
    )
    assert workshop.build(builder, settings=settings).image_id
    assert workshop.files("/copy") == {"copy/kept": b"kept\n"}
    image = saved(workshop.engine, workshop.tag)
    assert not any(secret.encode() in image for secret in secrets)
    assert b"certificates of a company" not in image


def test_what_the_dockerfile_sets_itself_stays(
    workshop: Workshop, builder: Builder, base_image: str, secret_settings: Any
) -> None:
    workshop.write(
        f"FROM {base_image}\nLABEL {workshop.mark}=\nENV PIP_NO_INPUT=1 SSL_CERT_FILE=/own.pem\n"
        "RUN echo $SSL_CERT_FILE $PIP_CONFIG_FILE\n"
    )
    assert workshop.build(builder, settings=secret_settings[0]).image_id
    assert workshop.config()["Env"][-2:] == ["PIP_NO_INPUT=1", "SSL_CERT_FILE=/own.pem"]
    assert "/own.pem /.harness-build-settings/pip.conf" in workshop.lines


def test_a_base_image_keeps_what_it_has(workshop: Workshop, builder: Builder, secret_settings: Any) -> None:
    base = f"{workshop.mark}:base"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    changes = ["ENV NETRC=/own REQUESTS_CA_BUNDLE=/own", "LABEL own=label", "ONBUILD ENV TRIGGERED=1"]
    workshop.engine.import_image_from_data(archive.getvalue(), workshop.mark, "base", changes=changes)
    workshop.write(f"FROM {base}\nLABEL {workshop.mark}=\nCOPY Dockerfile /\n")
    try:
        assert workshop.build(builder, settings=secret_settings[0]).image_id
        config = workshop.config()
        own = [entry for entry in config["Env"] if not entry.startswith("PATH=")]
        assert own == ["NETRC=/own", "REQUESTS_CA_BUNDLE=/own", "TRIGGERED=1"]
        assert config["Labels"] == {"own": "label", workshop.mark: "", "made-by": "the tests"}
        assert not config["Cmd"]
        assert not config["Entrypoint"]
    finally:
        workshop.engine.remove_image(workshop.tag)
        workshop.engine.remove_image(base)


def test_an_image_from_scratch(workshop: Workshop, builder: Builder, base_image: str, secret_settings: Any) -> None:
    workshop.write(
        f"FROM {base_image} AS made\nLABEL {workshop.mark}=\nRUN cp $NETRC /netrc && test -s /netrc\n"
        f"FROM scratch\nLABEL {workshop.mark}=\nCOPY --from=made /etc/debian_version /\n"
    )
    assert workshop.build(builder, settings=secret_settings[0]).image_id
    assert not workshop.config()["Env"] or all(entry.startswith("PATH=") for entry in workshop.config()["Env"])


def test_the_context_is_the_users_own(
    workshop: Workshop, builder: Builder, base_image: str, secret_settings: Any
) -> None:
    dockerfile = f"FROM {base_image}\nLABEL {workshop.mark}=\nCOPY . /context\n"
    workshop.write(dockerfile)
    assert workshop.build(builder, settings=secret_settings[0]).image_id
    assert workshop.files("/context") == {"context/Dockerfile": dockerfile.encode()}


def test_pip_installs_over_the_index_of_this_machine(workshop: Workshop, builder: Builder, base_image: str) -> None:
    workshop.write(
        f"FROM {base_image}\nLABEL {workshop.mark}=\nCOPY requirements.txt /\n"
        "RUN python3 -m venv --without-pip /venv && pip --python /venv/bin/python install -r /requirements.txt\n",
        **{"requirements.txt": "iniconfig==2.0.0\n"},
    )
    settings = read_host_settings({**os.environ, "PIP_FIND_LINKS": ""})
    built = workshop.build(builder, settings=settings)
    assert built.image_id, workshop.lines
    assert any("Successfully installed iniconfig-2.0.0" in line for line in workshop.lines)
    assert any(name.endswith("iniconfig/__init__.py") for name in workshop.files("/venv/lib/python3.11"))


@pytest.mark.parametrize("with_settings", [False, True], ids=["plain", "settings"])
def test_cancelling_ends_it_soon_and_leaves_nothing(
    workshop: Workshop,
    builder: Builder,
    base_image: str,
    lock_folder: str,
    secret_settings: Any,
    with_settings: bool,
) -> None:
    workshop.write(f"FROM {base_image}\nLABEL {workshop.mark}=\nRUN echo {workshop.mark}\nRUN echo begun; sleep 61\n")
    caught: list[HarnessError] = []

    def build() -> None:
        try:
            workshop.build(builder, settings=secret_settings[0] if with_settings else NOTHING)
        except HarnessError as error:
            caught.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    until(lambda: "begun" in workshop.lines or not thread.is_alive())
    asked = time.monotonic()
    workshop.cancellation.cancel()
    thread.join(SECONDS_TO_CANCEL)
    assert not thread.is_alive()
    assert time.monotonic() - asked < SECONDS_TO_CANCEL
    assert [type(error) for error in caught] == [Interrupted]
    assert not workshop.left(lock_folder)


def until(met: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_build_that_was_cancelled_before_it_began(workshop: Workshop, base_image: str, lock_folder: str) -> None:
    workshop.write(f"FROM {base_image}\nLABEL {workshop.mark}=\nRUN sleep 61\n")
    workshop.cancellation.cancel()
    with pytest.raises(Interrupted):
        workshop.build()
    assert not workshop.left(lock_folder)


def test_buildkit_takes_over_what_the_classic_builder_does_not_know(workshop: Workshop, base_image: str) -> None:
    workshop.write(f"FROM {base_image}\nLABEL {workshop.mark}=\nRUN --mount=type=tmpfs,target=/made df /made\n")
    assert workshop.build().image_id
    assert any(line.startswith("tmpfs") for line in workshop.lines)


def test_without_any_builder_the_reasons_are_told(
    workshop: Workshop, base_image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    workshop.write(f"FROM {base_image}\nRUN --mount=type=tmpfs,target=/made true\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendUnavailable, match=r"classic: .*; BuildKit: there is no docker program") as caught:
        workshop.build()
    assert "buildx" in caught.value.finding.remedy


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "page not found"),
        (501, "Not Implemented"),
        (400, "the classic builder is no longer supported"),
        (400, "Dockerfile parse error line 2: the --mount option requires BuildKit"),
    ],
)
def test_an_engine_without_classic_builder_is_recognised(status: int, message: str) -> None:
    response = requests.Response()
    response.status_code = status
    with pytest.raises(BuilderRefused):
        _refused(APIError(message, response, message))
