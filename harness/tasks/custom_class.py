"""The class `CustomTask`: its platform interface, its methods, and whether the platform can call them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.findings import Finding, Severity
from harness.records import TargetType
from harness.tasks.model import Hooks
from harness.tasks.nearest import listed
from harness.tasks.python_source import Base, Function, Module, TaskModules, executed_statements
from harness.tasks.signatures import (
    FIT_KEYWORDS,
    Call,
    has_known_signature,
    scoring_keywords,
    signature_problems,
)

CLASS_NAME = "CustomTask"
METHODS = ("fit", "predict", "predict_proba", "transform", "save", "load")

# The platform's interfaces: the target type of each, and the method that gives its output.
INTERFACES = {
    "BinaryEstimatorInterface": (TargetType.BINARY, "predict_proba"),
    "MulticlassEstimatorInterface": (TargetType.MULTICLASS, "predict_proba"),
    "RegressionEstimatorInterface": (TargetType.REGRESSION, "predict"),
    "AnomalyEstimatorInterface": (TargetType.ANOMALY, "predict"),
    "TransformerInterface": (TargetType.TRANSFORM, "transform"),
}
OUTPUTS = dict(INTERFACES.values())
_SIGNATURES = {"predict": "self, X, **kwargs", "predict_proba": "self, X, **kwargs", "transform": "self, X"}
# Bases of other libraries that bring none of the methods.
_EMPTY_BASES = ("object", "ABC", "abc.ABC", "Generic", "typing.Generic", "Protocol", "typing.Protocol")


@dataclass(frozen=True, slots=True)
class _Method:
    module: Module
    node: ast.stmt
    function: Function | None


@dataclass(slots=True)
class _Lineage:
    """A class with all its bases as far as they can be read; `methods` has the definition that wins."""

    methods: dict[str, _Method] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_class(module: Module, modules: TaskModules, target_type: TargetType | None) -> tuple[Hooks, list[Finding]]:
    """Return the methods of `CustomTask`, which the module binds at its top level, and what is wrong with them."""
    binding = module.bindings[CLASS_NAME]
    place = binding.node
    base = modules.resolve(module, ast.Name(CLASS_NAME))
    lineage = _Lineage()
    _follow(base, modules, lineage, depth=20)
    interface = next((name for name in lineage.interfaces if name in INTERFACES), None)
    names = tuple(name for name in METHODS if name in lineage.methods)
    lines = {CLASS_NAME: place.lineno, **{name: lineage.methods[name].node.lineno for name in names}}
    findings = [
        *_judge_bases(module, place, base, lineage, interface),
        *_judge_presence(module, place, lineage, interface, target_type),
        *_judge_methods(lineage, interface, target_type),
    ]
    return Hooks("class", names, interface, lines=lines), findings


def _follow(base: Base, modules: TaskModules, lineage: _Lineage, depth: int) -> None:
    """Gather methods and interfaces from a class and then its bases, the class's own definitions first."""
    if base.kind == "platform":
        lineage.interfaces.append(base.name)
    elif base.module is None or base.definition is None:
        if base.name.partition("[")[0] not in _EMPTY_BASES:
            lineage.unread.append(base.name)
    elif depth:
        for name, method in _methods(base.module, base.definition):
            lineage.methods.setdefault(name, method)
        for expression in base.definition.bases:
            _follow(modules.resolve(base.module, expression), modules, lineage, depth - 1)


