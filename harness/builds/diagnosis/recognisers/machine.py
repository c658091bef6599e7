"""Disk, memory and time run out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.at_work import package_at_work
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.endings import got_over
from harness.builds.diagnosis.model import Cause, Facts, Recogniser
from harness.builds.diagnosis.patterns import Pattern

MOST_PLACES = 60
KILLED_BY_KERNEL = (137, -9)
TIMED_OUT = 124
_WARNING = Pattern(r"^\s*(?:\[?WARN(?:ING)?\b|warning: |W: |DEBUG |TRACE )")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One wording. pattern: what the anchor's line must hold. builds: a compiler says it, of a package being built."""

    anchor: str
    pattern: str
    builds: bool = False


_DISK = (
    *(
        _Kind(words, re.escape(words))
        for words in (
            "No space left on device",
            "no space left on device",
            "Disk quota exceeded",
            "You don't have enough free space in",
            "There is not enough space on the disk",
            "Not enough disk space",
            "ENOSPC",
        )
    ),
)
_MEMORY = (
    _Kind(
        "Killed", r"Killed signal terminated program|ld terminated with signal 9|\(?[Kk]illed \(program", builds=True
    ),
    _Kind("Killed", r"^(?:[^\n:]{1,200}: (?:line )?\d{1,6}:\s+)?(?:\d{1,9} )?Killed(?:\s|$)"),
    _Kind("virtual memory exhausted", r"virtual memory exhausted", builds=True),
    _Kind("out of memory allocating", r"out of memory allocating", builds=True),
    _Kind("LLVM ERROR: out of memory", r"out of memory", builds=True),
    _Kind("std::bad_alloc", r"std::bad_alloc", builds=True),
    _Kind("memory exhausted", r"(?:ld|collect2|as): [^\n]*memory exhausted", builds=True),
    _Kind("Cannot allocate memory", r"Cannot allocate memory"),
    _Kind("Out of memory", r"Out of memory(?::|\s|$)"),
    _Kind("OOMKilled", r"OOMKilled"),
    _Kind("oom-kill", r"oom-kill"),
    _Kind("MemoryError", r"^\s*(?:[\w.]+\.)?_?(?:Array)?MemoryError\b"),
    _Kind("memory allocation of ", r"memory allocation of \d+ bytes failed"),
    _Kind("SIGKILL", r"SIGKILL"),
    _Kind("JavaScript heap out of memory", r"heap out of memory", builds=True),
    _Kind("code: 137", r"(?:exit |non-zero )code: 137"),
    _Kind("exit code 137", r"exit code 137"),
    _Kind("exit status 137", r"exit status 137"),
    _Kind("failed with exit code -9", r"exit code -9", builds=True),
    _Kind("failed with exit status 9", r"exit status 9$", builds=True),
)
_TIME = (
    _Kind(
        "time limit",
        r"(?i:cancell?ed|killed|stopped|ended|terminated|aborted) (?:at|after|by) (?:the|its|a) time limit",
    ),
    _Kind("time limit", r"(?i:time limit (?:of [^\n]{1,40} )?(?:was |has been )?(?:reached|exceeded|hit))"),
    _Kind("exceeded", r"(?i:exceeded (?:the |its )?(?:maximum )?(?:execution|build|time|job)[ -]?(?:time|limit|out))"),
    _Kind("timed out", r"(?i:^(?:[^\n]{0,40}\b)?(?:build|job|step|command|process|installation) (?:has )?timed out)"),
    _Kind("TimeoutExpired", r"TimeoutExpired"),
    _Kind("timeout: sending signal", r"timeout: sending signal"),
    _Kind("execution took longer than", r"execution took longer than"),
    _Kind("context deadline exceeded", r"^(?:ERROR|error|failed to)[^\n]*context deadline exceeded"),
    _Kind("code: 124", r"(?:exit |non-zero )code: 124"),
    _Kind("exit code 124", r"exit code 124"),
)
_COMPILED = {kind: Pattern(kind.pattern, re.MULTILINE) for kinds in (_DISK, _MEMORY, _TIME) for kind in kinds}
_BACKTRACKING = "taking longer than usual"
register(*(kind.anchor for kind in _COMPILED), _BACKTRACKING)


