"""Resolve a plan's requirements as an installer would on top of the base environment, without building anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.utils import canonicalize_name

from harness.builds.model import BuildPlan
from harness.requirements import parse_requirements
from harness.resolving.declared_lines import lines_by_package
from harness.resolving.explanation import notes_on_yanked, read_conflict
from harness.resolving.model import Resolution, ResolvedPackage
from harness.resolving.sources import Sources, exactly_pinned
from harness.resolving.target import Target, target_of
from harness.resolving.upload_times import note_on, refuse_undated, undated_files
from harness.resolving.uv_compile import TIMEOUT_SECONDS, Answer, Pin, Question, asking
from harness.resolving.versions import same_version


def resolve(
    plan: BuildPlan,
    *,
    as_of: datetime | None = None,
    target: Target | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Resolution:
    """Return the set that an installer would choose for the plan's requirements, or why there is none.

    The base environment's pins are kept where nothing speaks against them, as pip leaves alone what is installed and
    fits. as_of: only what was uploaded before it; the base environment's packages are installed already and stay.
    Wheels alone are looked at (see uv_compile). Where an installer would take a source distribution, the rest is
    resolved without it. Raises HarnessError where uv has no answer: no network, or the time is over.
    """
    question = question_of(plan, as_of, target)
    if not question.requirements:
        return Resolution()
    with asking(question) as wheels, asking(replace(question, names_only=True, sources=True)) as names:
        found = _Found(plan, question, wheels.answer(timeout_seconds), names.answer(timeout_seconds))
    replaced = found.replaced_base_packages
    if as_of is not None and replaced:
        # A base package that does not stay is chosen as of that day as well.
        always = tuple(name for name in question.always if name not in replaced)
        question = replace(question, always=always)
        with asking(question) as wheels, asking(replace(question, names_only=True, sources=True)) as names:
            found = _Found(plan, question, wheels.answer(timeout_seconds), names.answer(timeout_seconds))
    return found.resolution(timeout_seconds)


def question_of(plan: BuildPlan, as_of: datetime | None = None, target: Target | None = None) -> Question:
    """Return the plan as a question: its own requirements on top of the base environment's pins."""
    pins = base_pins(plan)
    return Question(
        requirements=tuple(line.partition(" --hash")[0] for line in plan.requirements),
        target=target or target_of(plan.environment),
        constraints=tuple(line.partition(" --hash")[0] for line in plan.constraints),
        preferences=tuple(f"{name}=={version}" for name, version in pins.items()),
        as_of=as_of,
        always=tuple(pins) if as_of is not None else (),
    )


def base_pins(plan: BuildPlan) -> dict[str, str]:
    """Return the exact versions of the base environment, as written in its file: canonical name -> version."""
    file = plan.environment.requirements_file
    entries = parse_requirements(file).entries if file is not None and file.is_file() else ()
    return {
        canonicalize_name(entry.parsed.name): comparison.version
        for entry in entries
        if entry.parsed is not None
        for comparison in entry.parsed.specifier
        if comparison.operator == "==" and not comparison.version.endswith("*")
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """uv's two first answers.

    wheels: with all dependencies, from wheels alone. names: a version of each requirement, source distributions
    included, whatever it depends on.
    """

    plan: BuildPlan
    question: Question
    wheels: Answer
    names: Answer

    @property
    def replaced_base_packages(self) -> frozenset[str]:
        pins = base_pins(self.plan)
        found = {**self.names.pins, **self.wheels.pins}
        return frozenset(
            name for name, pin in found.items() if name in pins and not same_version(pin.version, pins[name])
        )

    def resolution(self, timeout_seconds: float) -> Resolution:
        lines = lines_by_package(self.plan)
        words = self.wheels.words + self.names.words
        undated = undated_files(words)
        notes = (*((note_on(undated),) if undated else ()), *notes_on_yanked(words))
        if not self.names.solved:
            # What the lines themselves ask for is not there; which files are wheels has no part in that.
            refuse_undated(self.names.words, undated)
            return Resolution(conflict=read_conflict(self.names.words, lines), notes=notes)
        sources = Sources(self.question, self.names.pins, exactly_pinned(self.plan), lines, timeout_seconds)
        answer, needs_building = sources.put_aside(self.wheels)
        if not answer.solved:
            refuse_undated(answer.words, undated)
            return Resolution(conflict=read_conflict(answer.words, lines), notes=notes)
        aside = {package.package_name for package in needs_building}
        packages = tuple(one for one in _packages(answer.pins, lines) if one.package_name not in aside)
        return Resolution(packages=packages, needs_building=needs_building, notes=notes)


def _packages(pins: Mapping[str, Pin], lines: Mapping[str, tuple[int, ...]]) -> tuple[ResolvedPackage, ...]:
    bringing = _bringing_lines(pins, lines)
    return tuple(
        ResolvedPackage(
            package_name=name,
            version=pin.version,
            is_declared=pin.is_declared,
            line_numbers=tuple(sorted(bringing[name])),
            via=pin.via,
        )
        for name, pin in sorted(pins.items())
    )


def _bringing_lines(pins: Mapping[str, Pin], lines: Mapping[str, tuple[int, ...]]) -> dict[str, set[int]]:
    """Return for each package the lines that bring it, directly or through others."""
    bringing = {name: set(lines.get(name, ())) for name in pins}
    changed = True
    while changed:
        changed = False
        for name, pin in pins.items():
            inherited = set().union(*(bringing.get(parent, set()) for parent in pin.via))
            if not inherited <= bringing[name]:
                bringing[name] |= inherited
                changed = True
    return bringing
