"""Why a line cannot be read as a requirement, in plain words, and what its author must have meant.

Each slip is a small function over the line's content that answers with an `Explanation`, or with None where it is
not that slip. An edit is proposed only where there is one thing that the line can have meant; whoever asks must
still see whether the edited line reads as a requirement.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from harness.requirements.lines import Edit

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
EXTRAS = r"(?:\s*\[[^\]]*\])?"
NAMED = rf"{NAME}{EXTRAS}"
VERSION = r"v?\d[A-Za-z0-9.!+_-]*(?:\.\*)?"
# A longer line is no slip of the pen, and the patterns here are written for short ones.
LONGEST_EXPLAINED = 1000
STRAIGHT_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'}
HYPHENS = {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-"}
COMPARISONS = {"\u2265": ">=", "\u2264": "<=", "\u2260": "!=", "\uff1d": "="}
MARKER_NAMES = r"(?:python_version|python_full_version|os_name|sys_platform|platform_\w+|implementation_\w+|extra)"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is wrong with a line, as one or two sentences, and the edits that would put it right."""

    reason: str
    edits: tuple[Edit, ...] = ()


def explain(content: str, parser_says: str) -> Explanation:
    """Explain why `content` is not a requirement; `parser_says` is the parser's own short reason."""
    for slip in SLIPS if len(content) <= LONGEST_EXPLAINED else ():
        explanation = slip(content)
        if explanation is not None:
            return explanation
    said = parser_says.rstrip(".").replace("dependency specifier", "requirement")
    return Explanation(f"This cannot be read as a requirement: {said[:1].lower()}{said[1:]}.")


def _odd_characters(content: str) -> Explanation | None:
    edits = []
    names = []
    for index, character in enumerate(content):
        replacement = _plain(character)
        if replacement is not None:
            edits.append(Edit(index, index + 1, replacement))
            names.append(unicodedata.name(character, f"U+{ord(character):04X}").lower())
    if not edits:
        return None
    listed = ", ".join(dict.fromkeys(names))
    return Explanation(f"The line has characters that only look like plain ones: {listed}.", tuple(edits))


def _plain(character: str) -> str | None:
    if character.isascii():
        return "" if unicodedata.category(character) == "Cc" and character != "\t" else None
    for table in (STRAIGHT_QUOTES, HYPHENS, COMPARISONS):
        if character in table:
            return table[character]
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    return "" if category in {"Cf", "Cc"} else None


def _backslash_before_blank(content: str) -> Explanation | None:
    if not content.endswith("\\"):
        return None
    return Explanation(
        "A blank follows the backslash at the end, so that the next line does not continue this one. Delete the blank."
    )


def _no_name(content: str) -> Explanation | None:
    operator = re.match(r"===|[=<>!~]=|[<>=]", content)
    return Explanation(f"There is no package name before {operator[0]}.") if operator else None


def _inside_of_a_program(content: str) -> Explanation | None:
    command = re.match(r"(?:!?\s*(?:python\d?\s+-m\s+)?(?:pip3?|uv\s+pip|conda|mamba)\s+install\s+)", content)
    if command:
        return Explanation(
            "This is a command; a requirements file has the package alone.", (Edit(0, command.end(), ""),)
        )
    statement = re.fullmatch(rf"(import|from)\s+({NAME}).*", content)
    if statement:
        return Explanation(f"This is Python code, not a requirement: write the package that provides {statement[2]}.")
    return None


def _quoted(content: str) -> Explanation | None:
    quoted = re.fullmatch(r"""(["'])(?P<inside>[^"']*)\1,?""", content)
    if not quoted:
        return None
    return Explanation(
        "A requirement has no quotation marks around it.",
        (Edit(0, quoted.start("inside"), ""), Edit(quoted.end("inside"), len(content), "")),
    )


def _comment_without_blank(content: str) -> Explanation | None:
    if re.match(r"[^\s;]*://", content) or "@" in content:
        return None
    sign = content.find("#")
    if sign < 0:
        return None
    return Explanation("A comment behind a requirement needs a blank before the #.", (Edit(sign, sign, " "),))


def _tab_before_option(content: str) -> Explanation | None:
    tabs = list(re.finditer(r"\s*\t\s*(?=-)", content))
    if not tabs:
        return None
    edits = tuple(Edit(tab.start(), tab.end(), " ") for tab in tabs)
    return Explanation("pip wants a blank, not a tab, before an option.", edits)


def _conda_pin(content: str) -> Explanation | None:
    if not re.fullmatch(rf"{NAME}\s*=\s*{VERSION}=\w+", content):
        return None
    return Explanation("This is the notation of conda, with a build at the end; pip wants a name, == and a version.")


def _single_equals(content: str) -> Explanation | None:
    sign = re.match(rf"{NAMED}\s*(?P<sign>=)\s*(?={VERSION}\s*(?:;|,|--|$))", content)
    if not sign:
        return None
    return Explanation(
        "A single = is not an operator; an exact version is written with ==.",
        (Edit(sign.start("sign"), sign.end("sign"), "=="),),
    )


def _turned_operator(content: str) -> Explanation | None:
    requirement = content.partition(";")[0]
    signs = list(re.finditer(r"(?<![<>=!~])=(?P<turned>[<>~!])(?!=)", requirement))
    if not signs:
        return None
    written = ", ".join(dict.fromkeys(sign[0] for sign in signs))
    meant = ", ".join(dict.fromkeys(f"{sign['turned']}=" for sign in signs))
    edits = tuple(Edit(sign.start(), sign.end(), f"{sign['turned']}=") for sign in signs)
    return Explanation(f"{written} is not an operator; it is written {meant}.", edits)


