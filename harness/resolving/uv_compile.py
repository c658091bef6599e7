"""Ask `uv pip compile`: a question in, an answer out, and nothing left behind when it is given up.

No code of a package ever runs: uv either leaves source distributions out altogether, or chooses versions without a
look at what they depend on, for which it does not need their metadata. Reading that of a source distribution would
run the stranger's build script on this machine, outside of any sandbox.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from harness.builds.log import clean_line
from harness.builds.pip_settings import uv_environment
from harness.builds.uv_program import find_uv
from harness.errors import HarnessError
from harness.resolving.target import Target

TIMEOUT_SECONDS = 120.0
PATIENCE_SECONDS = 3.0
PINNED = "pinned.txt"
UNSOLVABLE = "No solution found when resolving"
_UNREACHABLE = re.compile(
    r"[Cc]onnection refused|dns error|error sending request|operation timed out|client error \(Connect\)|"
    r"Network is unreachable|[Ff]ailed to fetch|request failed after"
)
_PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_VIA = re.compile(r"^via(?:\s+|$)")
_HASH = re.compile(r"--hash=(\S+)")


@dataclass(frozen=True, slots=True)
class Question:
    """What to resolve, in requirement lines.

    preferences: pins to keep where nothing speaks against them, as an installer keeps what is installed. excluded:
    packages to pass over, with all that they need. stand_ins: names and versions of packages that count as wheels which
    need nothing. as_of: only files uploaded before it, but for the packages `always`.
    names_only: choose a version of each requirement, whatever it depends on. sources: count source distributions, too;
    only with names_only. hashes: give those of each file.
    """

    requirements: tuple[str, ...]
    target: Target
    constraints: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    stand_ins: tuple[tuple[str, str], ...] = ()
    as_of: datetime | None = None
    always: tuple[str, ...] = ()
    names_only: bool = False
    sources: bool = False
    hashes: bool = False

    def __post_init__(self) -> None:
        if self.sources and not self.names_only:
            message = "the dependencies of a source distribution are known only to its build script"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of uv's answer. via: canonical names of the packages that need it."""

    version: str
    via: tuple[str, ...]
    is_declared: bool
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """pins: canonical name -> pin, empty where there is no solution. words: what uv said."""

    solved: bool
    pins: Mapping[str, Pin] = field(default_factory=dict)
    words: str = ""


@contextmanager
def asking(question: Question) -> Iterator[Asked]:
    """Start uv on the question. Leaving the block ends it, so that an interruption leaves nothing running."""
    with tempfile.TemporaryDirectory(prefix="harness-resolving-") as name:
        asked = Asked(question, Path(name))
        try:
            yield asked
        finally:
            asked.stop()


def ask(question: Question, timeout_seconds: float = TIMEOUT_SECONDS) -> Answer:
    """Return uv's answer; raises HarnessError where it has none: no network, or the time is over."""
    with asking(question) as asked:
        return asked.answer(timeout_seconds)


