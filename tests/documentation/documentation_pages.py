"""The documentation as the tests read it: pages, and the blocks of each in order.

What a block means, in a page's source:

```console                        commands behind `$ `, continued behind `> `, and the output that they show
```console title="In a second terminal"
                                  a command that stays on until the page ends, such as a server; a later block of that
                                  title without a command has what it shows next
```python                         a program, run
```LANGUAGE title="PATH"          a file of that content
```diff title="PATH"              a change to that file
<!-- before: COMMAND -->          what a reader has done already: run, and not shown
<!-- needs: docker -->            the page's commands have a Docker engine; without it they see none
<!-- from: CASE/LOG -->           the next block quotes a recorded log of tests/builds/logs
<!-- not run: REASON -->          the next block cannot be run in a test
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

CHECKOUT = Path(__file__).parents[2]
SECOND_TERMINAL = "In a second terminal"
# Without a title such a block only shows something.
SHOWN = ("text", "json", "yaml", "toml", "ini", "xml", "diff", "css", "html", "makefile", "docker", "markdown")
_COMMENT = re.compile(r"<!-- (before|needs|from|not run): (.+?) -->", re.DOTALL)
_FENCE = re.compile(r"^\s*(```|~~~)", re.MULTILINE)
_INFO = re.compile(r"(?P<language>[\w-]*)\s*(?P<options>.*)")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, with the lines that are shown below it. line: where it stands in its page, from 1."""

    text: str
    shown: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. title: of a file its path. not_run: why it cannot be run. quotes: the log that it is from."""

    language: str
    text: str
    line: int
    title: str | None = None
    not_run: str | None = None
    quotes: str | None = None

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(_commands(self.text, self.line + 1))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the documentation: what is run before it, its blocks, and the code spans of its sentences.

    faults: what is written in a way that no test would see.
    """

    name: str
    before: tuple[str, ...]
    needs_docker: bool
    blocks: tuple[Block, ...]
    spans: tuple[tuple[int, str], ...]
    faults: tuple[str, ...]


def files() -> list[Path]:
    """Return every page that has commands for a reader."""
    found = [CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*found, *sorted(CHECKOUT.glob("docs/**/*.md")), *sorted(CHECKOUT.glob("sample_tasks/**/README.md"))]


def read_page(file: Path) -> Page:
    """Return the page in a file."""
    return parse_page(file.relative_to(CHECKOUT).as_posix(), file.read_text(encoding="utf-8"))


def parse_page(name: str, text: str) -> Page:
    """Return the page of that text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL))
    before: list[str] = []
    blocks: list[Block] = []
    faults: list[str] = []
    notes: dict[str, str] = {}
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            for kind, words in _COMMENT.findall(token.content):
                if kind == "before":
                    before.append(words)
                else:
                    notes[kind] = " ".join(words.split())
        elif token.type == "fence":
            block = _block(token, line, notes)
            notes = {kind: words for kind, words in notes.items() if kind == "needs"}
            blocks.append(block)
            faults += (f"{name}:{line}: {fault}" for fault in _faults(block))
        elif token.type == "code_block" or (token.type == "inline" and _FENCE.search(token.content)):
            faults.append(f"{name}:{line}: a block that is only indented; fence it: ```console, or ```text")
    faults += (f"{name}: nothing follows <!-- {kind}: … -->" for kind in notes if kind != "needs")
    return Page(
        name, tuple(before), notes.get("needs") == "docker", tuple(blocks), tuple(_spans(tokens)), tuple(faults)
    )


def _block(token: Token, line: int, notes: dict[str, str]) -> Block:
    info = _INFO.fullmatch(token.info.strip())
    assert info is not None
    title = _TITLE.search(info["options"])
    return Block(
        info["language"], token.content, line, title[1] if title else None, notes.get("not run"), notes.get("from")
    )


def _faults(block: Block) -> Iterator[str]:
    """Yield what keeps a block from being tested."""
    if block.language == "console":
        if not block.commands and block.title != SECOND_TERMINAL:
            yield "a console block without a command; begin each with `$ `"
        if block.title not in (None, SECOND_TERMINAL):
            yield f'the title of a console block can only be "{SECOND_TERMINAL}"'
    elif block.not_run:
        yield "only a console block can be one that is not run"
    elif block.language != "python" and block.title is None:
        if block.language not in SHOWN:
            yield f"```{block.language} is not run; write ```console and `$ ` before commands, or ```text"
        elif block.language == "diff":
            yield 'a diff needs the path of its file: title="PATH"'
        elif block.language == "text" and re.search(r"^\$ ", block.text, re.MULTILINE):
            yield "commands in ```text are not run; write ```console"


def _commands(text: str, first_line: int) -> Iterator[Command]:
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in pairwise([*starts, len(lines)]):
        continued = start + 1
        while continued < end and lines[continued].startswith("> "):
            continued += 1
        command = "\n".join(line[2:] for line in lines[start:continued])
        yield Command(command, tuple(lines[continued:end]), first_line + start)


def _spans(tokens: list[Token]) -> Iterator[tuple[int, str]]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "code_inline":
                yield (token.map[0] + 1 if token.map else 0), child.content
