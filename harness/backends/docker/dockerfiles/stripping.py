"""Take this machine's settings out of an image that was built on a prepared one, so that nothing of it keeps them.

The image is saved to a file, its manifest and configuration are written anew without what the prepared image added, and
it is loaded under its final name. Layers of the base image are not sent back: the engine has them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import posixpath
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.builders import until_cancelled
from harness.backends.docker.dockerfiles.settings import NO_COMMAND, SETTINGS_FOLDER, PreparedImage
from harness.errors import HarnessError
from harness.tar_streams import CHUNK_BYTES

_FOLDER = SETTINGS_FOLDER.strip("/")
_GZIP = b"\x1f\x8b"
# Where BuildKit notes what it has built on.
_BUILD_INFO = "moby.buildkit.buildinfo.v1"


def strip_settings(
    api: docker.APIClient,
    image: str,
    prepared: PreparedImage | None,
    secrets: frozenset[str],
    *,
    tag: str,
    work: Path,
    cancellation: Cancellation,
) -> str:
    """Load `image` as `tag` without the settings, and return its id.

    prepared: what its last stage is built on, None where that is scratch; layers may still hold copies of the settings,
    where an instruction has copied or changed all files. secrets: words to star out in the history, which tells the
    proxies where the Dockerfile declares them as arguments. work: a folder with room for the saved image.
    """
    saved = work / "image.tar"
    try:
        with saved.open("wb") as file, closing(api.get_image(image)) as chunks:
            file.writelines(until_cancelled(cancellation, chunks))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise HarnessError(
            "no room to copy the image",
            file=str(work.parent),
            remedy="Make room there, or set HARNESS_CACHE_DIR to another disk.",
        ) from error
    with tarfile.open(saved, "r:") as archive:
        manifest = json.loads(_content(archive, "manifest.json"))[0]
        config = json.loads(_content(archive, manifest["Config"]))
        layers = _kept_layers(archive, manifest["Layers"], config["rootfs"]["diff_ids"], prepared, work)
    config["rootfs"]["diff_ids"] = [layer.digest for layer in layers]
    _strip_config(config, prepared, secrets)
    try:
        _load(api, tag, config, layers, cancellation, with_base=False)
    except APIError:
        # Engines that keep images in containerd want every layer.
        _load(api, tag, config, layers, cancellation, with_base=True)
    return str(api.inspect_image(tag)["Id"])


@dataclass(frozen=True, slots=True)
class _Layer:
    """digest: of the uncompressed tar. Its bytes are `size` in `file` from `start` on. is_base: the engine has it."""

    digest: str
    file: Path
    start: int
    size: int
    is_base: bool = False

    def chunks(self) -> Iterator[bytes]:
        return _part(self.file, self.start, self.size)


def _kept_layers(
    archive: tarfile.TarFile,
    names: Sequence[str],
    digests: Sequence[str],
    prepared: PreparedImage | None,
    work: Path,
) -> list[_Layer]:
    """Return all layers but the prepared one, and nothing of that one in those above it."""
    below = prepared.layers if prepared else 0
    layers = []
    for number, (name, digest) in enumerate(zip(names, digests, strict=True)):
        if prepared and number == below:
            continue
        member = _member(archive, name)
        layer = _Layer(digest, Path(str(archive.name)), member.offset_data, member.size, is_base=number < below)
        if not layer.is_base and _mentions_settings(_uncompressed(layer.chunks())):
            layer = _without_settings(layer, work / f"layer-{number}.tar")
        layers.append(layer)
    return layers


def _without_settings(layer: _Layer, target: Path) -> _Layer:
    """Copy the layer's tar to `target` byte by byte, without the members that are settings."""
    everything = target.with_suffix(".all")
    with everything.open("wb") as file:
        file.writelines(_uncompressed(layer.chunks()))
    with tarfile.open(everything, "r:") as archive:
        members = archive.getmembers()
        ends = [*(member.offset for member in members[1:]), archive.offset]
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for member, end in zip(members, ends, strict=True):
            if not _is_settings(member.name):
                for chunk in _part(everything, member.offset, end - member.offset):
                    digest.update(chunk)
                    file.write(chunk)
        digest.update(bytes(2 * tarfile.BLOCKSIZE))
        file.write(bytes(2 * tarfile.BLOCKSIZE))
    return _Layer(f"sha256:{digest.hexdigest()}", target, 0, target.stat().st_size)


