"""The hooks of a task, read from the text of custom.py or custom.R without running it.

How the platform finds and calls them: a class `CustomTask` wins over functions; `fit` gets everything by keyword.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.findings import Finding, Severity
from harness.records import TargetType
from harness.tasks.custom_class import CLASS_NAME, find_near_class, read_class
from harness.tasks.imports import third_party_imports
from harness.tasks.model import Hooks
from harness.tasks.nearest import nearest
from harness.tasks.python_source import Binding, Module, TaskModules, executed_statements
from harness.tasks.r_hooks import calls_source, find_r_functions
from harness.tasks.signatures import (
    FIT_KEYWORDS,
    Call,
    has_known_signature,
    scoring_keywords,
    signature_problems,
)

FUNCTION_HOOKS = ("init", "read_input_data", "fit", "load_model", "transform", "score", "post_process")

# What users write for a hook, beside slips of the pen.
_OTHER_WORDS = {
    "predict": "score",
    "predict_proba": "score",
    "train": "fit",
    "train_model": "fit",
    "fit_model": "fit",
    "load": "load_model",
    "read_data": "read_input_data",
    "preprocess": "transform",
}


@dataclass(frozen=True, slots=True)
class HookReading:
    """The hooks of a code file and what is wrong with them."""

    hooks: Hooks
    findings: tuple[Finding, ...] = ()


def read_python_hooks(
    folder: Path, code_file: str, paths: Iterable[str], target_type: TargetType | None = None
) -> HookReading:
    """Return the hooks of custom.py, and a finding for each one that the platform could not call.

    paths: the files of the task, relative to the folder; names imported from them are followed.
    target_type: as the metadata has it; it decides which keywords the scoring hooks get.
    """
    modules = TaskModules(folder, frozenset(paths))
    module = modules.parse(code_file)
    if module is None:
        return HookReading(Hooks("hooks", ()), tuple(modules.findings))
    imports = third_party_imports(module, modules)
    findings = list(_relative_imports(module))
    if CLASS_NAME in module.bindings:
        hooks, found = read_class(module, modules, target_type)
        findings += [*found, *_unused_functions(module)]
    else:
        hooks, found = _read_functions(module, modules, target_type)
        findings += found
    hooks = Hooks(hooks.interface, hooks.names, hooks.interface_class, imports, hooks.lines)
    in_order = sorted(findings, key=lambda finding: finding.line or 0)
    return HookReading(hooks, (*modules.findings, *in_order))


def _relative_imports(module: Module) -> Iterator[Finding]:
    """Report `from .part import …` in custom.py, which the platform imports as a module of its own."""
    for statement in executed_statements(module.tree.body):
        if isinstance(statement, ast.ImportFrom) and statement.level:
            written = "." * statement.level + (statement.module or "")
            yield Finding(
                f'The relative import from "{written}" fails, since custom.py is in no package when it runs.',
                f'Write "from {statement.module} import …".' if statement.module else 'Write "import …".',
                module.path,
                statement.lineno,
                statement.col_offset + 1,
            )


def _unused_functions(module: Module) -> Iterator[Finding]:
    """Warn of function hooks beside the class, which wins; `init` is called for both styles."""
    for name in FUNCTION_HOOKS:
        binding = module.bindings.get(name)
        if name != "init" and binding and binding.function:
            message = f'The function "{name}" is never called, because the class {CLASS_NAME} wins over functions.'
            yield _finding(module, binding.node, message, "Move it into the class, or delete it.", Severity.WARNING)


def _read_functions(
    module: Module, modules: TaskModules, target_type: TargetType | None
) -> tuple[Hooks, list[Finding]]:
    bound = {name: module.bindings[name] for name in FUNCTION_HOOKS if name in module.bindings}
    starred = _starred_hooks(module, modules)
    names = tuple(name for name in FUNCTION_HOOKS if name in bound or name in starred)
    findings: list[Finding] = []
    for name, binding in bound.items():
        findings += _judge_function(module, name, binding, target_type)
    near = _near_misses(module, names)
    if "fit" not in names and not _has_unknown_star_import(module, modules):
        findings.append(_missing_fit(module, near.get("fit")))
    for hook, binding in near.items():
        if hook != "fit":
            written = _bound_name(binding)
            message = f'The platform does not call a function "{written}"; the hook is named "{hook}".'
            remedy = f'Rename it to "{hook}", or start its name with an underscore.'
            findings.append(_finding(module, binding.node, message, remedy, Severity.WARNING))
    lines = {name: binding.node.lineno for name, binding in bound.items()}
    return Hooks("hooks", names, lines=lines), findings


def _starred_hooks(module: Module, modules: TaskModules) -> frozenset[str]:
    """Return the hooks that `from part import *` brings from the task's own modules."""
    paths = [path for source in module.star_imports if (path := modules.find(source))]
    starred = [own for path in paths if (own := modules.parse(path))]
    return frozenset(name for own in starred for name in own.bindings if name in FUNCTION_HOOKS)


