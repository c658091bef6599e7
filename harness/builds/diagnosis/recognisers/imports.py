"""A package is installed and cannot be imported: compiled for another package, a missing library, a removed name."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.incompatible_releases import BUILT_FOR_NUMPY_2, python_without, requirement_with
from harness.builds.diagnosis.model import Cause, Facts, Named, Recogniser
from harness.builds.diagnosis.patterns import Pattern
from harness.builds.diagnosis.replacements import project_without, renamed, with_versions
from harness.builds.diagnosis.shared_libraries import BY_OTHER_NAMES, find_library
from harness.builds.diagnosis.tracebacks import distribution_of, frames_after, frames_before, frames_of_crash, path_in

MOST_PLACES = 50
PROOF_LINES = 3
_SUCCEEDED = "build succeeded"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a pattern fits. frames: the packages' files that led there, outermost first."""

    log: BuildLog
    facts: Facts
    position: int
    match: re.Match[str]
    frames: tuple[str, ...]

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the distributions that the traceback goes through, outermost first."""
        found = [distribution_of(frame, self.facts.requirements) for frame in self.frames]
        return tuple(dict.fromkeys(found))

    def asking(self, requirement: str) -> str:
        """Return how to ask for a requirement: with a line of its own, or in place of the one there is."""
        line = self.facts.requirements.line_of(re.split(r"[<>=]", requirement, maxsplit=1)[0])
        return f"write `{requirement}` in place of `{line.content}`" if line else f"add the line `{requirement}`"

    def cause(
        self, category: str, package: str | None, summary: str, suggestion: str, related: Sequence[str] = ()
    ) -> Cause:
        """Return the cause; `package` is at fault, and the others that led there may have brought it."""
        proof = [line.strip() for line in self.log.block(self.position, PROOF_LINES).splitlines() if line.strip()]
        return Cause(
            category=category,
            summary=summary,
            suggestion=suggestion,
            position=self.position,
            evidence=tuple(proof),
            package=package,
            related=tuple(Named(name) for name in related if name != package),
            via=tuple(name for name in self.packages if name != package),
        )


@dataclass(frozen=True, slots=True)
class _Kind:
    """A text that a log may hold, where to look for its traceback, and what it means."""

    anchor: str
    pattern: Pattern
    explain: Callable[[_Place], Cause | None]
    frames: Callable[[BuildLog, int], tuple[str, ...]] = frames_before


def recognise_imports(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Return the failed imports that the log tells of; of each kind the last one."""
    if _SUCCEEDED in log.text[-200:]:
        return ()
    return tuple(cause for kind in _KINDS for cause in _last(log, facts, kind))


def _last(log: BuildLog, facts: Facts, kind: _Kind) -> Iterator[Cause]:
    for count, position in enumerate(log.places(kind.anchor)):
        if count == MOST_PLACES:
            return
        match = kind.pattern.search(log.block(position, PROOF_LINES))
        if match is None:
            continue
        cause = kind.explain(_Place(log, facts, position, match, kind.frames(log, position)))
        if cause is not None:
            yield cause
            return


def _compiled_for_numpy_1(place: _Place) -> Cause:
    return _needs_numpy_1(place, place.match["version"])


def _size_changed(place: _Place) -> Cause:
    other = distribution_of(place.match["type"], place.facts.requirements)
    # What the two print: NumPy 2 made the structure that modules see smaller.
    if other == "numpy" and (place.match["expected"], place.match["got"]) == ("96", "88"):
        return _needs_numpy_1(place, "2")
    others = [name for name in place.packages if name != other]
    package = others[-1] if others else None
    return place.cause(
        "binary_incompatibility",
        package,
        f"{package or 'A package'} was compiled for another release of {other} than the one that is installed.",
        f"Ask for releases of {package or 'the package'} and {other} that were made at about the same time.",
        [other],
    )


def _needs_numpy_1(place: _Place, installed: str) -> Cause:
    others = [name for name in place.packages if name != "numpy"]
    package = others[-1] if others else None
    first = BUILT_FOR_NUMPY_2.get(package or "")
    newer = f"`{package}>={first}`, which was" if first else f"a release of {package or 'the package'} that was"
    cause = place.cause(
        "binary_incompatibility",
        package,
        f"{package or 'A package'} was compiled for NumPy 1 and does not load with NumPy {installed}.",
        f"Ask for {newer} built for NumPy 2, or {place.asking('numpy<2')}.",
        ["numpy"],
    )
    line = place.facts.requirements.line_of(package) if package else None
    return replace(cause, replacement=with_versions(line, f">={first}")) if line and first else cause


def _compiled_against_api(place: _Place) -> Cause:
    others = [name for name in place.packages if name != "numpy"]
    package = others[-1] if others else None
    return place.cause(
        "binary_incompatibility",
        package,
        f"{package or 'A package'} was compiled for a newer NumPy than the one that is installed.",
        f"Ask for a newer numpy, or for an older release of {package or 'the package'}.",
        ["numpy"],
    )


