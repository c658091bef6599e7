"""The engine's own builder, which every engine so far has: the folder as a tar, and the build's events back."""

from __future__ import annotations

import io
import json
import re
import socket
import ssl
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

import docker
import requests
from docker.errors import APIError, create_api_error_from_http_exception
from docker.utils.build import exclude_paths

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.builders import Builder, BuilderRefused, BuildRequest, Outcome, until_cancelled
from harness.environments import DOCKERFILE
from harness.errors import HarnessError
from harness.tar_streams import CHUNK_BYTES

IGNORE_FILE = ".dockerignore"
# The rewritten text's name in the context, so that `COPY .` still finds the user's own Dockerfile.
REWRITTEN_FILE = ".harness.Dockerfile"
_STEP = re.compile(r"Step (\d+)/\d+ : ")
_MADE = re.compile(r" ---> ([0-9a-f]{12})$")
_BUILT = re.compile(r"Successfully built ([0-9a-f]{12})$")
_NOT_CONSUMED = re.compile(r"\[Warning\] One or more build-args \[(.*)\] were not consumed")
_NEEDS_BUILDKIT = "requires BuildKit"
_SYNTAX = re.compile(r"(?i)dockerfile parse error(?!.*requires BuildKit)")
_NO_BUILDER = re.compile(
    r"(?i)not supported|unsupported|not implemented|removed|deprecated|no longer|page not found|disabled"
    rf"|{_NEEDS_BUILDKIT}"
)


def build_classic(
    api: docker.APIClient, request: BuildRequest, on_line: Callable[[str], None], cancellation: Cancellation
) -> Outcome:
    """Build with the engine's own builder; what a failed build leaves is removed, unless it was there before."""
    if request.dockerfile.needs_buildkit:
        raise BuilderRefused("the Dockerfile has instructions that only BuildKit knows")
    before = {image["Id"] for image in api.images(all=True)}
    listener = _Listener(request, on_line)
    with tempfile.TemporaryFile(dir=request.work) as context:
        write_context(request, context)
        try:
            chunks = iter(partial(context.read, CHUNK_BYTES), b"")
            response = _post(api, request, until_cancelled(cancellation, chunks))
        except APIError as error:
            return _refused(error)
        with response, cancellation.ends_with(partial(_hang_up, response)):
            try:
                for line in response.iter_lines():
                    listener.hear(json.loads(line))
            except (requests.RequestException, ValueError):
                if not cancellation.requested:
                    raise
            finally:
                _hang_up(response)
                if listener.image_id is None:
                    _remove_new(api, listener.made, before)
    outcome = listener.outcome()
    if _NEEDS_BUILDKIT in (outcome.error or ""):
        raise BuilderRefused(outcome.error)
    return outcome


CLASSIC = Builder("classic", build_classic, mounts_secrets=False)


