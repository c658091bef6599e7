"""Which sets of versions exclude each other, however a log writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.builds.diagnosis.recognisers.conflicts.versions import (
    ALL,
    Versions,
    are_the_same,
    exclude_each_other,
    lies_below,
)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("==2.1.1", "==2.2.0"),
        ("<2", ">=2"),
        ("<2.dev0", ">=2.0"),
        (">=1.21,<1.27", "==2.2.3"),
        ("~=1.4.2", ">=1.5"),
        ("==1.2.*", ">=1.3"),
        ("==1.0", "!=1.0"),
        (">=2,<1", ">=0"),
        ("==1!1.0", "<2024"),
        ("==2.0+cu118", "==2.1"),
        ("<=3.1.0", ">3.1"),
        (">=2.0rc1", "<2.0"),
    ],
)
def test_these_exclude_each_other(first: str, second: str) -> None:
    assert exclude_each_other(Versions((first,)), Versions((second,)))
    assert exclude_each_other(Versions((second,)), Versions((first,)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", "==1.0"),
        (">=1", "<2"),
        (">1.0", "<1.1"),
        ("!=1.5.7,>=1.5.6", "==1.5.6"),
        ("~=1.4", ">=1.5"),
        ("==2.*", "==2.3.1"),
        ("not a version", "==1.0"),
        ("==2.0", "==2.0.0"),
        (">=1!1", ">=5"),
    ],
)
def test_these_have_versions_in_common(first: str, second: str) -> None:
    assert not exclude_each_other(Versions((first,)), Versions((second,)))
    assert not exclude_each_other(Versions((second,)), Versions((first,)))


@given(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted),
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted),
)
def test_ranges_exclude_each_other_when_they_do_not_overlap(first: list[int], second: list[int]) -> None:
    one, other = (Versions((f">=1.{low},<1.{high}",)) for low, high in (first, second))
    assert exclude_each_other(one, other) == (max(first[0], second[0]) >= min(first[1], second[1]))


def test_one_alternative_is_enough() -> None:
    either = Versions((">=1.5.6,<1.5.7", ">1.5.7"))
    assert exclude_each_other(either, Versions(("==1.5.7",)))
    assert not exclude_each_other(either, Versions(("==1.7.1",)))


def test_no_alternative_excludes_everything() -> None:
    assert exclude_each_other(Versions(()), ALL)


def test_three_sets_may_exclude_each_other_where_no_two_do() -> None:
    assert exclude_each_other(Versions((">=1",)), Versions(("<2",)), Versions(("!=1.*",)))


def test_sets_are_compared_by_what_they_allow() -> None:
    assert are_the_same(Versions(("~=1.1.0",)), Versions((">=1.1.0,<1.2.dev0",)))
    assert are_the_same(Versions(("==1.0",)), Versions(("==1",)))
    assert not are_the_same(Versions((">=1",)), Versions((">1",)))


def test_older_sets_lie_below() -> None:
    assert lies_below(Versions(("<2",)), Versions((">=2.3",)))
    assert not lies_below(Versions((">=2.3",)), Versions(("<2",)))
    assert not lies_below(Versions((">=1",)), Versions(("<2",)))


def test_a_set_is_written_lower_bound_first() -> None:
    assert str(Versions(("<2.dev0,>=1.0",))) == ">=1.0,<2"
    assert str(Versions((">=1,<2", ">3"))) == ">=1,<2 or >3"
    assert str(ALL) == ""


@given(st.text(alphabet="0123456789.*<>=!~, abcdev+", max_size=30), st.text(max_size=20))
def test_no_text_raises(first: str, second: str) -> None:
    exclude_each_other(Versions((first,)), Versions((second,)))
