"""model-metadata.yaml as a tree of places: strictly read, every value a text, every node with line and column.

The platform reads the file with a strict YAML reader: no flow style, no anchors, aliases or tags, no duplicate
keys, one indentation for the mappings under one mapping, and every scalar is the text as written. The same rules are
kept here, on top of PyYAML's scanner and composer, so that each violation can be named with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import yaml

from harness.findings import Finding, Severity
from harness.tasks.nearest import nearest


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the file; `line` and `column` count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A value as written; an absent value (`name:`) is the empty text."""

    text: str


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    """Entries in the order of the file, each key once."""

    entries: tuple[Entry, ...]

    def get(self, key: str) -> Node | None:
        return next((entry.value for entry in self.entries if entry.key.text == key), None)

    def names(self) -> tuple[str, ...]:
        return tuple(entry.key.text for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Violations:
    """Collects what is wrong with one file, so that everything can be shown at once."""

    file: str
    found: list[Finding] = field(default_factory=list)

    def error(self, node: Node, message: str, remedy: str) -> None:
        self.found.append(Finding(message, remedy, self.file, node.line, node.column))

    def warning(self, node: Node, message: str, remedy: str) -> None:
        self.found.append(Finding(message, remedy, self.file, node.line, node.column, Severity.WARNING))

    def in_order(self) -> tuple[Finding, ...]:
        return tuple(sorted(self.found, key=lambda finding: (finding.line or 0, finding.column or 0)))


def read_yaml(content: bytes, violations: Violations) -> Node | None:
    """Return the root of the document, or None where it cannot be read; what is wrong goes to `violations`."""
    text = _decode(content, violations)
    if text is None:
        return None
    try:
        usable = _refuse_tokens(text, violations)
        composed = yaml.compose(text, Loader=yaml.SafeLoader) if usable else None
        if composed is None:
            if usable:
                place = Node(1, 1)
                violations.error(place, "The file is empty.", "Write at least name, type and targetType, or delete it.")
            return None
        root = _convert(composed, violations)
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, violations)
        return None
    except RecursionError:
        violations.error(Node(1, 1), "The file is nested too deeply to be read.", "Write fewer levels.")
        return None
    _judge_indentation(root, violations)
    return root


def _decode(content: bytes, violations: Violations) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8-sig", "replace"))
        problem = f"The byte 0x{content[error.start]:02x} is not UTF-8 text."
        violations.error(Node(line, column), problem, "Save the file as UTF-8.")
        return None
    unprintable = yaml.SafeLoader.NON_PRINTABLE.search(text)
    if unprintable:
        line, column = _place(text[: unprintable.start()])
        problem = f"The character U+{ord(unprintable.group()):04X} is not allowed in YAML."
        violations.error(Node(line, column), problem, "Delete the character.")
        return None
    return text


def _place(text_before: str) -> tuple[int, int]:
    """Return line and column, from 1, of what follows the text; a line ends with LF, CR LF or CR."""
    lines = text_before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines), len(lines[-1]) + 1


_REFUSED_TOKENS: dict[type[yaml.Token], tuple[str, str]] = {
    yaml.FlowSequenceStartToken: (
        "A list in square brackets is refused by the platform's strict reader.",
        "Write each value on a line of its own, after a dash.",
    ),
    yaml.FlowMappingStartToken: (
        "A mapping in curly braces is refused by the platform's strict reader.",
        "Write each key on an indented line of its own.",
    ),
    yaml.AnchorToken: (
        "An anchor (&) is refused by the platform's strict reader.",
        "Write the value where it is needed, or put quotes around a text that starts with &.",
    ),
    yaml.AliasToken: (
        "An alias (*) is refused by the platform's strict reader.",
        "Write the value out, or put quotes around a text that starts with *.",
    ),
    yaml.TagToken: (
        "A tag (!) is refused by the platform's strict reader.",
        "Delete the tag, or put quotes around a text that starts with !.",
    ),
}


def _refuse_tokens(text: str, violations: Violations) -> bool:
    """Report the outermost flow collections, anchors, aliases and tags; tell whether composing is safe.

    An anchor may make the tree a circle, so that a file with one is not composed.
    """
    depth = 0
    linked = False
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        opens = isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken)
        if type(token) in _REFUSED_TOKENS and not (opens and depth):
            place = Node(token.start_mark.line + 1, token.start_mark.column + 1)
            violations.error(place, *_REFUSED_TOKENS[type(token)])
        if opens:
            depth += 1
        elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            depth -= 1
        linked = linked or isinstance(token, yaml.AnchorToken | yaml.AliasToken)
    return not linked


# What PyYAML's scanner, parser and composer say (a part of it), and how a person would put it.
_SYNTAX_PROBLEMS: tuple[tuple[str, str, str], ...] = (
    (
        "found character '\\t'",
        "A tab stands where YAML allows only spaces.",
        "Replace the tab with spaces.",
    ),
    (
        "that cannot start any token",
        "A value may not start with this character.",
        "Put quotes around the value.",
    ),
    (
        "mapping values are not allowed",
        "A colon stands where no key can be.",
        "Put quotes around a value that contains a colon and a space, and align the keys of one mapping.",
    ),
    (
        "could not find expected ':'",
        "The line before is not of the form `key: value`.",
        "Write a colon and a space after the key, and indent the further lines of a value.",
    ),
    (
        "expected <block end>",
        "The indentation of this line does not fit the lines above.",
        "Indent the keys of one mapping, and the dashes of one list, equally.",
    ),
    (
        "found unexpected end of stream",
        "A quoted value has no closing quote.",
        "Close the quote.",
    ),
    (
        "found unexpected document separator",
        "A quoted value has no closing quote before the document separator.",
        "Close the quote.",
    ),
    (
        "unknown escape character",
        "A backslash in double quotes starts an escape that YAML does not know.",
        "Double the backslash, or use single quotes.",
    ),
    (
        "but found another document",
        "A second document starts here, and the platform reads only one.",
        "Delete the separator line `---` and merge the documents.",
    ),
    (
        "expected '<document start>'",
        "A line that starts with % is a YAML directive.",
        "Put quotes around a value that starts with %.",
    ),
)


