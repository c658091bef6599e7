"""Regular expressions of the diagnosis are compiled late; here all of them are."""

from __future__ import annotations

import gc

from harness.builds.diagnosis import diagnose
from harness.builds.diagnosis.patterns import Pattern


def test_every_expression_of_the_diagnosis_is_valid() -> None:
    assert callable(diagnose)
    patterns = [one for one in gc.get_objects() if isinstance(one, Pattern)]
    assert len(patterns) > 300
    assert all(pattern.compiled.pattern == pattern.pattern for pattern in patterns)


def test_a_pattern_finds_what_an_expression_finds() -> None:
    number = Pattern(r"(\d)-")
    found = number.search("a1-b2-")
    assert found is not None
    assert found.span() == (1, 3)
    assert number.match("a1-") is None
    assert number.fullmatch("1-") is not None
    assert number.findall("a1-b2-") == ["1", "2"]
    assert [match.start() for match in number.finditer("a1-b2-", 2)] == [4]
    assert number.sub("x", "a1-b2-", count=1) == "axb2-"
    assert number.split("a1-b", maxsplit=1) == ["a", "1", "b"]
