"""What the tests of the documentation see of a page, and what they refuse to pass over."""

from __future__ import annotations

import pytest
from cli_words import harness_commands, refusal_of
from documentation_pages import Command, parse_page
from documentation_sessions import is_shown

CONSOLE = "# T\n\n```console\n$ one \\\n> two\nshown\n\nmore\n$ three\n```\n"


def test_a_console_block_has_commands_with_what_they_show() -> None:
    (block,) = parse_page("page.md", CONSOLE).blocks
    assert block.commands == (Command("one \\\ntwo", ("shown", "", "more"), 4), Command("three", (), 9))


def test_comments_say_how_a_page_is_run() -> None:
    text = "<!-- needs: docker -->\n<!-- before: make it -->\n\n<!-- not run: far\naway -->\n\n" + CONSOLE + CONSOLE
    page = parse_page("page.md", text)
    assert (page.needs_docker, page.before) == (True, ("make it",))
    assert [block.not_run for block in page.blocks] == ["far away", None]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Do this:\n\n    harness validate task\n", id="only indented"),
        pytest.param("- Do this:\n\n      harness validate task\n", id="only indented in a list"),
        pytest.param("```sh\nharness validate task\n```\n", id="sh"),
        pytest.param("```\nharness validate task\n```\n", id="no language"),
        pytest.param("```text\n$ harness validate task\n```\n", id="commands in a text"),
        pytest.param("```console\nharness validate task\n```\n", id="console without a prompt"),
        pytest.param('```console title="task.sh"\n$ ls\n```\n', id="console as a file"),
        pytest.param("```diff\n-a\n+b\n```\n", id="a change to nothing"),
        pytest.param("!!! note\n    ```console\n    $ ls\n    ```\n", id="in an admonition"),
        pytest.param("<!-- not run: why -->\n\n```python\nx = 1\n```\n", id="a program that is not run"),
        pytest.param("<!-- not run: why -->\n\nNothing.\n", id="a comment without a block"),
    ],
)
def test_what_no_test_would_see_is_a_fault(text: str) -> None:
    assert len(parse_page("page.md", text).faults) == 1


@pytest.mark.parametrize(
    ("shown", "output", "right"),
    [
        pytest.param(["passed in 1.2 s"], "passed in 0.3 s\n", True, id="durations differ"),
        pytest.param(["a", "..."], "a\nb\nc\n", True, id="more lines"),
        pytest.param(["...", "c"], "a\nb\nc\n", True, id="lines before"),
        pytest.param(["a ... c"], "a b c\n", True, id="part of a line"),
        pytest.param(["a"], "a\nb\n", False, id="a line that is not shown"),
        pytest.param(["a", "b"], "a\n", False, id="a line that is not there"),
        pytest.param(["a (b)"], "a b\n", False, id="signs are no patterns"),
    ],
)
def test_what_a_page_shows_is_held_against_the_output(shown: list[str], output: str, *, right: bool) -> None:
    assert is_shown(shown, output) is right


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        pytest.param("harness validate task --backend venv && ls", False, id="known"),
        pytest.param("X=1 harness envs | head", False, id="in a pipe"),
        pytest.param("harness envs new name --from python3 --apt a b", False, id="several values"),
        pytest.param("harness validate task --colour red", True, id="no such option"),
        pytest.param("harness validat task", True, id="no such command"),
        pytest.param("harness validate", True, id="no task"),
        pytest.param("ls harness", False, id="not the command"),
    ],
)
def test_commands_are_held_against_the_command_line(command: str, *, refused: bool) -> None:
    refusals = [refusal_of(arguments) for arguments in harness_commands(command)]
    assert any(refusals) is refused
