"""Build what was on the package index on some day: "it worked last month"."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from harness.builds.diagnosis import diagnose_build
from harness.builds.log import frame_log
from harness.builds.model import BuildPlan, BuildResult
from harness.progress import Progress
from harness.records import BuildStatus
from harness.resolving.model import Resolution
from harness.resolving.resolve import base_pins, resolve
from harness.resolving.versions import same_version


def build_as_of(
    plan: BuildPlan, build: Callable[[BuildPlan, Progress], BuildResult], progress: Progress
) -> BuildResult:
    """Build the plan, held to what its option `as_of` allows; without one, just build it.

    Where nothing on the index fits, that is a failed build with uv's explanation as its log.
    """
    moment = plan.options.as_of
    if moment is None:
        return build(plan, progress)
    started = datetime.now(UTC)
    progress.step(f"resolving as of {moment.isoformat()}")
    resolution = resolve(plan, as_of=moment)
    failed = unresolvable(plan, resolution, started, f"Resolving as of {moment.isoformat()}")
    if failed is not None:
        for line in failed.log.splitlines()[1:-1]:
            progress.build_line(line)
        return failed
    notes = (*resolution.notes, *_left_open(resolution))
    for note in notes:
        progress.note(note)
    result = build(held_to(plan, resolution), progress)
    differs = f"Built as of {moment.isoformat()}: the platform installs what is there when it builds."
    return replace(result, notes=(*result.notes, differs, *notes))


def unresolvable(plan: BuildPlan, resolution: Resolution, started: datetime, heading: str) -> BuildResult | None:
    """Return the failed build that a conflict foretells, None where there is no conflict.

    Its log is in uv's own form, so that the diagnosis reads it as it reads uv's logs.
    """
    if resolution.conflict is None:
        return None
    ended = datetime.now(UTC)
    first, *others = resolution.conflict.explanation
    lines = [heading, "error: No solution found when resolving dependencies", f"  cause: {first}"]
    lines += [*(f"         {sentence}" for sentence in others), "", *resolution.notes]
    return BuildResult(
        BuildStatus.FAILED,
        started,
        ended,
        frame_log(lines, started, ended, "failed with exit code 1"),
        exit_code=1,
        diagnosis=diagnose_build(plan, lines, 1),
        notes=resolution.notes,
        installer="uv",
    )


def held_to(plan: BuildPlan, resolution: Resolution) -> BuildPlan:
    """Return the plan with the resolution's versions as constraints; its digest covers them: pure.

    What the base environment has stays out of them where it stays: its layer is another day's, and as it is.
    """
    base = base_pins(plan)
    sources = [(one.package_name, one.version) for one in resolution.needs_building if one.version is not None]
    chosen = [*((one.package_name, one.version) for one in resolution.packages), *sources]
    stays = {name for name, version in chosen if name in base and same_version(base[name], version)}
    pins = [f"{name}=={version}" for name, version in chosen if name not in stays]
    constraints = tuple(sorted({*plan.constraints, *pins}))
    digest = hashlib.sha256(json.dumps([plan.digest, constraints]).encode()).hexdigest()
    return replace(plan, constraints=constraints, digest=digest)


def _left_open(resolution: Resolution) -> list[str]:
    names = ", ".join(package.package_name for package in resolution.needs_building)
    sentence = f"{names} is built from source: what that needs in turn is not held to the day."
    return [sentence] if names else []
