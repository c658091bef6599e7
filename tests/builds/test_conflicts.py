"""Conflicts in words that no installer of the recorded logs says, or that only part of a log shows."""

from __future__ import annotations

import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.builds.diagnosis.recognisers.conflicts import resolvers_report
from harness.builds.diagnosis.recognisers.conflicts.lines_of_one_package import conflicting_urls, merged_lines
from harness.builds.model import Diagnosis
from harness.requirements import Requirements, parse_requirements


def explained(log: str, requirements: str = "", constraints: str = "", exit_code: int | None = 1) -> Diagnosis:
    return diagnose(BuildLog.of(textwrap.dedent(log)), Facts(lines(requirements), lines(constraints), exit_code))


def lines(text: str) -> Declared:
    return Declared.of(parse(text)) if text else Declared()


def parse(text: str) -> Requirements:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text(text, encoding="utf-8")
        return parse_requirements(file)


PIP = """\
    ERROR: Cannot install {roots} because these package versions have conflicting dependencies.

    The conflict is caused by:
    {causes}

    To fix this you could try to:
    1. loosen the range of package versions you've specified
    2. remove package versions to allow pip attempt to solve the dependency conflict

    ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/user_guide/
    """


def pips(roots: str, *causes: str) -> str:
    return textwrap.dedent(PIP).format(roots=roots, causes="\n".join(f"    {cause}" for cause in causes))


UV = """
      \u00d7 No solution found when resolving dependencies:
      ╰─▶ {text}
    """


@pytest.mark.parametrize(
    ("text", "category", "package"),
    [
        pytest.param(
            "Because flask==3.0.2 depends on click>=8.1.3 and you require click==7.0.0, we can conclude that "
            "your requirements and flask==3.0.2 are incompatible.\n          And because you require flask==3.0.2, we "
            "can conclude that the requirements are unsatisfiable.",
            "conflicting_lines",
            "flask",
            id="your requirements and a package are incompatible",
        ),
        pytest.param(
            "Because you require tool==1 and you require tool>=1.2, we can conclude that the requirements are\n"
            "          unsatisfiable.",
            "duplicate_requirement",
            "tool",
            id="you require twice",
        ),
        pytest.param(
            "my-project cannot be used because there are conflicting versions for\n          `tool`: `tool==5.0b1` "
            "does not intersect with `tool==5.0a1`",
            "duplicate_requirement",
            "tool",
            id="does not intersect",
        ),
        pytest.param(
            "Because my-project depends on tool==5.0b1 and my-project depends on\n          tool==5.0a1, we can "
            "conclude that the requirements are unsatisfiable.",
            "duplicate_requirement",
            "tool",
            id="a project depends twice",
        ),
        pytest.param(
            "Because your project depends on array{python_full_version >= '3.13'}==1.26.4 and graph==1.20.0, and "
            "graph[all]==1.20.0 depends on any of:\n              array>=2.1,<2.2\n              array>2.2\n          "
            "we can conclude that your project's requirements are unsatisfiable.",
            "conflicting_lines",
            "graph",
            id="any of several ranges",
        ),
        pytest.param(
            "Because all versions of graph depend on core<2 and plot==1.0 depends on core>=2, we can conclude that\n"
            "          plot==1.0 and all versions of graph are incompatible.\n          And because you require graph "
            "and plot==1.0, we can conclude that your requirements are unsatisfiable.",
            "transitive_conflict",
            "graph",
            id="all versions of a package",
        ),
    ],
)
def test_older_words_of_uv(text: str, category: str, package: str) -> None:
    diagnosis = explained(UV.format(text=text))
    assert (diagnosis.category, diagnosis.package_name) == (category, package)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            """Because there is no version of tool==9.9 and you require tool==9.9, we can conclude that your
          requirements are unsatisfiable.""",
            id="no such version",
        ),
        pytest.param(
            """Because the current Python version (3.8.1) does not satisfy Python>=3.9 and graph==2 depends on
          Python>=3.9, we can conclude that graph==2 cannot be used.
          And because you require graph==2, we can conclude that your requirements are unsatisfiable.""",
            id="another Python",
        ),
        pytest.param(
            """Because only graph==1.0 is available and graph==1.0 depends on tool>=9, we can conclude that all
          versions of graph depend on tool>=9.
          And because only tool<=8 is available and you require graph, we can conclude that your requirements are
          unsatisfiable.""",
            id="no such version of a dependency",
        ),
    ],
)
def test_what_is_missing_is_no_conflict(text: str) -> None:
    report = BuildLog.of(textwrap.dedent(UV.format(text=text)))
    assert resolvers_report(report, Facts(Declared(), Declared(), 1)) == ()