def _torn_operator(content: str) -> Explanation | None:
    requirement = content.partition(";")[0]
    signs = list(re.finditer(r"([<>=!~])[ \t]+=(?!=)", requirement))
    if not signs:
        return None
    edits = tuple(Edit(sign.start(), sign.end(), f"{sign[1]}=") for sign in signs)
    return Explanation("An operator has no blank inside.", edits)


def _no_version(content: str) -> Explanation | None:
    operator = re.match(rf"{NAMED}\s*(?:[^;]*,)?\s*(?P<sign>===|[=<>!~]=|[<>=])\s*(?:[;,]|--|$)", content)
    if not operator:
        return None
    return Explanation(f"There is no version after {operator['sign']}.")


def _missing_comma(content: str) -> Explanation | None:
    requirement = content.partition(";")[0]
    match = re.match(rf"{NAMED}\s*\(?\s*(?=[<>=!~])", requirement)
    if not match:
        return None
    gaps = list(re.finditer(r"(?<=[A-Za-z0-9*])\s*(?=(?:[=<>!~]=|[<>])\s*v?\d)", requirement[match.end() :]))
    edits = tuple(Edit(gap.start() + match.end(), gap.end() + match.end(), ",") for gap in gaps)
    return Explanation("Between two comparisons stands a comma.", edits) if edits else None


def _several_packages(content: str) -> Explanation | None:
    one = rf"{NAMED}\s*(?:[=<>!~]=?=?\s*{VERSION})?"
    if re.fullmatch(rf"{one}(?:(?:\s*,\s*|\s+){one})+", content) and not re.fullmatch(rf"{NAMED}\s+{VERSION}", content):
        return Explanation(
            "There is more than one word on this line: each package has a line of its own, and a name has no blanks."
        )
    return None


def _no_operator(content: str) -> Explanation | None:
    pair = re.fullmatch(rf"(?P<name>{NAMED})[\s:]+(?P<version>{VERSION})(?:\s*;.*)?", content)
    if not pair:
        return None
    name, version = pair["name"], pair["version"]
    return Explanation(
        f"There is no operator between the name and {version}: write {name}=={version} for exactly this version"
        f" or {name}>={version} for this one and later ones."
    )


def _wildcard_with_comparison(content: str) -> Explanation | None:
    requirement = content.partition(";")[0]
    found = list(re.finditer(r"(?P<sign><=|>=|~=|[<>])\s*v?\d[\d.]*(?P<star>\.\*)", requirement))
    if not found:
        return None
    # `>=1.5.*` can only be `>=1.5`, and `<2.*` only `<2`; of the others either end of 1.5.* may have been meant.
    certain = all(one["sign"] in {">=", "<"} for one in found)
    edits = tuple(Edit(one.start("star"), one.end("star"), "") for one in found) if certain else ()
    signs = ", ".join(dict.fromkeys(one["sign"] for one in found))
    return Explanation(f"A wildcard goes with == and != only, not with {signs}.", edits)


def _compatible_with_one_part(content: str) -> Explanation | None:
    found = re.search(r"~=\s*(v?\d+)(?=\s*(?:[,;)]|$))", content.partition(";")[0])
    if not found:
        return None
    return Explanation(
        f"~= wants a version of at least two parts, such as ~={found[1]}.0, because it lets the last one grow."
    )


def _not_a_version(content: str) -> Explanation | None:
    found = re.match(
        rf"{NAMED}\s*\(?(?:[^;]*,)?\s*(?:===|[=<>!~]=|[<>])\s*(?P<version>[^\s,;)]+)", content.partition(";")[0]
    )
    if not found or re.fullmatch(r"v?\d[\d.]*((a|b|rc|\.post|\.dev)\d+)*(\.\*)?", found["version"]):
        return None
    return Explanation(f"{found['version']} is not a version: versions look like 1.4, 1.4.2 or 2.0rc1.")


def _marker_without_quotes(content: str) -> Explanation | None:
    _, semicolon, marker = content.partition(";")
    if not semicolon:
        return None
    start = len(content) - len(marker)
    values = list(re.finditer(rf"{MARKER_NAMES}\s*(?:===?|[<>!~]=|[<>])\s*(?P<value>[\w.]+)(?=\s|\)|$)", marker))
    if not values:
        return None
    edits = tuple(
        Edit(start + value.start("value"), start + value.end("value"), f'"{value["value"]}"') for value in values
    )
    return Explanation("A value in a marker stands in quotation marks.", edits)


def _bad_marker(content: str) -> Explanation | None:
    _, semicolon, marker = content.partition(";")
    if not semicolon or not marker.strip():
        return None
    return Explanation(f'What follows the semicolon is not a marker such as python_version < "3.12": {marker.strip()}.')


SLIPS: tuple[Callable[[str], Explanation | None], ...] = (
    _odd_characters,
    _backslash_before_blank,
    _no_name,
    _inside_of_a_program,
    _quoted,
    _tab_before_option,
    _conda_pin,
    _single_equals,
    _turned_operator,
    _torn_operator,
    _no_version,
    _wildcard_with_comparison,
    _missing_comma,
    _no_operator,
    _compatible_with_one_part,
    _comment_without_blank,
    _marker_without_quotes,
    _several_packages,
    _not_a_version,
    _bad_marker,
)