def _methods(module: Module, definition: ast.ClassDef) -> Iterator[tuple[str, _Method]]:
    found: dict[str, _Method] = {}
    for statement in executed_statements(definition.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found[statement.name] = _Method(module, statement, statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    function = statement.value if isinstance(statement.value, ast.Lambda) else None
                    found[target.id] = _Method(module, statement, function)
    yield from found.items()


def _judge_bases(
    module: Module, place: ast.stmt, base: Base, lineage: _Lineage, interface: str | None
) -> Iterator[Finding]:
    if base.kind == "own" and interface is None:
        bases = [*lineage.interfaces, *lineage.unread]
        has = f"it derives from {', '.join(bases)}" if bases else "it has no base"
        message = f"{CLASS_NAME} derives from no interface of the platform; {has}."
        remedy = f"Derive it from {listed(INTERFACES)} of datarobot_drum.custom_task_interfaces."
        yield _finding(module, place, message, remedy)
    elif base.kind == "platform" or (base.kind == "other" and isinstance(place, ast.Assign | ast.FunctionDef)):
        message = f"{CLASS_NAME} is bound to something else than a class of this task."
        yield _finding(module, place, message, f'Write "class {CLASS_NAME}(…):".')


def _judge_presence(
    module: Module, place: ast.stmt, lineage: _Lineage, interface: str | None, target_type: TargetType | None
) -> Iterator[Finding]:
    """Report the methods that must be there, unless a base that cannot be read may bring them.

    Which output the platform asks for is the target type's affair; the interface tells only where that is not known.
    """
    if lineage.unread or not (lineage.methods or lineage.interfaces):
        return
    if "fit" not in lineage.methods:
        message = f'{CLASS_NAME} has no method "fit", so the task cannot be trained.'
        yield _finding(module, place, message, 'Define "def fit(self, X, y, output_dir, **kwargs):" in the class.')
    if interface is None:
        return
    output = INTERFACES[interface][1] if target_type is None else OUTPUTS[target_type]
    if output not in lineage.methods:
        asking = interface if target_type is None else f"targetType {target_type}"
        message = f'{CLASS_NAME} has no method "{output}", which {asking} needs.'
        yield _finding(module, place, message, f'Define "def {output}({_SIGNATURES[output]}):" in the class.')


def _judge_methods(lineage: _Lineage, interface: str | None, target_type: TargetType | None) -> Iterator[Finding]:
    for name, call in _calls(interface, target_type).items():
        method = lineage.methods.get(name)
        if method is None or method.function is None:
            continue
        if isinstance(method.node, ast.AsyncFunctionDef):
            message = f'"{name}" is a coroutine, which the platform calls but never awaits.'
            yield _finding(method.module, method.node, message, f'Write "def {name}" without "async".')
        elif has_known_signature(method.function):
            if name == "load" and isinstance(method.node, ast.FunctionDef) and not method.node.decorator_list:
                message = '"load" is called on the class, but is a method of its instances.'
                yield _finding(method.module, method.node, message, 'Write "@classmethod" above it.')
            for message, remedy in signature_problems(name, method.function, call, is_method=True):
                yield _finding(method.module, method.node, message, remedy)


def _calls(interface: str | None, target_type: TargetType | None) -> dict[str, Call]:
    """Return how the platform calls each method; of the three outputs only the interface's own is called."""
    own_type = target_type or (INTERFACES[interface][0] if interface else None)
    output = OUTPUTS[own_type] if own_type else None
    scoring = Call(("X",), scoring_keywords(own_type))
    outputs = {"predict": scoring, "predict_proba": scoring, "transform": Call(("X",))}
    called = {name: call for name, call in outputs.items() if output in (None, name)}
    saving = Call(("artifact_directory",))
    return {"__init__": Call(), "fit": Call(keywords=FIT_KEYWORDS), "save": saving, "load": saving, **called}


def judge_interface(hooks: Hooks, target_type: TargetType | None, code_file: str) -> tuple[Finding, ...]:
    """Warn of a class that derives from the interface of another target type than the metadata names."""
    if hooks.interface_class is None or target_type is None:
        return ()
    interface_type = INTERFACES[hooks.interface_class][0]
    if interface_type is target_type:
        return ()
    right = next(name for name, (own_type, _) in INTERFACES.items() if own_type is target_type)
    message = (
        f"{CLASS_NAME} derives from {hooks.interface_class}, but model-metadata.yaml has targetType {target_type}."
    )
    remedy = f'Derive it from {right}, or write "targetType: {interface_type}".'
    return (Finding(message, remedy, code_file, hooks.lines.get(CLASS_NAME), severity=Severity.WARNING),)


def find_near_class(module: Module) -> ast.ClassDef | None:
    """Return a class that was meant to be `CustomTask`: by its name, or since it derives from an interface."""
    classes = [binding.node for binding in module.bindings.values() if isinstance(binding.node, ast.ClassDef)]
    for definition in classes:
        bare = definition.name.casefold().replace("_", "").rstrip("s")
        bases = [ast.unparse(base).rpartition(".")[2] for base in definition.bases]
        if bare == CLASS_NAME.casefold() or any(base in INTERFACES for base in bases):
            return definition
    return None


def _finding(module: Module, node: ast.stmt, message: str, remedy: str) -> Finding:
    return Finding(message, remedy, module.path, node.lineno, node.col_offset + 1)