def _has_unknown_star_import(module: Module, modules: TaskModules) -> bool:
    """Tell whether names may come from a module that is not the task's own."""
    return any(modules.find(source) is None for source in module.star_imports)


def _missing_fit(module: Module, near: Binding | None) -> Finding:
    near_class = find_near_class(module)
    if near_class is not None:
        message = f'The class "{near_class.name}" is not found: the platform looks for a class named {CLASS_NAME}.'
        return _finding(module, near_class, message, f"Rename it to {CLASS_NAME}.")
    if near is not None:
        written = _bound_name(near)
        message = f'There is no hook "fit"; the platform does not call the function "{written}".'
        return _finding(module, near.node, message, f'Rename "{written}" to "fit".')
    message = 'There is no hook "fit", so the task cannot be trained.'
    remedy = f'Define "def fit(X, y, output_dir, **kwargs):", or a class {CLASS_NAME}.'
    return Finding(message, remedy, module.path, 1, 1)


def _near_misses(module: Module, names: tuple[str, ...]) -> dict[str, Binding]:
    """Return the functions that look like a hook which is not there, by that hook's name.

    A function that the module itself uses is a part of something else, and so is one with a leading underscore.
    """
    used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found: dict[str, Binding] = {}
    for name, binding in module.bindings.items():
        own = isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not own or name in FUNCTION_HOOKS or name.startswith("_") or name in used:
            continue
        hook = _meant_hook(name)
        if hook and hook not in names:
            found.setdefault(hook, binding)
    return found


def _meant_hook(name: str) -> str | None:
    return _OTHER_WORDS.get(name.lower()) or nearest(name, FUNCTION_HOOKS)


def _bound_name(binding: Binding) -> str:
    return str(getattr(binding.node, "name", ""))


def _judge_function(module: Module, name: str, binding: Binding, target_type: TargetType | None) -> Iterator[Finding]:
    if isinstance(binding.node, ast.AsyncFunctionDef):
        message = f'"{name}" is a coroutine, which the platform calls but never awaits.'
        yield _finding(module, binding.node, message, f'Write "def {name}" without "async".')
        return
    if isinstance(binding.node, ast.ClassDef):
        message = f'"{name}" is a class, but the hook must be a function.'
        yield _finding(module, binding.node, message, f'Write "def {name}(…):".')
        return
    function = binding.function
    if function is None or not has_known_signature(function):
        return
    if name not in _CALLS:
        return
    count = len(function.args.posonlyargs) + len(function.args.args)
    call = min(_CALLS[name](target_type), key=lambda call: abs(len(call.positional) - count))
    for message, remedy in signature_problems(name, function, call):
        yield _finding(module, binding.node, message, remedy)


# How each hook is called; where there are two ways, the number of parameters decides.
_CALLS: dict[str, Callable[[TargetType | None], tuple[Call, ...]]] = {
    "init": lambda _: (Call(("code_dir",)),),
    "fit": lambda _: (Call(keywords=FIT_KEYWORDS),),
    "load_model": lambda _: (Call(("code_dir",)),),
    "transform": lambda _: (Call(("data", "model")), Call(("data", "model", "target"))),
    "score": lambda target_type: (Call(("data", "model"), scoring_keywords(target_type)),),
}


def _finding(module: Module, node: ast.stmt, message: str, remedy: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(message, remedy, module.path, node.lineno, node.col_offset + 1, severity)


def read_r_hooks(folder: Path, code_file: str) -> HookReading:
    """Return the hooks of custom.R; only its top level is read, and only functions bound there count."""
    try:
        text = (folder / code_file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        finding = Finding("The file is not UTF-8 text.", "Save it as UTF-8.", code_file)
        return HookReading(Hooks("hooks", ()), (finding,))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        finding = Finding(f"The file cannot be read: {reason}.", "Make it readable.", code_file)
        return HookReading(Hooks("hooks", ()), (finding,))
    functions = find_r_functions(text)
    lines = {name: functions[name] for name in FUNCTION_HOOKS if name in functions}
    hooks = Hooks("hooks", tuple(lines), lines=lines)
    if "fit" in lines or calls_source(text):
        return HookReading(hooks)
    message = 'There is no hook "fit", so the task cannot be trained.'
    near = next((name for name in functions if _meant_hook(name) == "fit"), None)
    remedy = f'Rename "{near}" to "fit".' if near else 'Define "fit <- function(X, y, output_dir, ...) { … }".'
    line = functions[near] if near else 1
    return HookReading(hooks, (Finding(message, remedy, code_file, line, 1),))