def _report_syntax(error: yaml.MarkedYAMLError, violations: Violations) -> None:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context)
    if "unexpected end of stream" in problem and error.context_mark:
        mark = error.context_mark  # the quote that was left open, not the end of the file
    place = Node(mark.line + 1, mark.column + 1) if mark else Node(1, 1)
    for part, message, remedy in _SYNTAX_PROBLEMS:
        if part in problem:
            violations.error(place, message, remedy)
            return
    violations.error(place, f"The file is not valid YAML here: {problem}.", "Correct the line.")


def _convert(node: yaml.Node, violations: Violations) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, yaml.MappingNode):
        return Mapping(line, column, tuple(_entries(node, violations)))
    if isinstance(node, yaml.SequenceNode):
        return Sequence(line, column, tuple(_convert(item, violations) for item in node.value))
    return Scalar(line, column, str(node.value))


def _entries(node: yaml.MappingNode, violations: Violations) -> Iterator[Entry]:
    first_lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key = _convert(key_node, violations)
        value = _convert(value_node, violations)
        if not isinstance(key, Scalar):
            violations.error(key, "A list or mapping cannot be a key.", "Write a plain word before the colon.")
        elif key.text in first_lines:
            problem = f'The key "{key.text}" stands here a second time, after line {first_lines[key.text]}.'
            violations.error(key, problem, "Keep one of the two.")
        else:
            first_lines[key.text] = key.line
            yield Entry(key, value)


def _judge_indentation(node: Node, violations: Violations) -> None:
    """Report mappings that are indented otherwise than the mapping under an earlier key beside theirs.

    Lists and their items may be indented freely. Observed on the strict reader that the platform uses.
    """
    if isinstance(node, Sequence):
        for item in node.items:
            _judge_indentation(item, violations)
    if not isinstance(node, Mapping):
        return
    indented = [entry.value for entry in node.entries if entry.value.line > entry.key.line]
    mappings = [value for value in indented if isinstance(value, Mapping)]
    for mapping in mappings[1:]:
        first = mappings[0]
        if mapping.column != first.column:
            problem = (
                f"This is indented by {mapping.column - 1} spaces and line {first.line} by {first.column - 1}; "
                "the platform's strict reader wants the same indentation."
            )
            violations.error(mapping, problem, f"Indent it by {first.column - 1} spaces.")
    for value in indented:
        _judge_indentation(value, violations)


def expect_mapping(node: Node, what: str, known: Iterable[str], violations: Violations) -> Mapping | None:
    """Return the node as a mapping, reporting what else it is and which of its keys are not known."""
    known = tuple(known)
    if not isinstance(node, Mapping):
        problem = f"{what} must be a mapping of keys, but this is {kind(node)}."
        violations.error(node, problem, f"Write indented `key: value` lines with the keys {', '.join(known)}.")
        return None
    report_unknown_keys(node, what, known, violations)
    return node


def report_unknown_keys(mapping: Mapping, what: str, known: Iterable[str], violations: Violations) -> None:
    known = tuple(known)
    for entry in mapping.entries:
        key = entry.key.text
        if key in known:
            continue
        suggestion = nearest(key, (name for name in known if name not in mapping.names()))
        remedy = f'Rename it to "{suggestion}".' if suggestion else f"Delete it; known are {', '.join(known)}."
        problem = f'"{key}" is no key of {what}; the platform\'s strict reader refuses unknown keys.'
        violations.warning(entry.key, problem, remedy)


def expect_items(node: Node, what: str, violations: Violations) -> tuple[Node, ...]:
    """Return the items of a list, reporting anything else."""
    if isinstance(node, Sequence):
        return node.items
    problem = f"{what} must be a list, but this is {kind(node)}."
    violations.error(node, problem, "Write each item on a line of its own, after a dash.")
    return ()


def expect_text(node: Node, what: str, violations: Violations) -> Scalar | None:
    """Return a single value that is not empty, reporting anything else."""
    if not isinstance(node, Scalar):
        violations.error(node, f"{what} must be one value, but this is {kind(node)}.", "Write one value.")
        return None
    if not node.text.strip():
        violations.error(node, f"{what} is empty.", "Write a value after the colon, or delete the key.")
        return None
    return node


def required(mapping: Mapping, key: str, what: str, violations: Violations) -> Node | None:
    """Return the value of a key that must be there, reporting its absence at the mapping's first line."""
    value = mapping.get(key)
    if value is None:
        written = nearest(key, mapping.names())
        remedy = f'Rename "{written}" to "{key}".' if written else f'Add a line "{key}: …".'
        violations.error(mapping, f'{what} has no "{key}".', remedy)
    return value


def kind(node: Node) -> str:
    """Name what a node is, for messages."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return f'the text "{node.text}"' if isinstance(node, Scalar) and node.text else "empty"
