"""BuildKit, which only the Docker CLI can drive: for what the classic builder is too old for."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
from docker.transport import UnixHTTPAdapter

from harness.backends.cancellation import Cancellation
from harness.backends.docker.dockerfiles.builders import Builder, BuilderRefused, BuildRequest, Outcome
from harness.backends.docker.dockerfiles.text import Dockerfile, Instruction
from harness.backends.processes import run_logged
from harness.environments import DOCKERFILE
from harness.errors import BackendUnavailable

# CLI 23 to 28 without the plugin; the CLI up to 20.10 has BuildKit inside.
_NO_BUILDKIT = re.compile(r"buildx component is missing|BuildKit is (?:missing|not supported)|unknown flag: --progress")
_PREFIX = re.compile(r"#\d+ (?:\d+\.\d+ )?")
_NOISE = re.compile(r"sha256:[0-9a-f]{64}")
_STEP = re.compile(r"\s*> \[(?:(?P<stage>\S+) )?\s*(?P<number>\d+)/\d+\] (?P<keyword>[A-Z]+) ")
_LINE = re.compile(rf"{DOCKERFILE}:(\d+)$")
_EXIT_CODE = re.compile(r"exit code: (\d+)")
_ERROR = re.compile(
    r"(?:ERROR: )?(?:failed to build: )?(?:failed to solve(?: with frontend [\w.]+)?: )?"
    r"(?:failed to create LLB definition: )?(?P<said>.+)"
)


def build_with_buildkit(
    api: docker.APIClient, request: BuildRequest, on_line: Callable[[str], None], cancellation: Cancellation
) -> Outcome:
    """Build with the first Docker CLI on PATH that can do BuildKit. Raises BuilderRefused where none can."""
    context = request.work / "buildkit"
    context.mkdir(exist_ok=True)
    dockerfile = context / DOCKERFILE
    dockerfile.write_text(request.rewritten or request.dockerfile.text, encoding="utf-8")
    refusals = []
    for program in docker_programs():
        listener = _Listener(request, on_line)
        exit_code = run_logged(
            [program, *_address(api), *_arguments(request, dockerfile)],
            _environment(request),
            on_line=listener.hear,
            cancellation=cancellation,
            lock=request.lock,
        )
        if exit_code == 0:
            return Outcome(str(api.inspect_image(request.tag)["Id"]))
        if not listener.refused:
            return listener.outcome()
        refusals.append(f"{program} has no BuildKit")
    raise BuilderRefused("; ".join(refusals) or "there is no docker program on PATH")


BUILDKIT = Builder("BuildKit", build_with_buildkit, mounts_secrets=True)


def docker_programs() -> Iterator[str]:
    """Yield the Docker CLIs on PATH, in its order."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    found = (shutil.which("docker", path=folder) for folder in dict.fromkeys(folders))
    yield from (program for program in found if program)


def _arguments(request: BuildRequest, dockerfile: Path) -> list[str]:
    arguments = ["build", "--progress=plain", "--file", str(dockerfile), "--tag", request.tag]
    arguments += [f"--label={name}={value}" for name, value in request.labels.items()]
    # A name alone takes the value from the environment, where other users of this machine do not see it.
    arguments += [f"--build-arg={name}" for name in request.proxies if name not in request.build_args]
    arguments += [f"--build-arg={name}={value}" for name, value in request.build_args.items()]
    arguments += [f"--secret=id={name},src={path}" for name, path in request.secrets.items()]
    return [*arguments, *(["--no-cache"] if request.no_cache else []), str(request.folder)]


def _environment(request: BuildRequest) -> dict[str, str]:
    """Return this process's environment, so changed that just the image lands on the engine that we talk to."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DOCKER_CONTEXT", "DOCKER_HOST")}
    return {
        **environment,
        **request.proxies,
        "DOCKER_BUILDKIT": "1",
        "DOCKER_CONTENT_TRUST": "0",
        "BUILDX_BUILDER": "default",
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
    }


def _address(api: docker.APIClient) -> list[str]:
    """Return the CLI's options for the engine that the client talks to."""
    if api.base_url.startswith("https://"):
        certificate, key = api.cert if isinstance(api.cert, tuple) else (None, None)
        options = ["--host", api.base_url.replace("https://", "tcp://", 1), "--tls"]
        if isinstance(api.verify, str):
            options += ["--tlsverify", "--tlscacert", api.verify]
        return options + (["--tlscert", certificate, "--tlskey", key] if certificate and key else [])
    if api.base_url.startswith("http://"):
        return ["--host", api.base_url.replace("http://", "tcp://", 1)]
    adapter = api.get_adapter(api.base_url)
    if isinstance(adapter, UnixHTTPAdapter):
        return ["--host", f"unix://{adapter.socket_path}"]
    raise BackendUnavailable(
        "BuildKit is needed, and cannot be used over this kind of connection to the engine",
        remedy="Set DOCKER_HOST to a unix:// or tcp:// address.",
    )


@dataclass(slots=True)
class _Listener:
    """Turns what the CLI prints into the lines that the classic builder would give, and finds what failed."""

    request: BuildRequest
    on_line: Callable[[str], None]
    refused: bool = False
    _lines: list[str] = field(default_factory=list)

    def hear(self, raw: str) -> None:
        line = self.request.as_written(_PREFIX.sub("", raw, count=1) if raw.startswith("#") else raw)
        self.refused = self.refused or (not raw.startswith("#") and bool(_NO_BUILDKIT.search(raw)))
        self._lines = [*self._lines[-40:], line]
        if not self.refused and not _NOISE.fullmatch(line):
            self.on_line(line)

    def outcome(self) -> Outcome:
        text = [line for line in self._lines if line.strip()] or ["BuildKit said nothing"]
        said = next((line for line in reversed(text) if line.startswith(("ERROR: ", "failed to "))), text[-1])
        found = _ERROR.fullmatch(said)
        error = found["said"] if found else said
        code = _EXIT_CODE.search(error)
        return Outcome(None, int(code[1]) if code else None, error, _failed(self.request.dockerfile, text))


def _failed(dockerfile: Dockerfile, lines: list[str]) -> Instruction | None:
    """Return the instruction that the summary at the end names, by its line or by its number in its stage."""
    for line in reversed(lines):
        place = _LINE.match(line)
        step = _STEP.match(line)
        if place:
            number = int(place[1])
            return next((found for found in dockerfile.instructions if found.line <= number <= found.last_line), None)
        if step:
            counted = [found for found in dockerfile.instructions_of(step["stage"]) if _is_counted(dockerfile, found)]
            instruction = counted[int(step["number"]) - 1] if int(step["number"]) <= len(counted) else None
            return instruction if instruction and instruction.keyword == step["keyword"] else None
    return None


def _is_counted(dockerfile: Dockerfile, instruction: Instruction) -> bool:
    """Tell whether BuildKit counts an instruction as a step of its stage; a FROM only if it names an image."""
    if instruction.keyword == "FROM":
        return any(stage.start == instruction and stage.below is None for stage in dockerfile.stages({}))
    return instruction.keyword in ("RUN", "COPY", "ADD", "WORKDIR")
