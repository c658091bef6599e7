"""A file's text as lines of markup. Pygments reads it and never runs it; what is large or no text is not shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from markupsafe import Markup, escape

# A larger file is for an editor: every line becomes a row of the page.
LARGEST_SHOWN_BYTES = 512 * 1024
MOST_LINES = 20_000
# Reading syntax takes longer than reading text.
LARGEST_COLOURED_BYTES = 128 * 1024
_LOOKED_AT_BYTES = 8 * 1024
# The languages of tasks. Others are shown as they are: not every lexer is quick on what it does not expect.
_LANGUAGES = {
    ".py": "python",
    ".r": "r",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".json": "json",
    ".md": "markdown",
    ".sh": "bash",
    ".ini": "ini",
    ".cfg": "ini",
    ".sql": "sql",
}
_LANGUAGES_BY_NAME = {"dockerfile": "docker", "makefile": "make"}


@dataclass(frozen=True, slots=True)
class ShownFile:
    """lines: as markup. why_not: why the content is not shown; it has no lines then."""

    lines: tuple[Markup, ...] = ()
    why_not: str = ""


def show_file(path: str, size_bytes: int, content: BinaryIO) -> ShownFile:
    """Return the lines of a file, coloured where its name tells the language."""
    beginning = content.read(_LOOKED_AT_BYTES)
    if b"\0" in beginning:
        return ShownFile(why_not="This is no text.")
    if size_bytes > LARGEST_SHOWN_BYTES:
        return ShownFile(why_not="This file is too large to be shown here.")
    try:
        text = (beginning + content.read(LARGEST_SHOWN_BYTES)).decode("utf-8-sig")
    except UnicodeDecodeError:
        return ShownFile(why_not="This is no text in UTF-8.")
    language = _language(path) if size_bytes <= LARGEST_COLOURED_BYTES else None
    text = text.replace("\r\n", "\n")
    if text.count("\n") > MOST_LINES:
        return ShownFile(why_not=f"This file has more than {MOST_LINES:,} lines, which are not shown here.")
    return ShownFile(_coloured(text, language) if language else _plain(text))


def _language(path: str) -> str | None:
    file = PurePosixPath(path.lower())
    return _LANGUAGES_BY_NAME.get(file.name) or _LANGUAGES.get(file.suffix)


def _plain(text: str) -> tuple[Markup, ...]:
    return tuple(escape(line) for line in text.removesuffix("\n").split("\n"))


def _coloured(text: str, language: str) -> tuple[Markup, ...]:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    # The formatter escapes the text, and ends every mark at the end of its line.
    markup: str = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return tuple(Markup(line) for line in markup.removesuffix("\n").split("\n"))  # noqa: S704
