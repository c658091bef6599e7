"""The requirements of an R task: one package a line, by its name on CRAN.

Source of the names' rule: "Writing R Extensions", the Package field of DESCRIPTION: ASCII letters, digits and dots,
at least two characters, starting with a letter and not ending in a dot.
"""

from __future__ import annotations

import re

from harness.records import Dependency, RefusedLine
from harness.requirements.lines import Edit, LogicalLine, physical_lines
from harness.requirements.model import JudgedLine

PACKAGE_NAME = r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]"
NAME_RULE = (
    "This is not the name of an R package: letters, digits and dots, at least two of them, the first a letter and"
    " the last no dot."
)
WITH_VERSION = re.compile(
    rf"(?P<name>{PACKAGE_NAME})\s*(?:\(\s*)?(?P<operator>===|[=<>!~]=|=[<>]|[<>=@])\s*(?P<version>[^\s,;)]*).*"
)
CALL = re.compile(
    rf"(?:library|require|requireNamespace|install\.packages)\s*\(\s*[\"']?(?P<name>{PACKAGE_NAME})[\"']?[^)]*\)\s*;?"
)
QUOTED = re.compile(rf"[\"'](?P<name>{PACKAGE_NAME})[\"'],?")
TRAILING = re.compile(rf"(?P<name>{PACKAGE_NAME})\s*[,;]")
REPOSITORY = re.compile(r"(?:\w+::)?[\w.-]+/[\w.-]+(?:@\S+)?")
# Come with R itself: a line that names one has nothing to install.
BASE_PACKAGES = frozenset(
    {
        *("base", "compiler", "datasets", "graphics", "grDevices", "grid", "methods"),
        *("parallel", "splines", "stats", "stats4", "tcltk", "tools", "utils"),
    }
)


def judge_r_lines(text: str) -> tuple[JudgedLine, ...]:
    """Judge each line of an R task's requirements that holds more than a comment."""
    return tuple(_judge(line) for line in physical_lines(text))


def _judge(line: LogicalLine) -> JudgedLine:
    if re.fullmatch(PACKAGE_NAME, line.content):
        record = Dependency(package_name=line.content, constraints=(), line=line.written, line_number=line.line_number)
        return JudgedLine(line, record)
    reason, name = _explain(line.content)
    rewrite = line.edited((Edit(0, len(line.content), name),)) if name else None
    return JudgedLine(
        line,
        RefusedLine(line_number=line.line_number, line=line.written, reason=reason, rewrite=rewrite, package_name=name),
        rewrite,
    )


def _explain(content: str) -> tuple[str, str | None]:
    """Return why this is not the name of an R package, and the bare name where the line tells it."""
    versioned = WITH_VERSION.fullmatch(content)
    if versioned:
        return (
            "Versions of R packages cannot be asked for: the platform installs the current one by its bare name.",
            versioned["name"],
        )
    call = CALL.fullmatch(content)
    if call:
        return "This is R code; the file has the package's name alone.", call["name"]
    quoted = QUOTED.fullmatch(content)
    if quoted:
        return "A package name has no quotation marks around it.", quoted["name"]
    trailing = TRAILING.fullmatch(content)
    if trailing:
        return "Nothing follows the name of an R package.", trailing["name"]
    if content.startswith("-"):
        return f"The option {content.split(maxsplit=1)[0]} is not supported: an R task names packages alone.", None
    if REPOSITORY.fullmatch(content) or "://" in content:
        return "This is a repository or an address; R packages are installed from CRAN, by name.", None
    if re.search(r"[\s,;]", content):
        return "There is more than one word on this line: each R package has a line of its own.", None
    return NAME_RULE, None
