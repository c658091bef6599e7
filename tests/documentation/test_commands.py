"""Every command of the documentation is run, or is known not to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_words import harness_commands, refusal_of
from documentation_pages import Page, files, read_page
from documentation_sessions import open_session

PAGES = [read_page(file) for file in files()]
# Page -> how the blocks begin that no test can run; why not is said there.
NOT_RUN = {
    "CONTRIBUTING.md": ["make install"],
    "README.md": ["make demo", "pip install task-harness"],
    "docs/explanation/docker.md": ["docker run --rm -p 8080:8080"],
    "docs/how-to/docker-setup.md": [
        "make engine",
        "tools/make_base_image",
        "harness shell sample_tasks/regression_row_weights",
    ],
    "docs/how-to/postgresql.md": ["pip install 'task-harness[postgres]'"],
    "docs/how-to/private-index.md": ["PIP_CONFIG_FILE=pip.conf harness build my_task"],
    "docs/how-to/proxy-and-certificates.md": ["export HTTPS_PROXY="],
    "docs/how-to/serve.md": ["export DATAROBOT_ENDPOINT="],
    "docs/reference/diagnosis.md": ["python tools/record_build_logs.py CASE"],
    "docs/tutorial/first-task.md": ["pip install task-harness"],
}


def runs_something(page: Page) -> bool:
    return any(block.not_run is None and block.language in ("console", "python", "diff") for block in page.blocks)


def by_name(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", [*filter(runs_something, PAGES)], ids=by_name)
def test_the_commands_of_a_page_do_what_it_says(page: Page, tmp_path: Path) -> None:
    with open_session(page, tmp_path) as session:
        session.play()


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_page_has_no_block_that_no_test_sees(page: Page) -> None:
    assert list(page.faults) == []


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_what_is_not_run_is_at_least_known_to_the_command_line(page: Page) -> None:
    blocks = [block for block in page.blocks if block.not_run]
    refused = [
        f"{page.name}:{command.line}: {refusal}"
        for block in blocks
        for command in block.commands
        for arguments in harness_commands(command.text)
        if (refusal := refusal_of(arguments))
    ]
    assert refused == []


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_the_sentences_of_a_page_name_commands_and_options_that_exist(page: Page) -> None:
    refused = [
        f"{page.name}:{line}: `{span}`: {refusal}"
        for line, span in page.spans
        if span.startswith("harness ")
        for arguments in harness_commands(span)
        if (refusal := refusal_of(arguments, has_placeholders=True))
    ]
    assert refused == []


def test_few_commands_are_not_run() -> None:
    found = [(page.name, block.commands[0].text) for page in PAGES for block in page.blocks if block.not_run]
    listed = [(page.name, begins) for page in PAGES for begins in NOT_RUN.get(page.name, ())]
    assert [name for name, _ in found] == [name for name, _ in listed]
    assert [text for (_, text), (_, begins) in zip(found, listed, strict=True) if not text.startswith(begins)] == []
    assert len(listed) <= 14
