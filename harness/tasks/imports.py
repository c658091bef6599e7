"""Which modules a task imports when it is loaded, so that they can be imported before it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from harness.tasks.python_source import (
    PLATFORM_PACKAGE,
    Module,
    TaskModules,
    absolute_module,
    executed_statements,
)


def third_party_imports(module: Module, modules: TaskModules) -> tuple[str, ...]:
    """Return the modules, dotted as written and in order, that importing a module of the task imports.

    The task's own modules are followed and left out themselves, as are the standard library and the platform's
    package. Imports inside functions do not count: they may never run.
    """
    found: dict[str, None] = {}
    waiting = [module]
    seen = {module.path}
    while waiting:
        current = waiting.pop(0)
        for dotted in _imported_modules(current, modules):
            path = modules.find(dotted)
            if path is not None and path not in seen:
                seen.add(path)
                own = modules.parse(path)
                waiting += [own] if own else []
            elif not modules.has(dotted) and _is_third_party(dotted):
                found[dotted] = None
    return tuple(found)


def _imported_modules(module: Module, modules: TaskModules) -> Iterator[str]:
    """Yield each module that the top level imports; `from package import part` also yields a part that is a file."""
    for statement in executed_statements(module.tree.body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            source = absolute_module(statement, module.package)
            if not statement.level or modules.has(source):
                yield source
            for alias in statement.names:
                if modules.find(f"{source}.{alias.name}"):
                    yield f"{source}.{alias.name}"


def _is_third_party(dotted: str) -> bool:
    top = dotted.partition(".")[0]
    return bool(top) and top not in sys.stdlib_module_names and top != PLATFORM_PACKAGE
