"""The options that a requirements file may hold, read the way pip reads them.

pip hands everything from the first word with a leading `-` on to a command-line parser, so `-rfile`,
`--requirement=file` and unambiguous abbreviations work here as they do there.
"""

from __future__ import annotations

import optparse
import shlex
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

HASH_ALGORITHMS = ("sha256", "sha384", "sha512")

# Source: pip's reference on the requirements file format, as of pip 26. First the spelling that messages use.
_OPTIONS_WITH_VALUE = (
    ("--index-url", "-i", "--pypi-url"),
    ("--extra-index-url",),
    ("--constraint", "-c"),
    ("--requirement", "-r"),
    ("--editable", "-e"),
    ("--find-links", "-f"),
    ("--no-binary",),
    ("--only-binary",),
    ("--all-releases",),
    ("--only-final",),
    ("--trusted-host",),
    ("--use-feature",),
    ("--hash",),
    ("--config-settings", "-C"),
)
_FLAGS = (
    ("--no-index",),
    ("--prefer-binary",),
    ("--require-hashes",),
    ("--no-require-hashes",),
    ("--pre",),
)
_REFUSE_VALUE_LIKE_OPTION = ("--no-binary", "--only-binary", "--all-releases", "--only-final")


class OptionProblem(ValueError):
    """The options of a line cannot be read; the text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one line in written order, by their long name, and the words that belong to none of them."""

    given: tuple[tuple[str, str], ...] = ()
    left_over: tuple[str, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of each use of the option."""
        return tuple(value for given, value in self.given if given == name)


def split_off_options(content: str) -> tuple[str, str]:
    """Split a line before the first word (words end at blanks, not at tabs) that begins with `-`."""
    position = 0
    for word in content.split(" "):
        if word.startswith("-"):
            return content[: max(position - 1, 0)], content[position:]
        position += len(word) + 1
    return content, ""


def read_options(text: str) -> Options:
    """Read the options part of a line; OptionProblem where pip would refuse it."""
    if not text:
        return Options()
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise OptionProblem("A quotation mark or backslash in the options is never closed.") from error
    values = optparse.Values({"given": []})
    _, left_over = _option_parser().parse_args(words, values)
    return Options(tuple(values.given), tuple(left_over))


class _LineParser(optparse.OptionParser):
    def error(self, msg: str) -> NoReturn:
        raise OptionProblem(f"{msg[:1].upper()}{msg[1:]}.")


@lru_cache(maxsize=1)
def _option_parser() -> _LineParser:
    parser = _LineParser(add_help_option=False)
    for name, *others in _OPTIONS_WITH_VALUE:
        parser.add_option(name, *others, action="callback", callback=_record, type="string", callback_args=(name,))
    for name, *others in _FLAGS:
        parser.add_option(name, *others, action="callback", callback=_record, callback_args=(name,))
    return parser


def _record(
    _option: optparse.Option, written: str, value: str | None, parser: optparse.OptionParser, name: str
) -> None:
    given = value or ""
    if name == "--hash":
        algorithm, colon, _ = given.partition(":")
        if not colon:
            raise OptionProblem("--hash wants an algorithm and a digest: --hash=sha256:0123abcd...")
        if algorithm not in HASH_ALGORITHMS:
            raise OptionProblem(f"--hash takes sha256, sha384 or sha512, not {algorithm}.")
    if name == "--config-settings" and "=" not in given:
        raise OptionProblem(f"{written} wants KEY=VALUE.")
    if name in _REFUSE_VALUE_LIKE_OPTION and given.startswith("-"):
        raise OptionProblem(f"{written} wants package names.")
    assert parser.values is not None
    parser.values.given.append((name, given))
