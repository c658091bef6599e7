"""The task's own Python modules as syntax trees: what their top level binds, and where its names come from.

Nothing is imported or run. Names are followed through the task's own modules, as Python would when it imports
custom.py with the task folder first on its path.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.findings import Finding

PLATFORM_PACKAGE = "datarobot_drum"

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name stands for after a module's top level has run: the statement, and its value if it assigns one.

    origin: for `from a.b import c [as d]` the pair ("a.b", "c"); for `import a.b [as d]` the pair (module, None).
    """

    node: ast.stmt
    value: ast.expr | None = None
    origin: tuple[str, str | None] | None = None

    @property
    def function(self) -> Function | None:
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return self.node
        return self.value if isinstance(self.value, ast.Lambda) else None


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed module. `path` is relative to the task folder; `package` is the dotted package that it lies in."""

    path: str
    package: str
    tree: ast.Module
    bindings: dict[str, Binding]
    star_imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """What a base class turns out to be: one of the task's classes, a class of the platform, or anything else."""

    kind: Literal["own", "platform", "other"]
    name: str
    module: Module | None = None
    definition: ast.ClassDef | None = None


@dataclass(slots=True)
class TaskModules:
    """The modules of a task folder, parsed when first asked for; their syntax errors gather in `findings`."""

    folder: Path
    paths: frozenset[str]
    findings: list[Finding] = field(default_factory=list)
    _parsed: dict[str, Module | None] = field(default_factory=dict)

    def parse(self, path: str) -> Module | None:
        """Return the module in a file of the task, None where it is not valid Python."""
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def _parse(self, path: str) -> Module | None:
        tree = parse_python(self.folder / path, path)
        if isinstance(tree, Finding):
            self.findings.append(tree)
            return None
        package = path.rpartition("/")[0].replace("/", ".")
        statements = tuple(executed_statements(tree.body))
        return Module(path, package, tree, _bindings(statements, package), tuple(_star_imports(statements, package)))

    def find(self, dotted: str) -> str | None:
        """Return the file of one of the task's modules or packages, None for any other module."""
        stem = dotted.replace(".", "/")
        return next((path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in self.paths), None)

    def has(self, dotted: str) -> bool:
        """Tell whether a dotted name belongs to the task: a file, or a folder that holds files of Python."""
        top = dotted.partition(".")[0]
        return f"{top}.py" in self.paths or any(path.startswith(f"{top}/") for path in self.paths)

    def resolve(self, module: Module, expression: ast.expr, *, steps: int = 20) -> Base:
        """Return the class that an expression at a module's top level stands for.

        `steps` bounds how many names are followed, so that modules which import each other come to an end.
        """
        if isinstance(expression, ast.Subscript):  # Interface[T]
            return self.resolve(module, expression.value, steps=steps)
        dotted = _dotted(expression)
        if not dotted or not steps:
            return Base("other", ast.unparse(expression))
        first, _, rest = dotted.partition(".")
        binding = module.bindings.get(first)
        if binding is None:
            return self._resolve_starred(module, dotted, steps)
        if isinstance(binding.node, ast.ClassDef) and not rest:
            return Base("own", first, module, binding.node)
        if binding.value is not None and not rest:
            return self.resolve(module, binding.value, steps=steps - 1)
        if binding.origin is None:
            return Base("other", dotted)
        source, name = binding.origin
        parts = [part for part in (source, name, rest) if part]
        return self._resolve_elsewhere(".".join(parts), steps)

    def _resolve_elsewhere(self, dotted: str, steps: int) -> Base:
        home, _, name = dotted.rpartition(".")
        if home.partition(".")[0] == PLATFORM_PACKAGE:
            return Base("platform", name)
        path = self.find(home)
        module = self.parse(path) if path else None
        return self.resolve(module, ast.Name(name), steps=steps - 1) if module else Base("other", dotted)

    def _resolve_starred(self, module: Module, dotted: str, steps: int) -> Base:
        for source in module.star_imports:
            if source.partition(".")[0] == PLATFORM_PACKAGE and dotted.endswith("Interface"):
                return Base("platform", dotted)
            path = self.find(source)
            starred = self.parse(path) if path else None
            if starred and dotted in starred.bindings:
                return self.resolve(starred, ast.Name(dotted), steps=steps - 1)
        return Base("other", dotted)


