"""Facts about packages as a person says them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.package_index import IndexFile, Release, Target, supports_python

INDEX = "the index of this machine"
THE_INDEX = "The index of this machine"


def quoted(name: str) -> str:
    return f"`{name}`"


def listed(words: Iterable[str], joint: str = "and") -> str:
    """Write words as a person lists them: `a`, `a and b`, `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} {joint} {last}" if first else last


def why_it_does_not_fit(package: str, release: Release, target: Target) -> str:
    """Say in one sentence what the release lacks to be installed from a wheel on the target; it has none."""
    named = f"{package} {release.version}"
    if release.yanked:
        return f"{named} was withdrawn by its authors{_because(release)}."
    standing = [file for file in release.files if not file.yanked]
    if not any(supports_python(file.requires_python, target) for file in standing):
        wanted = next(file.requires_python for file in standing if file.requires_python)
        return f"{named} requires Python {wanted}."
    wheels = [file for file in standing if file.is_wheel]
    if not wheels:
        return f"{named} has a source distribution and no wheels."
    rest = ", beside the source distribution" if release.has_sdist else ", and there is no source distribution"
    return f"{named} has no wheel for {target.described}: its wheels are for {_described(wheels, target)}{rest}."


def _because(release: Release) -> str:
    reason = (release.yanked_reason or "").strip().rstrip(".")
    return f": {reason[:1].lower()}{reason[1:]}" if reason else ""


def _described(wheels: Iterable[IndexFile], target: Target) -> str:
    tags = [tag for wheel in wheels for tag in wheel.tags or ()]
    versions = sorted({version for tag in tags if (version := _cpython(tag.interpreter))})
    # Few ask for another Python than CPython; it is told only where there is nothing else.
    pythons = _span(versions) if versions else listed(sorted({tag.interpreter for tag in tags}))
    platforms = sorted({_platform(tag.platform, target) for tag in tags})
    if "Linux" in platforms:
        platforms = [name for name in platforms if not name.startswith("Linux (")]
    return f"{pythons} on {listed(platforms)}"


def _cpython(interpreter: str) -> tuple[int, int] | None:
    """Return (3, 11) for `cp311`, None for the tags of other interpreters."""
    number = interpreter.removeprefix("cp")
    return (int(number[0]), int(number[1:])) if interpreter != number and number[1:].isdecimal() else None


def _span(versions: Sequence[tuple[int, int]]) -> str:
    first, last = (".".join(map(str, version)) for version in (versions[0], versions[-1]))
    return f"CPython {first}" if first == last else f"CPython {first} to {last}"


def _platform(tag: str, target: Target) -> str:
    for prefix, name in (
        ("macosx", "macOS"),
        ("win", "Windows"),
        ("musllinux", "Linux with musl"),
        ("any", "any platform"),
    ):
        if tag.startswith(prefix):
            return name
    machine = next((machine for machine in ("x86_64", "aarch64", "i686") if tag.endswith(machine)), target.machine)
    return "Linux" if machine == target.machine else f"Linux ({machine})"
