"""The import check: what `inside/check_imports.py` tells of the modules that the declared distributions are made of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.builds.log import clean_line
from harness.builds.model import BuildPlan

PROGRAM = Path(__file__).parent / "inside" / "check_imports.py"
# Of the whole check; PATIENCE_SECONDS is when it is ended from outside, should it not have ended by itself.
SECONDS = 60
PATIENCE_SECONDS = 75
# How a build ends that the check has failed, in its log's last line.
FAILED_IMPORTS = "failed: the packages are installed, and the import check failed"
# Kinds of errors that another package brings about, or the interpreter: nothing that a task could set right.
INCOMPATIBLE = frozenset({"ImportError", "SyntaxError", "AttributeError", "TypeError"})
_SHARED_OBJECT = re.compile(r"\.so\b|shared object|\.dylib\b|\blibrary\b|GLIBC", re.IGNORECASE)
_BINARY = re.compile(
    r"size changed|compiled against|compiled using|binary incompatib|ABI version|API version|multiarray failed",
    re.IGNORECASE,
)
_NO_DISPLAY = re.compile(r"\bDISPLAY\b|X connection|X server|no display", re.IGNORECASE)
_NUMPY_1_MODULE = "A module that was compiled using NumPy 1.x cannot be run in"
# A process that is killed from outside says nothing about the module: the memory limit does that.
_KILLED_FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")


class Outcome(StrEnum):
    """How the import of a module went. EXITED: it ended its own process; UNCHECKED: there was no time left."""

    IMPORTED = "imported"
    RAISED = "raised"
    CRASHED = "crashed"
    EXITED = "exited"
    TIMED_OUT = "timed out"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class ModuleImport:
    """The import of one module of a distribution, in a process of its own.

    is_main: it bears the distribution's name, or none of its modules does. kinds: the class of the exception and those
    it derives from. signal: what ended the process. output: the end of what the import printed.
    """

    distribution: str
    name: str
    is_main: bool
    outcome: Outcome
    seconds: float = 0.0
    exception: str = ""
    kinds: tuple[str, ...] = ()
    message: str = ""
    traceback: str = ""
    signal: str = ""
    output: str = ""

    @property
    def imported(self) -> bool:
        return self.outcome is Outcome.IMPORTED

    @property
    def breaks_build(self) -> bool:
        """Tell whether a task could not use the distribution in this image, whatever it does.

        Other errors may be about a display or a variable that is not there, and of modules that do not bear the
        distribution's name some are for other systems: those are told and break nothing.
        """
        if not self.is_main:
            return False
        if self.outcome is Outcome.CRASHED:
            return self.signal not in _KILLED_FROM_OUTSIDE
        if self.outcome is not Outcome.RAISED:
            return False
        if "ImportError" in self.kinds and _NO_DISPLAY.search(self.message):
            return False
        if INCOMPATIBLE & set(self.kinds) or self.is_binary:
            return True
        return "OSError" in self.kinds and bool(_SHARED_OBJECT.search(self.message))

    @property
    def is_binary(self) -> bool:
        """Tell whether the error is about compiled modules that do not fit together."""
        return bool(_BINARY.search(self.message))

    @property
    def said(self) -> str:
        """Return what the import printed and raised, as its reader would see it."""
        return "\n".join(part.strip("\n") for part in (self.output, self.traceback) if part.strip())

    def in_words(self) -> str:
        """Return how it went, to stand behind the module's name."""
        first = next((line.strip() for line in self.message.splitlines() if line.strip()), "")
        match self.outcome:
            case Outcome.IMPORTED:
                return f"ok {self.seconds:.2f} s"
            case Outcome.RAISED:
                return f"{self.exception}: {first}" if first else self.exception
            case Outcome.CRASHED:
                return f"its import ended with {self.signal}"
            case Outcome.EXITED:
                return first
            case Outcome.TIMED_OUT:
                return "its import took too long and was ended"
            case Outcome.UNCHECKED:
                return "not imported, there was no time left"