def test_a_report_without_its_drawing_and_indentation() -> None:
    log = """\
        x No solution found when resolving dependencies for split (markers: python_full_version >= '3.13'):
        `-> Because only the following versions of types are available:
        types<=0.5.0
        types==0.5.1
        and types>=0.5.0 depends on array{python_full_version >= '3.13'}>=2.1.0, we can conclude that
        types>=0.5.0 depends on array>=2.1.0.
        And because graph==1.20.0 depends on types>=0.5.0, we can conclude that graph==1.20.0 depends on array>=2.1.0.
        And because your project depends on array==1.26.4 and graph==1.20.0, we can conclude that your project's
        requirements are unsatisfiable.
        """
    diagnosis = explained(log)
    assert diagnosis.category == "conflicting_lines"
    assert diagnosis.summary == (
        "graph needs array>=2.1.0 (through types>=0.5.0), and another line asks for array==1.26.4."
    )


def test_the_line_that_the_log_names_where_no_requirements_are_known() -> None:
    log = pips(
        "-r requirements.txt (line 12) and client==2.9.1",
        "The user requested client==2.9.1",
        "graph 0.1.22 depends on client==2.5.0",
    )
    diagnosis = explained("Collecting client==2.9.1 (from -r requirements.txt (line 4))\n" + log, exit_code=None)
    assert (diagnosis.category, diagnosis.line_number) == ("conflicting_lines", 12)
    assert [(one.line_number, one.package_name) for one in diagnosis.related] == [(4, "client")]


def test_names_go_before_the_numbers_of_a_log() -> None:
    log = pips(
        "-r requirements.txt (line 1) and client<2",
        "The user requested client<2",
        "graph 3.0 depends on client>=2",
    )
    diagnosis = explained(log, "# sorted otherwise\nzeta\nclient<2\nGraph==3.0\n")
    assert diagnosis.line_number == 4
    assert [one.line_number for one in diagnosis.related] == [3]


def test_of_many_that_ask_those_two_are_told_that_exclude_each_other() -> None:
    log = pips(
        "-r requirements.txt (line 1), -r requirements.txt (line 2), -r requirements.txt (line 4) and array==1.19.2",
        "The user requested array==1.19.2",
        "cuda-array 7.1.1 depends on array>=1.9.0",
        "board 2.0 depends on array",
        "graph-gpu 1.15.4 depends on array<1.19.0 and >=1.16.0",
    )
    diagnosis = explained(log, "cuda-array==7.1.1\nboard==2.0\narray==1.19.2\ngraph-gpu==1.15.4\n")
    assert (diagnosis.line_number, [one.line_number for one in diagnosis.related]) == (4, [3])
    assert diagnosis.summary == (
        "graph-gpu 1.15.4 (line 4) needs array>=1.16.0,<1.19.0, and line 3 asks for array==1.19.2."
    )
    assert diagnosis.suggestion == (
        "Write array>=1.16.0,<1.19.0 in line 3, or ask for a later release of graph-gpu in line 4."
    )


def test_a_pin_of_the_base_environment_is_one_also_where_a_line_asks_for_the_package() -> None:
    log = pips("array<2", "The user requested array<2", "The user requested (constraint) array==2.2.6")
    diagnosis = explained(log, 'zeta\narray[fast]<2 ; python_version >= "3.8"\n')
    assert (diagnosis.category, diagnosis.line_number) == ("base_conflict", 2)
    assert [(one.line_number, one.package_name) for one in diagnosis.related] == [(None, "array")]
    assert diagnosis.replacement == 'array[fast]==2.2.6; python_version >= "3.8"'


