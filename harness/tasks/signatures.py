"""Whether a hook can take the call that the platform makes."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from harness.records import TargetType
from harness.tasks.python_source import Function

FIT_KEYWORDS = ("X", "y", "output_dir", "class_order", "row_weights", "parameters")

_LABEL_KEYWORDS = {
    TargetType.BINARY: ("positive_class_label", "negative_class_label"),
    TargetType.MULTICLASS: ("class_labels",),
}


@dataclass(frozen=True, slots=True)
class Call:
    """How the platform calls a hook: the names of its positional arguments, and the keywords."""

    positional: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


def scoring_keywords(target_type: TargetType | None) -> tuple[str, ...]:
    """Return the keywords of `score`, `predict` and `predict_proba`; those of every type where it is not known."""
    return ("target_type", *(_LABEL_KEYWORDS.get(target_type, ()) if target_type else ()))


def has_known_signature(function: Function) -> bool:
    """Tell whether the parameters in the text are those of the call: a decorator may change them."""
    return isinstance(function, ast.Lambda) or not _unknown_decorators(function)


def _unknown_decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = [ast.unparse(decorator) for decorator in function.decorator_list]
    return [name for name in names if name not in ("staticmethod", "classmethod", "override", "typing.override")]


def signature_problems(name: str, function: Function, call: Call, *, is_method: bool = False) -> list[tuple[str, str]]:
    """Return what and remedy for each way in which a function cannot take a call.

    A method's first parameter is the instance or the class, which Python gives, unless it is a static method.
    """
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    gives_self = is_method and not _is_static(function)
    filled = len(call.positional) + gives_self
    if len(positional) < filled and not given.vararg:
        if gives_self and not positional:
            return [(f'"{name}" has no "self".', f'Write "def {name}({_signature(call, is_method=True)}):".')]
        count = len(positional) - gives_self
        taken = f"{count} positional {'argument' if count == 1 else 'arguments'}"
        names = ", ".join(call.positional)
        message = f'"{name}" takes {taken}, but the platform gives {len(call.positional)} ({names}).'
        return [(message, f'Write "def {name}({_signature(call, is_method=is_method)}):".')]
    only_by_position = {parameter.arg for parameter in given.posonlyargs}
    clashing = [parameter.arg for parameter in positional[:filled] if parameter.arg in call.keywords]
    if clashing and not only_by_position.issuperset(clashing):
        message = f'"{name}" has {_quoted(clashing)} in the first place, where the platform gives something else.'
        first = "self" if gives_self else ", ".join(call.positional)
        return [(message, f'Write "{first}" before it.')]
    remaining = [*positional[filled:], *given.kwonlyargs]
    by_keyword = {parameter.arg for parameter in remaining} - only_by_position
    with_default = {parameter.arg for parameter in positional[len(positional) - len(given.defaults) :]}
    with_default |= {
        parameter.arg for parameter, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default
    }
    missing = [] if given.kwarg else [keyword for keyword in call.keywords if keyword not in by_keyword]
    extra = [
        parameter.arg
        for parameter in remaining
        if parameter.arg not in with_default and parameter.arg not in by_keyword.intersection(call.keywords)
    ]
    problems: list[tuple[str, str]] = []
    if missing:
        message = f'"{name}" does not take {_quoted(missing)}, which the platform gives by keyword.'
        problems.append((message, 'Add "**kwargs" to its parameters.'))
    if extra:
        message = f'"{name}" requires {_quoted(extra)}, which the platform does not give.'
        default = f"give {'it a default value' if len(extra) == 1 else 'them default values'}."
        renamings = _renamings(extra, given.args[gives_self:], call, by_keyword)
        problems.append((message, _sentence(", or ".join([*renamings, default]))))
    return problems


def _renamings(extra: list[str], written: list[ast.arg], call: Call, by_keyword: set[str]) -> list[str]:
    """Suggest names for the first parameters of `fit`, as users give them names of their own."""
    if call.keywords != FIT_KEYWORDS:
        return []
    pairs = [
        f'"{parameter.arg}" to "{expected}"'
        for parameter, expected in zip(written, FIT_KEYWORDS[:3], strict=False)
        if parameter.arg in extra and expected not in by_keyword
    ]
    return [f"rename {' and '.join(pairs)}"] if pairs else []


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is_static(function: Function) -> bool:
    if isinstance(function, ast.Lambda):
        return False
    return any(ast.unparse(decorator) == "staticmethod" for decorator in function.decorator_list)


def _signature(call: Call, *, is_method: bool) -> str:
    parts = [*(["self"] if is_method else []), *call.positional, *(["**kwargs"] if call.keywords else [])]
    return ", ".join(parts)


def _quoted(names: list[str]) -> str:
    *first, last = (f'"{name}"' for name in names)
    return f"{', '.join(first)} and {last}" if first else last