def write_context(request: BuildRequest, file: IO[bytes]) -> None:
    """Write the folder as a tar without times and owners, and without what its .dockerignore leaves out.

    .dockerignore and Dockerfile always go along; the engine itself takes them out where they are to be left out.
    """
    ignore_file = request.folder / IGNORE_FILE
    ignored = ignore_file.read_text(encoding="utf-8-sig") if ignore_file.exists() else ""
    extra: dict[str, str] = {}
    if request.rewritten is not None:
        extra[REWRITTEN_FILE] = request.rewritten
        extra[IGNORE_FILE] = f"{ignored if ignore_file.exists() else IGNORE_FILE}\n{REWRITTEN_FILE}\n"
    patterns = [line.strip() for line in ignored.splitlines() if line.strip() and not line.strip().startswith("#")]
    names = exclude_paths(str(request.folder), [*patterns, f"!{IGNORE_FILE}"], DOCKERFILE)
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(names - extra.keys()):
            _add(archive, request.folder / name, name)
        for name, text in extra.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    file.seek(0)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add one file, folder or link; what cannot be copied, such as a socket, stays out."""
    try:
        member = archive.gettarinfo(path, name)
        if member is None or member.isfifo() or member.isdev():
            return
        member.mtime = member.uid = member.gid = 0
        member.uname = member.gname = ""
        if member.isreg():
            with path.open("rb") as content:
                archive.addfile(member, content)
        else:
            archive.addfile(member)
    except OSError as error:
        raise HarnessError(
            f"cannot be read: {error.strerror}",
            file=str(path),
            remedy=f"Make it readable, or name it in {IGNORE_FILE}.",
        ) from error


def _post(api: docker.APIClient, request: BuildRequest, context: Iterator[bytes]) -> requests.Response:
    """Do what `api.build` does, but return the response: only who has its connection can end the build."""
    parameters: dict[str, Any] = {
        "t": request.tag,
        "dockerfile": DOCKERFILE if request.rewritten is None else REWRITTEN_FILE,
        "rm": True,
        "forcerm": True,
        "nocache": request.no_cache,
        "buildargs": json.dumps({**request.proxies, **request.build_args}),
        "labels": json.dumps(dict(request.labels)),
    }
    headers = {"Content-Type": "application/x-tar"}
    address = f"{api.base_url}/v{api.api_version}/build"
    response = api.post(address, params=parameters, data=context, headers=headers, stream=True, timeout=None)
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        create_api_error_from_http_exception(error)
    return response


def _refused(error: APIError) -> Outcome:
    """Return what is wrong with the Dockerfile. Raises BuilderRefused where the engine has no such builder."""
    said = str(error.explanation or error)
    if error.status_code in (400, 404, 405, 501) and _NO_BUILDER.search(said) and not _SYNTAX.search(said):
        raise BuilderRefused(said) from error
    return Outcome(None, error=said)


def _hang_up(response: requests.Response) -> None:
    """Tell the engine that nobody waits any more: it ends the build, says so, and closes the connection.

    Closing one direction is enough for that, so that the last events still arrive; TLS has no such half.
    """
    with suppress(OSError, AttributeError):  # AttributeError: the answer is read to its end, the connection is gone
        connection: Any = response.raw.connection
        is_tls = isinstance(connection.sock, ssl.SSLSocket)
        connection.sock.shutdown(socket.SHUT_RDWR if is_tls else socket.SHUT_WR)


@dataclass(slots=True)
class _Listener:
    """Turns the events of a build into lines, and remembers what they say about it.

    made: the short ids of the images that the build has made, and of those below its stages. image_id: of the finished
    image.
    """

    request: BuildRequest
    on_line: Callable[[str], None]
    made: list[str] = field(default_factory=list)
    _step: int = 0
    _unfinished: str = ""
    _cached: bool = False
    image_id: str | None = None
    _stage_id: str = ""
    _exit_code: int | None = None
    _error: str | None = None

    def hear(self, event: dict[str, Any]) -> None:
        *lines, self._unfinished = (self._unfinished + event.get("stream", "")).split("\n")
        for line in lines:
            self._hear_line(self.request.as_written(line))
        self._stage_id = event.get("aux", {}).get("ID", self._stage_id)
        if "error" in event:
            self._exit_code = event.get("errorDetail", {}).get("code")
            self._error = self.request.as_written(event["error"]).strip()

    def outcome(self) -> Outcome:
        if self._unfinished.strip():
            self._hear_line(self._unfinished)
        if self._error is None:
            return Outcome(self.image_id)
        self.on_line(self._error)
        instructions = self.request.dockerfile.instructions
        instruction = instructions[self._step - 1] if 0 < self._step <= len(instructions) else None
        return Outcome(None, self._exit_code, self._error, instruction)

    def _hear_line(self, line: str) -> None:
        unused = _NOT_CONSUMED.match(line)
        if unused and self.request.proxies.keys() >= set(unused[1].split()):
            return  # Engine 20.10 does not know ALL_PROXY.
        self.on_line(line)
        built = _BUILT.match(line)
        if built and self._stage_id.removeprefix("sha256:").startswith(built[1]):
            self.image_id = self._stage_id
        step = _STEP.match(line)
        # What a RUN prints can look the same, but not in the right order by chance.
        if step and int(step[1]) == self._step + 1:
            self._step += 1
        made = _MADE.match(line)
        if made and not self._cached:
            self.made.append(made[1])
        self._cached = line == " ---> Using cache"


def _remove_new(api: docker.APIClient, made: list[str], before: set[str]) -> None:
    """Remove the unnamed images among these that were not there before the build, the newest first."""
    images = {image["Id"]: image for image in api.images(all=True)}
    for short in reversed(made):
        for image_id in [found for found in images if found.removeprefix("sha256:").startswith(short)]:
            if image_id not in before and images[image_id]["RepoTags"] in (None, [], ["<none>:<none>"]):
                with suppress(APIError):
                    api.remove_image(image_id, noprune=True)