def disk_full(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that there was no room for a file."""
    found = _found(log, facts, _DISK)
    if found is None:
        return ()
    position, _ = found
    line = log.line_at(position)
    quota = "the quota of the disk is used up" if "quota" in line else "no space is left on the disk"
    package = package_at_work(log, position)
    doing = f" while {package} was being installed" if package else ""
    return (
        Cause(
            category="disk_full",
            summary=f"Where the build runs, {quota}{doing}.",
            suggestion="Make room there, put TMPDIR and HARNESS_CACHE_DIR on another disk, or install less.",
            position=position,
            evidence=(line.strip(),),
        ),
    )


def out_of_memory(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that the installer, or a compiler that it started, got no more memory or was killed for it."""
    found = _found(log, facts, _MEMORY)
    if found is None:
        if facts.exit_code not in KILLED_BY_KERNEL:
            return ()
        return (_killed(log, facts.exit_code),)
    position, kind = found
    package = package_at_work(log, position)
    building = package if kind.builds else None
    doing = (
        f"while {package} was being {'built from source' if building else 'installed'}" if package else "in the build"
    )
    return (
        Cause(
            category="out_of_memory",
            summary=f"Memory ran out {doing}.",
            suggestion="Ask for a version with a wheel, which needs no compiler, or give the build more memory."
            if building
            else "Give the build more memory, or install less at once.",
            position=position,
            evidence=(log.line_at(position).strip(),),
            package=building,
        ),
    )


def time_limit(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that the build was cancelled because it took too long."""
    found = _found(log, facts, _TIME)
    if found is None and facts.exit_code != TIMED_OUT:
        return ()
    position = found[0] if found else _last_line(log)
    searching = any(True for _ in log.places(_BACKTRACKING))
    package = package_at_work(log, position)
    doing = f", while {package} was being installed" if package else ""
    why = " pip was trying one combination of versions after the other." if searching else ""
    return (
        Cause(
            category="timeout",
            summary=f"The build was cancelled at its time limit{doing}.{why}",
            suggestion="Pin the versions of the packages, so that there is less to try."
            if searching
            else "Ask for versions that have wheels, or give the build more time.",
            position=position,
            evidence=tuple(text.strip() for text in (*log.before(position, 2), log.line_at(position)) if text.strip()),
        ),
    )


RECOGNISERS: tuple[Recogniser, ...] = (disk_full, out_of_memory, time_limit)


def _found(log: BuildLog, facts: Facts, kinds: tuple[_Kind, ...]) -> tuple[int, _Kind] | None:
    """Return the last place that says one of these and is no warning, and that the build did not get over."""
    last: tuple[int, _Kind] | None = None
    for kind in kinds:
        for position in islice(log.places(kind.anchor), MOST_PLACES):
            if last and position < last[0]:
                break
            line = log.line_at(position)
            if _COMPILED[kind].search(line) and not _WARNING.match(line):
                if got_over(log, facts.exit_code, position):
                    break
                last = position, kind
                break
    return last


def _killed(log: BuildLog, exit_code: int | None) -> Cause:
    position = _last_line(log)
    package = package_at_work(log, position)
    doing = f" while {package} was being installed" if package else ""
    return Cause(
        category="out_of_memory",
        summary=f"The installer was killed{doing} (exit code {exit_code}), as happens at the memory limit.",
        suggestion="Give the build more memory, or install less at once.",
        position=position,
        evidence=tuple(text.strip() for text in (*log.before(position, 2), log.line_at(position)) if text.strip()),
    )


def _last_line(log: BuildLog) -> int:
    return log.start_of_line(len(log.text.rstrip()))