def parse_python(file: Path, path: str) -> ast.Module | Finding:
    """Return the syntax tree of a file, or what is wrong with it; `path` is its name for messages."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a string is no reason to stop
            return ast.parse(file.read_bytes(), filename=path)
    except SyntaxError as error:
        line = error.lineno or None
        column = error.offset if line and error.offset and error.offset > 0 else None
        problem = error.msg[:1].lower() + error.msg[1:]
        return Finding(f"Python cannot read this line: {problem}.", "Correct the syntax.", path, line, column)
    except (RecursionError, MemoryError):
        return Finding("The code is nested too deeply for Python.", "Split the expression.", path)
    except ValueError as error:
        return Finding(f"Python cannot read the file: {error}.", "Save it as plain text in UTF-8.", path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return Finding(f"The file cannot be read: {reason}.", "Make it readable.", path)


def executed_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that may run when a module is imported, those inside `if`, `try` and the like too.

    What stands under `if TYPE_CHECKING` or `if __name__ == "__main__"` does not run then.
    """
    for statement in body:
        yield statement
        for block in _blocks(statement):
            yield from executed_statements(block)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.If):
        if not _is_false_at_import(statement.test):
            yield statement.body
        yield statement.orelse
    elif isinstance(statement, ast.Try | ast.TryStar):
        # What is tried counts as the last to bind a name: the platform has what a fallback stands in for.
        yield from (handler.body for handler in statement.handlers)
        yield statement.body
        yield statement.orelse
        yield statement.finalbody
    elif isinstance(statement, ast.For | ast.While):
        yield statement.body
        yield statement.orelse
    elif isinstance(statement, ast.With):
        yield statement.body
    elif isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)


def _is_false_at_import(test: ast.expr) -> bool:
    if _dotted(test).rpartition(".")[2] == "TYPE_CHECKING":
        return True
    names = [ast.unparse(part) for part in (test.left, *test.comparators)] if isinstance(test, ast.Compare) else []
    return sorted(names) == ["'__main__'", "__name__"]


def _bindings(statements: Iterable[ast.stmt], package: str) -> dict[str, Binding]:
    """Return what each name is bound to last."""
    bindings: dict[str, Binding] = {}
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bindings[statement.name] = Binding(statement)
        elif isinstance(statement, ast.ImportFrom):
            source = absolute_module(statement, package)
            for alias in statement.names:
                bindings[alias.asname or alias.name] = Binding(statement, origin=(source, alias.name))
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                # `import a.b` binds `a`; `import a.b as c` binds c to a.b.
                module = alias.name if alias.asname else alias.name.partition(".")[0]
                bindings[alias.asname or module] = Binding(statement, origin=(module, None))
        elif isinstance(statement, ast.Assign):
            for name in _target_names(statement.targets):
                bindings[name] = Binding(statement, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            for name in _target_names([statement.target]):
                bindings[name] = Binding(statement, statement.value)
    bindings.pop("*", None)
    return bindings


def _target_names(targets: Iterable[ast.expr]) -> Iterator[str]:
    """Yield the plain names that an assignment binds; those unpacked from a tuple have no value of their own."""
    for target in targets:
        if isinstance(target, ast.Name):
            yield target.id
        elif isinstance(target, ast.Tuple | ast.List):
            yield from _target_names(target.elts)


def _star_imports(statements: Iterable[ast.stmt], package: str) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            yield absolute_module(statement, package)


def absolute_module(statement: ast.ImportFrom, package: str) -> str:
    """Return the module that a `from … import` names, a relative one seen from its package."""
    if not statement.level:
        return statement.module or ""
    kept = package.split(".")[: len(package.split(".")) - statement.level + 1] if package else []
    return ".".join([*kept, *([statement.module] if statement.module else [])])


def _dotted(expression: ast.expr) -> str:
    """Return `a.b.c` for a name or a chain of attributes, else the empty text."""
    if isinstance(expression, ast.Name):
        return expression.id
    if isinstance(expression, ast.Attribute):
        value = _dotted(expression.value)
        return f"{value}.{expression.attr}" if value else ""
    return ""
