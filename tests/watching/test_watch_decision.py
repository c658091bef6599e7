"""What a change asks for, how changes read, and when a save may end a round."""

from __future__ import annotations

import pytest

from harness.progress import Silent
from harness.watching import Change, Part, Round, Work, what_to_do
from harness.watching.decision import in_words


@pytest.mark.parametrize(
    ("part", "work"),
    [
        pytest.param(Part.CODE, Work(builds=False, reads_data=False), id="custom.py"),
        pytest.param(Part.REQUIREMENTS, Work(builds=True, reads_data=True), id="requirements.txt"),
        pytest.param(Part.METADATA, Work(builds=True, reads_data=True), id="model-metadata.yaml"),
        pytest.param(Part.DATA, Work(builds=False, reads_data=True), id="data"),
        pytest.param(Part.PARAMETERS, Work(builds=False, reads_data=False), id="parameters"),
        pytest.param(Part.SECRETS, Work(builds=False, reads_data=False), id="secrets"),
        pytest.param(Part.ENVIRONMENT, Work(builds=True, reads_data=True), id="environment"),
    ],
)
def test_only_what_a_change_can_alter_is_done_again(part: Part, work: Work) -> None:
    assert what_to_do([Change("some file", part, "changed")]) == work


def test_several_changes_ask_for_the_sum_of_their_work() -> None:
    code, data = Change("custom.py", Part.CODE, "changed"), Change("data.csv", Part.DATA, "changed")
    assert what_to_do([code, data]) == Work(builds=False, reads_data=True)
    assert what_to_do([]) == Work(builds=False, reads_data=False)


def test_changes_read_as_one_short_line() -> None:
    changes = tuple(Change(name, Part.CODE, "added") for name in ("a.py", "b.py", "c.py", "d.py", "e.py"))
    assert in_words(changes[:1]) == "a.py added"
    assert in_words(changes) == "a.py added, b.py added, c.py added and 2 more"


def test_a_save_ends_a_round_at_once() -> None:
    under_way = Round()
    under_way.end(spare_build=True)
    assert under_way.cancellation.requested


def test_an_installer_at_work_is_left_to_finish_what_the_next_round_needs() -> None:
    under_way = Round()
    progress = under_way.following(Silent())
    progress.step("dependency build")
    progress.build_line("Downloading a large package")
    under_way.end(spare_build=True)
    assert not under_way.cancellation.requested
    progress.step("fit")
    assert under_way.cancellation.requested


def test_an_installer_at_work_on_what_is_no_longer_wanted_is_ended() -> None:
    under_way = Round()
    under_way.following(Silent()).build_line("Downloading a large package")
    under_way.end(spare_build=False)
    assert under_way.cancellation.requested
