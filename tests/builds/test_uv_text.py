"""uv's error reports become whole sentences, whatever the width, the signs and the release."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.uv_text import uv_reports, uv_sentences

DRAWN = """\
Using Python 3.11.7 environment at /build/venv
  \u00d7 Failed to download and build `tool==1.0`
  ├─▶ Build backend failed to
  │   determine metadata
  ╰─▶ Because tool==1.0
      depends on one of:
          core<1
          core>2

      and you require core==1.5, we can
      conclude that your requirements are unsatisfiable.

      hint: Try again
"""
PLAIN = DRAWN.replace("\u00d7", "x").replace("├─▶", "|->").replace("╰─▶", "`->").replace("│", "|")
SENTENCES = [
    "Failed to download and build `tool==1.0`",
    "Build backend failed to determine metadata",
    (
        "Because tool==1.0 depends on one of: core<1 core>2  and you require core==1.5, we can conclude that your "
        "requirements are unsatisfiable."
    ),
    "Try again",
]


@pytest.mark.parametrize("text", [DRAWN, PLAIN], ids=["signs", "plain letters"])
def test_a_drawn_report_is_read_branch_by_branch(text: str) -> None:
    log = BuildLog.of(text)
    told = list(uv_sentences(log))
    assert [" ".join(sentence.split()) for _, sentence in told] == [" ".join(one.split()) for one in SENTENCES]
    assert all(log.text[position:].lstrip()[:1] in "\u00d7x├╰|`h" for position, _ in told)


def test_newer_releases_write_causes() -> None:
    text = """\
        error: No solution found when resolving dependencies
          cause: Because tool==1.0 depends on core<1
                 and you require core==1.5, we can conclude that your requirements are unsatisfiable.
        warning: something else
        """
    assert [sentence for _, sentence in uv_sentences(BuildLog.of(textwrap.dedent(text)))] == [
        "No solution found when resolving dependencies",
        (
            "Because tool==1.0 depends on core<1 and you require core==1.5, we can conclude that your requirements are "
            "unsatisfiable."
        ),
    ]


def test_each_report_is_one() -> None:
    text = "error: First\n  Caused by: one\nsomething between\nerror: Second\n  cause: two\n"
    reports = [[sentence for _, sentence in report] for report in uv_reports(BuildLog.of(text))]
    assert reports == [["First", "one"], ["Second", "two"]]


def test_what_stands_behind_a_report_is_no_part_of_it() -> None:
    text = (
        "  \u00d7 No solution found\n  ╰─▶ Because a depends on b.\n      They are unsatisfiable.\nThe command failed\n"
    )
    assert [sentence for _, sentence in uv_sentences(BuildLog.of(text))] == [
        "No solution found",
        "Because a depends on b. They are unsatisfiable.",
    ]


@given(
    st.lists(st.sampled_from(["  \u00d7 ", "error: ", "  ╰─▶ ", "  │ ", "Because ", "\n", "  ", "x No", "a"])).map(
        "".join
    )
)
def test_no_text_raises(text: str) -> None:
    log = BuildLog.of(text)
    assert all(0 <= position <= len(log.text) for position, _ in uv_sentences(log))
