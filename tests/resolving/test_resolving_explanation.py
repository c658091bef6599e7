"""uv's proofs read: in the words of several versions, recorded, and whatever else it may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.resolving.explanation import read_conflict, without_wheels

WORDS = Path(__file__).parent / "uv_words"


@pytest.mark.parametrize("file", ["tree-of-uv-0.11.txt", "paragraphs-of-uv-0.13.txt"])
def test_the_words_of_several_versions_are_understood(file: str) -> None:
    conflict = read_conflict((WORDS / file).read_text(), {"tensorflow": (1,), "jax": (2,), "numpy": (7,)})
    assert conflict.packages == ("jax", "numpy", "tensorflow")
    assert conflict.line_numbers == (1, 2)
    assert len(conflict.explanation) > 2
    assert "tensorflow==2.12.0 depends on numpy>=1.22,<1.24" in " ".join(conflict.explanation)
    assert conflict.explanation[-1].endswith("we can conclude that your requirements are unsatisfiable.")
    assert without_wheels((WORDS / file).read_text()) == ()


@given(st.text(), st.sampled_from(["Because ", "you require ", " depends on ", "[", "\n  cause: ", "=="]))
def test_whatever_uv_says_is_read(text: str, part: str) -> None:
    conflict = read_conflict(text + part + text, {"six": (1,)})
    assert set(conflict.line_numbers) <= {1}
