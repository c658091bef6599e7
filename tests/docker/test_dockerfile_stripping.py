"""Saved images in the forms that engines have, and what stays of them when the settings are taken out."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import uuid
from contextlib import closing, suppress
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.bases import BaseImage
from harness.backends.docker.dockerfiles.settings import PreparedImage
from harness.backends.docker.dockerfiles.stripping import _kept_layers, _Layer, _load, _strip_config

PREPARED = PreparedImage(
    base=BaseImage("base", "base", "sha256:0"),
    tag="prepared:1",
    base_config={"Env": ["PATH=/bin", "NETRC=/own"], "Labels": None},
    layers=1,
    variables={"NETRC": "/.harness-build-settings/netrc", "PIP_NO_INPUT": "1"},
    labels={"lock": "mine"},
)
LONG_NAME = "opt/" + "deep/" * 40 + "file"


def tar_of(**files: str) -> bytes:
    """Return a tar with these files, `__` in their names for `/`, each with an extended header."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(text)
            member.pax_headers = {"comment": "kept as well"}
            archive.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


SETTINGS = tar_of(**{".harness-build-settings__netrc": "a secret"})
OWN = tar_of(
    **{
        "first": "1",
        "copy__.harness-build-settings__netrc": "a secret",
        LONG_NAME.replace("/", "__"): "2",
        ".wh..harness-build-settings": "",
    }
)
MENTIONED = tar_of(log="pip read /.harness-build-settings/pip.conf")


@pytest.mark.parametrize("packed", [False, True], ids=["legacy", "oci"])
def test_only_what_the_user_built_stays(tmp_path: Path, packed: bool) -> None:
    layers = [tar_of(base="0"), SETTINGS, OWN, MENTIONED, SETTINGS]
    names = []
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        for number, layer in enumerate(layers):
            content = gzip.compress(layer) if packed else layer
            member = tarfile.TarInfo(f"blobs/sha256/{number}" if packed else f"{number}/layer.tar")
            names.append(member.name)
            if number == 4 and not packed:
                member.type, member.linkname = tarfile.SYMTYPE, "../1/layer.tar"
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    with tarfile.open(tmp_path / "image.tar") as archive:
        kept = _kept_layers(archive, names, [digest_of(layer) for layer in layers], PREPARED, tmp_path)
    plain = [b"".join(layer.chunks()) for layer in kept]
    plain = [gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content for content in plain]
    assert [layer.digest for layer in kept] == [digest_of(content) for content in plain]
    assert [layer.is_base for layer in kept] == [True, False, False, False]
    assert plain[0] == layers[0]
    with tarfile.open(fileobj=io.BytesIO(plain[1])) as archive:
        assert archive.getnames() == ["first", LONG_NAME]
        assert archive.getmember(LONG_NAME).pax_headers["comment"] == "kept as well"
    with tarfile.open(fileobj=io.BytesIO(plain[2])) as archive:
        assert archive.getnames() == ["log"]
    assert plain[3] == bytes(1024)
    assert not any(b"a secret" in content for content in plain)


def test_the_configuration_is_that_of_the_base_image_with_the_users_changes() -> None:
    config = {
        "config": {
            "Env": ["PATH=/bin", "NETRC=/.harness-build-settings/netrc", "PIP_NO_INPUT=1", "OWN=1"],
            "Labels": {"lock": "mine", "own": "2"},
            "Cmd": ["/.harness-no-command"],
        },
        "container_config": {"Env": ["NETRC=/.harness-build-settings/netrc"]},
        "history": [{"comment": "of the base"}, {"comment": "prepared:1"}, {"created_by": "|1 A=a-word RUN"}],
        "moby.buildkit.buildinfo.v1": "built on prepared:1",
    }
    _strip_config(config, PREPARED, frozenset({"a-word"}))
    assert config == {
        "config": {"Env": ["PATH=/bin", "NETRC=/own", "OWN=1"], "Labels": {"own": "2"}, "Cmd": None},
        "history": [{"comment": "of the base"}, {"created_by": "|1 A=**** RUN"}],
    }


@pytest.mark.parametrize("with_base", [False, True])
def test_the_engine_takes_it_with_and_without_the_layers_that_it_has(
    engine: docker.APIClient, tmp_path: Path, with_base: bool
) -> None:
    name = f"test-{uuid.uuid4().hex}"
    layers = [tar_of(base=name), tar_of(own=name)]
    described = []
    for number, content in enumerate(layers):
        (tmp_path / str(number)).write_bytes(content)
        described.append(_Layer(digest_of(content), tmp_path / str(number), 0, len(content), is_base=number == 0))
    rootfs = {"type": "layers", "diff_ids": [layer.digest for layer in described]}
    config = {"architecture": "amd64", "os": "linux", "config": {"Labels": {name: ""}}, "rootfs": rootfs}
    engine.import_image_from_data(layers[0], name, "base")
    try:
        _load(engine, f"{name}:1", config, described, Cancellation(), with_base=with_base)
        assert engine.inspect_image(f"{name}:1")["RootFS"]["Layers"] == rootfs["diff_ids"]
        container = engine.create_container(f"{name}:1", ["none"])["Id"]
        with closing(engine.get_archive(container, "/own")[0]) as chunks:
            assert name.encode() in b"".join(chunks)
        engine.remove_container(container)
    finally:
        for tag in ("1", "base"):
            with suppress(ImageNotFound):
                engine.remove_image(f"{name}:{tag}")