def _is_settings(name: str) -> bool:
    """Tell whether a file is one of the settings, wherever they were copied to, or the mark of their deletion."""
    return any(part in (_FOLDER, f".wh.{_FOLDER}") for part in name.split("/"))


def _mentions_settings(chunks: Iterable[bytes]) -> bool:
    wanted = _FOLDER.encode()
    rest = b""
    for chunk in chunks:
        rest += chunk
        if wanted in rest:
            return True
        rest = rest[-len(wanted) :]
    return False


def _strip_config(config: dict[str, Any], prepared: PreparedImage | None, secrets: frozenset[str]) -> None:
    """Give the configuration back what the base image has in place of what the prepared image had."""
    for about_the_build in ("container", "container_config", _BUILD_INFO):
        config.pop(about_the_build, None)
    history = config.get("history") or []
    for entry in history:
        for secret in secrets:
            if secret in entry.get("created_by", ""):
                entry["created_by"] = entry["created_by"].replace(secret, "****")
    if prepared is None:
        return
    config["history"] = [entry for entry in history if entry.get("comment") != prepared.tag]
    image = config["config"]
    if image.get("Env"):
        image["Env"] = _own_variables(image["Env"], prepared)
    if image.get("Labels"):
        own = {name: value for name, value in image["Labels"].items() if prepared.labels.get(name) != value}
        image["Labels"] = own or prepared.base_config.get("Labels")
    if image.get("Cmd") == [NO_COMMAND]:
        image["Cmd"] = None


def _own_variables(environment: Sequence[str], prepared: PreparedImage) -> list[str]:
    before = {entry.partition("=")[0]: entry for entry in prepared.base_config.get("Env") or []}
    ours = {f"{name}={value}": before.get(name) for name, value in prepared.variables.items()}
    return [kept for entry in environment if (kept := ours.get(entry, entry)) is not None]


def _load(
    api: docker.APIClient,
    tag: str,
    config: Mapping[str, Any],
    layers: Sequence[_Layer],
    cancellation: Cancellation,
    *,
    with_base: bool,
) -> None:
    written = json.dumps(config).encode()
    name = f"{hashlib.sha256(written).hexdigest()}.json"
    places = [f"{number}.tar" for number in range(len(layers))]
    manifest = json.dumps([{"Config": name, "RepoTags": [tag], "Layers": places}]).encode()
    entries = [("manifest.json", len(manifest), iter([manifest])), (name, len(written), iter([written]))]
    for place, layer in zip(places, layers, strict=True):
        if with_base or not layer.is_base:
            entries.append((place, layer.size, layer.chunks()))
    for event in api.load_image(until_cancelled(cancellation, _tar(entries))):
        if "error" in event:
            raise APIError(event["error"], explanation=event["error"])


def _tar(entries: Iterable[tuple[str, int, Iterator[bytes]]]) -> Iterator[bytes]:
    for name, size, chunks in entries:
        member = tarfile.TarInfo(name)
        member.size = size
        yield member.tobuf(tarfile.PAX_FORMAT)
        yield from chunks
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _member(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    """Return the file of that name; where a layer occurs twice, the engine saves a link to the first."""
    member = archive.getmember(name)
    if member.issym():
        return archive.getmember(posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname)))
    return member


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def _uncompressed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    if not first.startswith(_GZIP):
        yield first
        yield from chunks
        return
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    yield unpack.decompress(first)
    yield from map(unpack.decompress, chunks)


def _part(file: Path, start: int, size: int) -> Iterator[bytes]:
    with file.open("rb") as stream:
        stream.seek(start)
        while size and (chunk := stream.read(min(CHUNK_BYTES, size))):
            size -= len(chunk)
            yield chunk