def _undefined_symbol(place: _Place) -> Cause:
    path = path_in(place.match["file"])
    package = distribution_of(path, place.facts.requirements) if path else next(iter(place.packages[-1:]), None)
    related = ["torch"] if re.search(r"c10|torch|at\d", place.match["symbol"]) and package != "torch" else []
    return place.cause(
        "binary_incompatibility",
        package,
        f"A compiled module of {package or 'a package'} wants a function ({place.match['symbol']}) that the library "
        "it was compiled for no longer has.",
        f"Ask for releases of {package or 'the package'} and of {related[0] if related else 'what it builds on'} that "
        "were made for each other.",
        related,
    )


def _old_system(place: _Place) -> Cause:
    path = path_in(place.match["by"] or "")
    package = distribution_of(path, place.facts.requirements) if path else next(iter(place.packages[-1:]), None)
    return place.cause(
        "missing_shared_library",
        package,
        f"{package or 'A package'} needs {place.match['version']} of the system, and the base environment's "
        f"{place.match['library']} is older.",
        f"Ask for a release of {package or 'the package'} that was built for older systems, or choose an environment "
        "with a newer one.",
    )


def _other_processor(place: _Place) -> Cause:
    path = path_in(place.match.group())
    package = distribution_of(path, place.facts.requirements) if path else next(iter(place.packages[-1:]), None)
    return place.cause(
        "binary_incompatibility",
        package,
        f"A compiled module of {package or 'a package'} is made for another processor or system.",
        f"Ask for a release of {package or 'the package'} that has a wheel for this one.",
    )


def _crash(place: _Place) -> Cause | None:
    package = next(iter(place.packages[-1:]), None)
    if package is None:
        return None
    what = place.match["what"]
    return place.cause(
        "binary_incompatibility",
        package,
        f"{package} crashes the interpreter ({what}): a compiled module does not fit "
        f"{'this processor' if what == 'Illegal instruction' else 'the other packages'}.",
        f"Ask for another release of {package}, or of the packages that it builds on.",
    )


def _missing_library(place: _Place) -> Cause:
    return _without(place, place.match["soname"])


def _missing_by_other_name(place: _Place) -> Cause:
    return _without(place, BY_OTHER_NAMES[place.match.group()])


def _without(place: _Place, soname: str) -> Cause:
    library = find_library(soname)
    package = next(iter(place.packages[-1:]), None)
    whose, without = package or "A package", "which the base environment does not have"
    if library.package is None:
        summary = f"{whose} needs the library {soname}, {without}."
        cause = place.cause("missing_shared_library", package, summary, library.advice)
    else:
        summary = f"{whose} needs the library {soname} of the Debian package {library.package}, {without}."
        advice = (
            f"Use an environment of your own with {library.package}: "
            f"`harness envs new NAME --from ENVIRONMENT --apt {library.package}` makes one."
        )
        cause = place.cause("missing_shared_library", package, summary, advice)
    other = project_without(package, soname) if package else None
    if package is None or other is None:
        return cause
    line = place.facts.requirements.line_of(package)
    return replace(
        cause,
        suggestion=f"Ask for `{other}`, which does without. {cause.suggestion.replace('Use', 'Or use', 1)}",
        replacement=renamed(line, other) if line else other,
    )


def _cannot_import_name(place: _Place) -> Cause | None:
    module, name = place.match["module"], place.match["name"]
    other = distribution_of(path_in(place.match["path"] or "") or module, place.facts.requirements)
    return _removed(place, other, f"the name {name}", module, module, name)


def _no_attribute(place: _Place) -> Cause | None:
    module, name = place.match["module"], place.match["name"]
    other = distribution_of(module, place.facts.requirements)
    return _removed(place, other, f"the name {name}", module, module, name)


def _numpy_2_removed(place: _Place) -> Cause | None:
    return _removed(place, "numpy", f"the name {place.match['name']}", "numpy", "numpy", place.match["name"])


def _no_module(place: _Place) -> Cause | None:
    module = place.match["module"]
    top = module.split(".")[0]
    package = next(iter(place.packages[-1:]), None)
    whose = package or "A package"
    gone_with = python_without(module)
    if gone_with and top != "distutils":
        return place.cause(
            "import_error",
            package,
            f"{whose} imports {top}, which Python no longer has since {gone_with}.",
            f"Ask for a newer release of {package or 'the package'}.",
        )
    other = distribution_of(module, place.facts.requirements)
    wanted = requirement_with(module, "")
    if wanted is None and ("." in module or other == package):
        return _removed(place, other, f"the module {module}", module, module, "")
    wanted = wanted or other
    return place.cause(
        "import_error",
        package,
        f"{whose} imports {module}, and nothing that is installed has it.",
        f"{place.asking(wanted).capitalize()}.",
        [re.split(r"[<>=]", wanted)[0]],
    )