def test_a_release_that_alone_is_missing_is_no_conflict() -> None:
    log = pips("graph==0.1 and graph==0.2", "graph 0.2 depends on array==1.23.4", "graph 0.1 depends on array==1.23.4")
    diagnosis = explained(log, "graph\n")
    assert (diagnosis.category, diagnosis.package_name, diagnosis.line_number) == ("no_such_version", "array", 1)


def test_tools_of_a_source_build_that_exclude_each_other_are_no_lines() -> None:
    inner = textwrap.indent(
        pips("tool==1 and tool==2", "The user requested tool==1", "The user requested tool==2"), 6 * " "
    )
    log = (
        "  error: subprocess-exited-with-error\n\n  \u00d7 pip subprocess to install build dependencies did not run "
        f"successfully.\n  ╰─> [12 lines of output]\n{inner}\n      [end of output]\n"
    )
    assert resolvers_report(BuildLog.of(log), Facts(Declared(), Declared(), 1)) == ()


def test_a_conflict_that_another_attempt_got_over_is_none() -> None:
    log = pips("tool==1 and tool==2", "The user requested tool==1", "The user requested tool==2")
    assert explained(f"{log}Successfully installed tool-2\n", exit_code=None).category == "none"


def test_lines_for_different_machines_are_not_two_of_one_package() -> None:
    log = "ERROR: Could not find a version that satisfies the requirement tool<2,>=2 (from versions: 1.0, 2.0)\n"
    found = merged_lines(
        BuildLog.of(log),
        Facts(lines('tool<2 ; python_version < "3.9"\ntool>=2 ; python_version >= "3.9"\n'), Declared(), 1),
    )
    assert found == ()


def test_one_package_from_two_places() -> None:
    log = (
        "error: Requirements contain conflicting URLs for package `tool`:\n"
        "- https://files.example/tool-1.0.zip\n- https://files.example/tool-2.0.zip\n"
    )
    requirements = "tool @ https://files.example/tool-1.0.zip\ntool @ https://files.example/tool-2.0.zip\n"
    found = conflicting_urls(BuildLog.of(log), Facts(lines(requirements), Declared(), 2))
    assert [(cause.category, cause.line_number) for cause in found] == [("duplicate_requirement", 2)]


def test_what_uv_pip_check_says() -> None:
    log = (
        "Checked 3 packages in 1ms\nFound 1 incompatibility\n"
        "The package `graph` requires `array<2`, but `2.1` is installed\n"
    )
    diagnosis = explained(log, "array==2.1\ngraph\n")
    assert (diagnosis.category, diagnosis.line_number) == ("conflicting_lines", 2)
    assert [one.line_number for one in diagnosis.related] == [1]


WORDS = st.sampled_from(
    [
        "ERROR: Cannot install ",
        "tool==1",
        "tool[a,b]<2 and >=1",
        " because these package versions have conflicting dependencies.",
        "\n\nThe conflict is caused by:\n",
        "    The user requested ",
        "(constraint) ",
        "    graph 1.0 depends on ",
        "-r requirements.txt (line 2)",
        " and ",
        ", ",
        "\n",
        "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because ",
        "And because ",
        "you require ",
        "graph==1 depends on ",
        "one of:\n      ",
        "we can conclude that ",
        "we know from (1) that ",
        "tool \u2205",
        "Double requirement given: ",
        " (already in ",
        ", name='tool')",
        "Could not find a version that satisfies the requirement tool==1,==2 (from versions: 1)",
        "graph 1 has requirement tool<2, but you have tool 3.\n",
        "The package `graph` requires `tool<2`, but `3` is installed\n",
        "conflicting versions for `tool`: `tool==1` does not intersect with `tool`",
        "Conflicting URLs for package `tool`:",
        "Cannot uninstall tool 1, RECORD file",
    ]
)
KNOWN = lines("tool==1\n-r other.txt\ngraph>=1\ntool==2\n"), lines("tool==3\nbase\n")


@given(st.lists(WORDS | st.text(max_size=6), max_size=30).map("".join), st.sampled_from([None, 0, 1]), st.booleans())
def test_no_log_raises(text: str, exit_code: int | None, known: bool) -> None:
    requirements, constraints = KNOWN if known else (Declared(), Declared())
    diagnose(BuildLog.of(text), Facts(requirements, constraints, exit_code))
