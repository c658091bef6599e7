"""The checks, from their catalogue; what each of them judges is told in docs/reference/checks.md."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from harness.checks.catalogue import CHECKS
from harness.checks.engine import EVERY_TARGET_TYPE, Check
from harness.server.trainings.verdict import ENDING_CHECKS
from harness.vocabulary import TargetType
from reference.tables import table

_ENDINGS = ("failed", "warning")
_HEADING = re.compile(r"^### `(?P<id>[a-z_]+)`$", re.MULTILINE)


def table_of_checks() -> str:
    """Return a row for each check, in the order in which they are judged."""
    heads = ("check", "title", "can end in", "for", "ends a training")
    rows = [
        (
            f"[`{check.id}`](#{check.id})",
            check.title,
            " or ".join(endings_of(check)) or "passed only",
            _for(check),
            "yes" if check.id in ENDING_CHECKS else "",
        )
        for check in CHECKS
    ]
    return table(heads, rows)


def with_facts(markdown: str) -> str:
    """Return the page with the catalogue's facts under the heading of each check."""
    checks = {check.id: check for check in CHECKS}
    return _HEADING.sub(lambda heading: f"{heading[0]}\n\n{_facts(checks[heading['id']])}", markdown)


def endings_of(check: Check) -> tuple[str, ...]:
    """Return `failed` and `warning` where the check's judge, or a function that it calls, can end so."""
    called = {name for node in _reached(check.judge) for name in _names(node)}
    return tuple(ending for ending in _ENDINGS if ending in called)


def _facts(check: Check) -> str:
    facts = [f"*{check.title}.*", f"Ends in {' or '.join(('passed', *endings_of(check)))}."]
    if check.target_types != EVERY_TARGET_TYPE:
        facts.append(f"For {_for(check)} only.")
    if check.needs:
        facts.append(f"Needs {', '.join(f'[`{need}`](#{need})' for need in check.needs)}.")
    return " ".join(facts)


def _for(check: Check) -> str:
    if check.target_types == EVERY_TARGET_TYPE:
        return "every task"
    if check.target_types == EVERY_TARGET_TYPE - {TargetType.TRANSFORM}:
        return "estimators"
    return ", ".join(one for one in TargetType if one in check.target_types)


def _reached(function: Callable[..., Any]) -> Iterator[ast.AST]:
    """Yield the function's tree and those of the functions of its module that it names, over any number of steps."""
    module = inspect.getmodule(function)
    assert isinstance(module, ModuleType)
    trees = {node.name: node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)}
    waiting, seen = [function.__name__], set()
    while waiting:
        name = waiting.pop()
        if name in trees and name not in seen:
            seen.add(name)
            yield trees[name]
            waiting += _names(trees[name])


def _names(tree: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