def _removed(place: _Place, other: str, what: str, where: str, module: str, name: str) -> Cause | None:
    """Explain that a package wants what another one (`other`) does not have."""
    others = [package for package in place.packages if package != other]
    package = others[-1] if others else next(iter(place.packages), None)
    if package is None:
        return None
    if package == other:
        return place.cause(
            "import_error",
            package,
            f"The modules of {package} do not fit together: one wants {what} of {where}, which is not there.",
            f"Ask for another release of {package}.",
        )
    if where.split(".", maxsplit=1)[0] in sys.stdlib_module_names:
        return place.cause(
            "import_error",
            package,
            f"{package} wants {what} of {where}, which this Python does not have.",
            f"Ask for a newer release of {package}.",
        )
    wanted = requirement_with(module, name)
    return place.cause(
        "import_error",
        package,
        f"{package} wants {what} of {where}, which the installed {other} does not have.",
        f"Ask for a newer release of {package}, or "
        + (place.asking(wanted) if wanted else f"an older one of {other}")
        + ".",
        [other],
    )


def _old_protobuf_code(place: _Place) -> Cause | None:
    others = [package for package in place.packages if package != "protobuf"]
    if not others:
        return None
    return place.cause(
        "import_error",
        others[-1],
        f"{others[-1]} has code that was generated for an older protobuf than the one that is installed.",
        f"Ask for a newer release of {others[-1]}, or {place.asking('protobuf<3.21')}.",
        ["protobuf"],
    )


_DOTTED = r"[A-Za-z_][\w.]*"
_KINDS = (
    _Kind(
        "compiled using NumPy 1.x",
        Pattern(r"compiled using NumPy 1\.x cannot be run in\s+NumPy (?P<version>[\w.]+?)(?= as |\s)"),
        _compiled_for_numpy_1,
        frames_after,
    ),
    _Kind(
        "size changed, may indicate binary incompatibility",
        Pattern(
            r"(?<![\w.])(?P<type>[\w.]+) size changed, may indicate binary incompatibility"
            r"(?:\. Expected (?P<expected>\d+) from C header, got (?P<got>\d+))?"
        ),
        _size_changed,
    ),
    _Kind(
        "compiled against ",
        Pattern(r"compiled against (?:NumPy C-)?(?:API|ABI) version 0x(?P<version>\w+)"),
        _compiled_against_api,
    ),
    _Kind(
        "undefined symbol: ",
        Pattern(r"(?<!\S)(?P<file>\S*): undefined symbol: (?P<symbol>[\w@.]+)"),
        _undefined_symbol,
    ),
    _Kind(
        "' not found (required by ",
        Pattern(
            r"(?P<library>lib[\w+.-]{1,200}): version `(?P<version>(?:GLIBC|GLIBCXX|CXXABI)_[\d.]+)' not found "
            r"\(required by (?P<by>[^)\n]+)\)"
        ),
        _old_system,
    ),
    _Kind(
        "Fatal Python error: ",
        Pattern(r"Fatal Python error: (?P<what>Segmentation fault|Illegal instruction|Bus error|Aborted)"),
        _crash,
        frames_of_crash,
    ),
    _Kind("wrong ELF class", Pattern(r"[^\n]*wrong ELF class"), _other_processor),
    _Kind("invalid ELF header", Pattern(r"[^\n]*invalid ELF header"), _other_processor),
    _Kind("incompatible architecture", Pattern(r"[^\n]*incompatible architecture[^\n]*"), _other_processor),
    _Kind(
        "cannot open shared object file",
        Pattern(r"(?<![\w+.-])(?P<soname>[\w+.-]+): cannot open shared object file"),
        _missing_library,
    ),
    *(_Kind(text, Pattern(re.escape(text)), _missing_by_other_name) for text in BY_OTHER_NAMES),
    _Kind(
        "ImportError: cannot import name ",
        Pattern(
            rf"cannot import name '?(?P<name>\w+)'? from (?:partially initialized module )?'?(?P<module>{_DOTTED})'?"
            r"(?P<path>[^\n]*)"
        ),
        _cannot_import_name,
    ),
    _Kind(
        "AttributeError: module ",
        Pattern(rf"AttributeError: module '(?P<module>{_DOTTED})' has no attribute '(?P<name>\w+)'"),
        _no_attribute,
    ),
    _Kind(
        " was removed in the NumPy 2.0 release",
        Pattern(r"`np\.(?P<name>\w+)` was removed in the NumPy 2\.0 release"),
        _numpy_2_removed,
    ),
    _Kind(
        "Descriptors cannot be created directly",
        Pattern(r"Descriptors cannot be created directly"),
        _old_protobuf_code,
    ),
    _Kind(
        "ModuleNotFoundError: No module named ",
        Pattern(rf"ModuleNotFoundError: No module named '?(?P<module>{_DOTTED})'?"),
        _no_module,
    ),
)
register(*(kind.anchor for kind in _KINDS))
RECOGNISERS: tuple[Recogniser, ...] = (recognise_imports,)