class Asked:
    """A question that uv is at work on, in a folder of its own."""

    def __init__(self, question: Question, folder: Path) -> None:
        self._pinned = folder / PINNED
        self._said = folder / "said.txt"
        self._began = time.monotonic()
        _write(self._pinned, question.preferences)
        environment = _environment()
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                _command(question, folder, environment),
                cwd=folder,  # where no project's settings are
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )

    def answer(self, timeout_seconds: float = TIMEOUT_SECONDS) -> Answer:
        """Wait for the answer, at most until so long after the question."""
        left = self._began + timeout_seconds - time.monotonic()
        try:
            exit_code = self._process.wait(max(left, 0.0))
        except subprocess.TimeoutExpired as error:
            raise HarnessError(
                f"the requirements were not resolved within {timeout_seconds:.0f} s",
                remedy="Look whether the package index answers, or narrow the versions down.",
            ) from error
        words = self._said.read_text(encoding="utf-8", errors="replace")
        if exit_code == 0:
            return Answer(True, dict(_read_pins(self._pinned.read_text(encoding="utf-8"))), words)
        if UNSOLVABLE in words:
            return Answer(False, words=words)
        raise _trouble(words or f"uv ended with exit code {exit_code}")

    def stop(self) -> None:
        """End uv where it is still at work."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _command(question: Question, folder: Path, environment: Mapping[str, str]) -> list[str]:
    target = question.target
    command = [find_uv(), "pip", "compile", _write(folder / "requirements.in", question.requirements)]
    command += ["--output-file", PINNED, "--no-header", "--no-progress"]
    command += ["--python", sys.executable, "--python-version", target.python_version]
    command += ["--python-platform", target.platform]
    if not question.sources:
        command.append("--no-build")
    if question.names_only:
        command.append("--no-deps")
    if question.hashes:
        command.append("--generate-hashes")
    if question.constraints:
        command += ["--constraints", _write(folder / "constraints.txt", question.constraints)]
    if question.excluded:
        command += ["--excludes", _write(folder / "excluded.txt", question.excluded)]
    if question.stand_ins:
        # The option replaces the variable's value.
        own = [place for place in environment.get("UV_FIND_LINKS", "").split(",") if place]
        for place in [*own, _write_stand_ins(folder / "stand-ins", question.stand_ins)]:
            command += ["--find-links", place]
    if question.as_of is not None:
        command += ["--exclude-newer", question.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]
        for package in question.always:
            command += ["--exclude-newer-package", f"{package}=false"]
    return command


def _write(file: Path, lines: tuple[str, ...]) -> str:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file.name


def _write_stand_ins(folder: Path, stand_ins: tuple[tuple[str, str], ...]) -> str:
    """Write wheels that hold nothing but a name and a version. Source: "The wheel binary package format"."""
    folder.mkdir()
    for name, version in stand_ins:
        stem = f"{name.replace('-', '_')}-{version}"
        with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return folder.name


def _environment() -> dict[str, str]:
    environment = {**os.environ, **uv_environment(os.environ), "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
    environment.pop("VIRTUAL_ENV", None)
    # Somebody waits for the answer, and asks again if need be.
    environment.setdefault("UV_HTTP_RETRIES", "1")
    links = [place for place in environment.get("UV_FIND_LINKS", "").split(",") if place]
    if links:
        # uv runs in another folder than the user's.
        places = (place if "://" in place else str(Path(place).absolute()) for place in links)
        environment["UV_FIND_LINKS"] = ",".join(places)
    return environment


def _read_pins(text: str) -> Iterator[tuple[str, Pin]]:
    """Yield the pins of uv's output: a pin, hashes with it, and indented comments that say what brings it."""
    for block in re.split(r"\n(?=[a-z0-9])", text):
        found = _PINNED.match(block)
        if found:
            sources = [line.partition("# ")[2].strip() for line in block.splitlines() if "# " in line]
            sources = [_VIA.sub("", source) for source in sources]
            via = tuple(source for source in sources if source and not source.startswith("-"))
            is_declared = any(source.startswith("-r ") for source in sources)
            yield found["name"], Pin(found["version"], via, is_declared, tuple(_HASH.findall(block)))


def _trouble(words: str) -> HarnessError:
    lines = [clean_line(line).strip() for line in words.splitlines()]
    told = [line.removeprefix("error: ").removeprefix("cause: ") for line in lines if line]
    told = [line for line in told if not line.startswith("warning:")]
    if _UNREACHABLE.search(words):
        return HarnessError(
            f"the package index cannot be reached: {': '.join(dict.fromkeys((*told[:2], *told[-1:])))}",
            remedy="Check the network, the proxy settings and the index address.",
        )
    return HarnessError(
        f"the requirements cannot be resolved: {': '.join(told[:3])}",
        remedy="Correct the requirement or the setting that is named here.",
    )
