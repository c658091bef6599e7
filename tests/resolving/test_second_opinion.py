"""What uv says of plans that pip could not install, and which single change would help."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.builds.model import BuildPlan
from harness.requirements import parse_requirements
from harness.resolving import relaxations, second_opinion

MakePlan = Callable[..., BuildPlan]
CONFLICT = "requests==2.27.1  # web\nsix\nurllib3==2.0.7\n"


def test_uv_agrees_and_names_the_lines_and_what_they_need(make_plan: MakePlan) -> None:
    opinion = second_opinion(make_plan(CONFLICT))
    assert (opinion.resolvable, opinion.differs, opinion.line_numbers) == (False, False, (1, 3))
    assert opinion.sentences == (
        "uv agrees: line 1 (requests==2.27.1) and line 3 (urllib3==2.0.7) exclude each other.",
        "requests==2.27.1 depends on urllib3>=1.21.1,<1.27.",
    )


def test_alternatives_and_markers_of_what_is_needed_are_told_whole(make_plan: MakePlan) -> None:
    opinion = second_opinion(make_plan("transformers==4.30.0\ntokenizers>=0.15\n"))
    assert opinion.sentences[1] == (
        "transformers==4.30.0 depends on one of: tokenizers>=0.11.1,<0.11.3, tokenizers>0.11.3,<0.14."
    )
    opinion = second_opinion(make_plan("pandas==2.3.3\nnumpy<1.20\n"))
    assert opinion.sentences[1] == "pandas==2.3.3 depends on numpy>=1.23.2."


def test_uv_agrees_that_there_is_no_such_version(make_plan: MakePlan) -> None:
    opinion = second_opinion(make_plan("six\niniconfig==99.1\n"))
    assert str(opinion) == (
        "uv agrees: line 2 (iniconfig==99.1) cannot be satisfied. There is no version of iniconfig==99.1."
    )


def test_uv_agrees_that_a_line_is_against_the_base_environment(make_plan: MakePlan) -> None:
    opinion = second_opinion(make_plan("six>=1.17\n", base="", constraints="six==1.16.0\n"))
    assert opinion.sentences[0] == (
        "uv agrees: line 1 (six>=1.17) and the base environment's constraint six==1.16.0 exclude each other."
    )


def test_uv_differs_and_says_what_it_would_take(make_plan: MakePlan) -> None:
    opinion = second_opinion(make_plan("six==1.16.0\niniconfig==2.0.0\n"))
    assert opinion.differs
    assert "pip and uv differ" in opinion.sentences[0]
    assert "iniconfig==2.0.0, six==1.16.0" in opinion.sentences[1]


def test_uv_cannot_tell_what_would_have_to_be_built(make_plan: MakePlan) -> None:
    opinion = second_opinion(make_plan("six\ndocopt==0.6.2\n"))
    assert (opinion.resolvable, opinion.line_numbers) == (None, (2,))
    assert "docopt" in str(opinion)


def test_no_answer_is_an_opinion_as_well(make_plan: MakePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
    for name, value in (("UV_DEFAULT_INDEX", address), ("UV_INDEX", address), ("UV_HTTP_RETRIES", "0")):
        monkeypatch.setenv(name, value)
    opinion = second_opinion(make_plan("six\n"))
    assert opinion.resolvable is None
    assert str(opinion).startswith("uv could not be asked: the package index cannot be reached")


def test_single_changes_that_resolve_a_conflict(make_plan: MakePlan, tmp_path: Path) -> None:
    found = relaxations(make_plan(CONFLICT), ["requests", "urllib3"])
    changes = {one.line_number: one for one in found}
    assert sorted(changes) == [1, 3]
    assert (changes[3].before, changes[3].replacement) == ("urllib3==2.0.7", "urllib3==1.26.20")
    assert changes[1].replacement == f"requests=={changes[1].version}"
    for change in found:
        file = tmp_path / f"changed-{change.line_number}.txt"
        file.write_text(change.replacement + "\n")
        assert parse_requirements(file).refused == ()


@pytest.mark.parametrize(
    ("requirements", "package", "replacement"),
    [
        pytest.param("requests==2.27.1\nurllib3>=2\n", "urllib3", "urllib3>=1.26.20", id="lower bound"),
        pytest.param("python-dateutil==2.8.2\nsix<1.5\n", "six", "six<=1.17.0", id="upper bound, the base's version"),
        pytest.param(
            "requests==2.27.1\nurllib3[socks]==2.0.7 ; python_version >= '3'\n",
            "urllib3",
            'urllib3[socks]==1.26.20 ; python_version >= "3"',
            id="extras and marker stay",
        ),
        pytest.param("six==1.16.0\nsix==1.15.0\n", "six", "six==1.15.0", id="two lines of a package"),
    ],
)
def test_only_the_bound_that_is_in_the_way_moves(
    requirements: str, package: str, replacement: str, make_plan: MakePlan
) -> None:
    assert relaxations(make_plan(requirements), [package])[0].replacement == replacement


def test_lines_with_hashes_and_other_packages_stay(make_plan: MakePlan) -> None:
    hashed = f"six==1.16.0 --hash=sha256:{'0' * 64}\nsix==1.15.0 --hash=sha256:{'0' * 64}\n"
    assert relaxations(make_plan(hashed), ["six"]) == ()
    assert relaxations(make_plan(CONFLICT), ["six", "iniconfig"]) == ()
    assert relaxations(make_plan(CONFLICT), ["requests", "urllib3"], budget_seconds=0) == ()