@dataclass(frozen=True, slots=True)
class DistributionImports:
    """What came of the modules of one declared distribution. version: None where it is not installed."""

    distribution: str
    version: str | None
    modules: tuple[ModuleImport, ...]

    def transcript(self) -> Iterator[str]:
        """Yield the lines that the build log gets."""
        if self.version is None:
            yield f"import check: {self.distribution}: not installed here"
        elif not self.modules:
            yield f"import check: {self.distribution} {self.version}: nothing to import"
        for module in self.modules:
            yield f"import check: {self.distribution} {self.version}: {module.name}: {module.in_words()}"
            if not module.imported:
                yield from module.said.splitlines()


@dataclass(frozen=True, slots=True)
class ImportCheck:
    """The whole check. complete: whether it came to its end."""

    distributions: tuple[DistributionImports, ...] = ()
    complete: bool = True

    @property
    def failures(self) -> tuple[ModuleImport, ...]:
        """Return the imports that make the build a failed one."""
        return tuple(module for module in self._modules if module.breaks_build)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return a sentence for each thing that is worth knowing and breaks nothing."""
        told = [note for found in self.distributions for note in _notes_of(found)]
        return (*told, *(() if self.complete else ("The import check of the dependencies did not come to its end.",)))

    @property
    def _modules(self) -> Iterator[ModuleImport]:
        return (module for found in self.distributions for module in found.modules)


def _notes_of(found: DistributionImports) -> Iterator[str]:
    for module in found.modules:
        if module.imported and _NUMPY_1_MODULE in module.output:
            yield (
                f"`import {module.name}` succeeds, but a module that it wanted was compiled for NumPy 1 and was left "
                "out; the build log has the details."
            )
    failed = [module for module in found.modules if not (module.imported or module.breaks_build)]
    if failed:
        first, more = failed[0], len(failed) - 1
        others = (
            f"; nor do {more} more of its modules" if more > 1 else "; nor does another of its modules" if more else ""
        )
        where = f"`import {first.name}` ({first.distribution}) does not work in this image"
        yield f"{where}: {first.in_words().rstrip('.')}{others}."


def names_to_check(plan: BuildPlan) -> tuple[str, ...]:
    """Return the canonical names of the distributions that the task declares, in the order of its lines."""
    names = [re.split(r"[^a-z0-9-]", line, maxsplit=1)[0] for line in plan.requirements]
    return tuple(dict.fromkeys(names))


class Listener:
    """Hears the program's output, tells the lines of the build log that it gives, and collects the check."""

    def __init__(self, names: Sequence[str], on_line: Callable[[str], None]) -> None:
        self._awaited = set(names)
        self._on_line = on_line
        self._found: list[DistributionImports] = []

    def hear(self, line: str) -> None:
        """Take one line; what is none of the program's own, such as an interpreter's complaint, is passed on."""
        found = read_distribution(line)
        if found is None:
            self._on_line(line)
            return
        self._found.append(found)
        self._awaited.discard(found.distribution)
        for text in found.transcript():
            self._on_line(clean_line(text))

    @property
    def check(self) -> ImportCheck:
        return ImportCheck(tuple(self._found), complete=not self._awaited)


def read_distribution(line: str) -> DistributionImports | None:
    """Return what one line of the program's output tells, None where it is no such line."""
    try:
        told = json.loads(line)
        name, version = str(told["distribution"]), told["version"]
        modules = tuple(_module(name, module) for module in told["modules"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return DistributionImports(name, None if version is None else str(version), modules)


def _module(distribution: str, told: dict[str, Any]) -> ModuleImport:
    texts = {key: str(told.get(key) or "") for key in ("exception", "message", "traceback", "signal", "output")}
    return ModuleImport(
        distribution,
        str(told["name"]),
        bool(told["main"]),
        Outcome(told["outcome"]),
        seconds=float(told.get("seconds") or 0),
        kinds=tuple(str(kind) for kind in told.get("kinds") or ()),
        **texts,
    )
