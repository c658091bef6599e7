"""What the base environment's constraints and the other requirements lines allow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from harness.package_index import Target
from harness.requirements import Requirements
from harness.requirements.parsing import RequirementStatement, Unparsable, parse_statement
from harness.requirements.rewrites import contradict


@dataclass(frozen=True, slots=True)
class Limits:
    """Canonical name -> the comparisons that a version has to satisfy beside those of the line at fault.

    lines: canonical name -> the number of the line, of the packages that other lines ask for. installed: what is there
    before the task's requirements are installed, and stays there where they let it.
    """

    specifiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    installed: Mapping[str, Version] = field(default_factory=dict)

    def allow(self, name: str, version: Version) -> bool:
        specifiers = SpecifierSet(",".join(self.specifiers.get(canonicalize_name(name), ())))
        return specifiers.contains(version, prereleases=True)

    def kept(self, name: str, needed: Iterable[Requirement]) -> Version | None:
        """Return the version that is installed or asked for exactly, and that something with these needs leaves."""
        specifiers = self.specifiers.get(name, ())
        pins = [Version(text.removeprefix("==")) for text in specifiers if re.fullmatch(r"==[^*=]+", text)]
        version = next(iter(pins), self.installed.get(name))
        needs = [str(requirement.specifier) for requirement in needed if canonicalize_name(requirement.name) == name]
        wanted = SpecifierSet(",".join(filter(None, [*specifiers, *needs])))
        return version if version and wanted.contains(version, prereleases=True) else None

    def written(self, name: str) -> str:
        """Return the package with its limits, `numpy==2.2.6`; empty where it has none."""
        specifiers = self.specifiers.get(canonicalize_name(name), ())
        return canonicalize_name(name) + ",".join(specifiers) if specifiers else ""

    def contradiction(self, needed: Iterable[Requirement], extras: Iterable[str], target: Target) -> Requirement | None:
        """Return the first of a release's own requirements that the limits exclude, as far as that is obvious."""
        environments = [_environment(target, extra) for extra in ("", *extras)]
        for requirement in needed:
            if any(applies(requirement, environment) for environment in environments):
                limits = self.specifiers.get(canonicalize_name(requirement.name), ())
                if limits and contradict([*limits, *map(str, requirement.specifier)]):
                    return requirement
        return None


def read_limits(
    requirements: Requirements,
    constraints: Iterable[str],
    installed: Iterable[str],
    target: Target,
    except_line: int | None,
) -> Limits:
    """Return the limits of the constraints and of all lines but the one at fault, as far as they apply.

    constraints, installed: requirements as lines of text; of the installed ones only pins count.
    """
    environment = _environment(target)
    own = [
        entry for entry in requirements.entries if entry.file != requirements.file or entry.line_number != except_line
    ]
    statements = (_parsed(line) for line in constraints)
    limiting = [
        *(parsed for parsed in statements if parsed is not None),
        *(entry.parsed for entry in (*requirements.constraints, *own) if entry.parsed),
    ]
    specifiers: dict[str, dict[str, None]] = {}
    for requirement in limiting:
        if requirement.specifier and not requirement.url and applies(requirement, environment):
            named = specifiers.setdefault(canonicalize_name(requirement.name), {})
            named.update(dict.fromkeys(map(str, requirement.specifier)))
    return Limits(
        {name: tuple(written) for name, written in specifiers.items()},
        {canonicalize_name(entry.parsed.name): entry.line_number for entry in own if entry.parsed},
        {canonicalize_name(found.name): pin for line in installed if (found := _parsed(line)) and (pin := _pin(found))},
    )


def applies(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    try:
        return requirement.marker is None or requirement.marker.evaluate(dict(environment))
    except (UndefinedComparison, UndefinedEnvironmentName):
        return False


def _environment(target: Target, extra: str = "") -> dict[str, str]:
    """Return the values of a marker's variables on the target."""
    return {
        "implementation_name": "cpython",
        "implementation_version": target.full_python_version,
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": target.full_python_version,
        "python_version": ".".join(target.python_version.split(".")[:2]),
        "sys_platform": "linux",
        "extra": extra,
    }


def _pin(requirement: Requirement) -> Version | None:
    specifiers = list(requirement.specifier)
    exact = len(specifiers) == 1 and specifiers[0].operator == "==" and not specifiers[0].version.endswith(".*")
    return Version(specifiers[0].version) if exact else None


def _parsed(line: str) -> Requirement | None:
    try:
        statement = parse_statement(line)
    except Unparsable:
        return None
    return statement.parsed if isinstance(statement, RequirementStatement) else None
