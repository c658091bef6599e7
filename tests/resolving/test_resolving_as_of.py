"""The day as of which to build: how it is written, and what a plan that is held to it becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from harness.builds.days import read_day
from harness.builds.model import BuildPlan
from harness.errors import HarnessError
from harness.resolving import Resolution, ResolvedPackage
from harness.resolving.as_of import held_to
from harness.resolving.model import SourcePackage
from harness.settings import Settings

MakePlan = Callable[..., BuildPlan]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2024-02-29", datetime(2024, 3, 1, tzinfo=UTC), id="to the end of the day"),
        pytest.param("2024-02-29T10:30", datetime(2024, 2, 29, 10, 30, tzinfo=UTC), id="UTC"),
        pytest.param("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC), id="midnight"),
        pytest.param(
            "2024-02-29T10:30+02:00", datetime(2024, 2, 29, 10, 30, tzinfo=timezone(timedelta(hours=2))), id="zone"
        ),
    ],
)
def test_a_day_or_a_moment_is_read(text: str, moment: datetime) -> None:
    assert read_day(text) == moment
    assert Settings(as_of=text).build_options.as_of == moment  # type: ignore[arg-type]  # as a caller writes it


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "01.03.2024"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(HarnessError, match="is no date"):
        read_day(text)


def chosen(name: str, version: str) -> ResolvedPackage:
    return ResolvedPackage(package_name=name, version=version, is_declared=False, line_numbers=(1,))


def test_a_plan_is_held_to_the_versions_that_were_found_but_for_the_base_packages_that_stay(
    make_plan: MakePlan,
) -> None:
    plan = make_plan("requests\n", base="six==1.17.0\nidna==3.3\n", constraints="idna<4\n")
    resolution = Resolution(
        packages=(chosen("idna", "3.1"), chosen("requests", "2.27.1"), chosen("six", "1.17")),
        needs_building=(
            SourcePackage(package_name="docopt", version="0.6.2"),
            SourcePackage(package_name="of-a-dependency"),
        ),
    )
    held = held_to(plan, resolution)
    assert held.constraints == ("docopt==0.6.2", "idna<4", "idna==3.1", "requests==2.27.1")
    assert held.requirements == plan.requirements
    assert held.digest != plan.digest
    assert held.digest == held_to(plan, resolution).digest
