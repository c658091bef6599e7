"""The exact set that a build has installed for a task, as a requirements file that the platform accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from harness.builds.installed import Installed
from harness.builds.model import BuildPlan
from harness.errors import HarnessError
from harness.resolving.declared_lines import DeclaredRequirement, declared_requirements
from harness.resolving.resolve import question_of
from harness.resolving.uv_compile import ask

LOCK_FILE = "requirements.lock.txt"


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package of the set, and the requirements lines that bring it, in the file's order. hashes: `sha256:...`."""

    name: str
    version: str
    lines: tuple[DeclaredRequirement, ...]
    hashes: tuple[str, ...] = ()


def locked_packages(plan: BuildPlan, installed: Installed) -> tuple[LockedPackage, ...]:
    """Return what the plan's requirements need of what is installed, sorted by name: pure.

    Packages of the base environment are among them where a line needs them, so that the set stays the same when the
    base environment changes; the others are left to it. Raises HarnessError where a line's package is not there.
    """
    bringing: dict[str, list[DeclaredRequirement]] = {}
    for line in declared_requirements(plan):
        if _applies(line.requirement, installed, frozenset()):
            if line.package not in installed.packages:
                raise HarnessError(
                    f"line {line.line_number} ({line.text}) is not installed in what was built",
                    remedy="Build again with --no-cache.",
                )
            for name in _closure(line.requirement, installed):
                bringing.setdefault(name, []).append(line)
    return tuple(
        LockedPackage(name, installed.packages[name].version, tuple(lines)) for name, lines in sorted(bringing.items())
    )


def with_hashes(plan: BuildPlan, packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return the packages with the hashes of their files on the index; HarnessError where it has none of a package."""
    packages = tuple(packages)
    lines = tuple(f"{package.name}=={package.version}" for package in packages)
    question = replace(
        question_of(plan),
        requirements=lines,
        constraints=(),
        preferences=(),
        as_of=None,
        names_only=True,
        sources=True,
        hashes=True,
    )
    pins = ask(question).pins
    without = [package.name for package in packages if package.name not in pins or not pins[package.name].hashes]
    if without:
        raise HarnessError(
            f"the package index has no hashes of {', '.join(without)}",
            remedy="Leave --hashes out: with one hash in the file, every line needs one.",
        )
    return tuple(replace(package, hashes=tuple(sorted(pins[package.name].hashes))) for package in packages)


def lock_text(plan: BuildPlan, packages: Iterable[LockedPackage], python_version: str) -> str:
    """Return the file: sorted pins, each with the lines that bring it. The same build gives the same text: pure."""
    heading = (
        "# The exact versions that `harness lock` found installed for requirements.txt, on\n"
        f"# {plan.environment.name}, Python {python_version}. The platform reads requirements.txt: copy them there.\n"
    )
    return heading + "".join(_entry(package) for package in packages)


def _entry(package: LockedPackage) -> str:
    own = [line for line in package.lines if line.package == package.name]
    others = [line for line in package.lines if line.package != package.name]
    reasons = [f"line {line.line_number}: {line.text}" for line in own]
    reasons += [f"via line {line.line_number}: {line.text}" for line in others]
    comment = f"# {'; '.join(dict.fromkeys(reasons))}"
    pin = f"{package.name}=={package.version}"
    if not package.hashes:
        return f"{pin}  {comment}\n"
    return f"{comment}\n" + " \\\n    ".join([pin, *(f"--hash={value}" for value in package.hashes)]) + "\n"


def _closure(requirement: Requirement, installed: Installed) -> set[str]:
    """Return the names of the requirement's package and of all that it needs in turn."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(requirement.name), _extras(requirement))]
    while waiting:
        wanted = waiting.pop()
        name, extras = wanted
        if wanted in seen or name not in installed.packages:
            continue
        seen.add(wanted)
        needed = _requirements(installed.packages[name].requires)
        waiting += [(canonicalize_name(one.name), _extras(one)) for one in needed if _applies(one, installed, extras)]
    return {name for name, _ in seen}


def _extras(requirement: Requirement) -> frozenset[str]:
    return frozenset(canonicalize_name(extra) for extra in requirement.extras)


def _requirements(lines: Iterable[str]) -> Iterable[Requirement]:
    """Yield what can be read; an installer has read the rest its own way, and what it needs is not known."""
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _applies(requirement: Requirement, installed: Installed, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    environments: list[Mapping[str, str]] = [{**installed.markers, "extra": extra} for extra in ("", *sorted(extras))]
    return any(requirement.marker.evaluate(dict(environment)) for environment in environments)
