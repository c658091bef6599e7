"""A Dockerfile, read as far as building it from outside needs: its instructions, its stages, the images below them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.environments import DOCKERFILE
from harness.errors import HarnessError

SCRATCH = "scratch"
_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"\d*<<-?(['\"]?)([A-Za-z_][\w.]*)\1")
_VARIABLE = re.compile(r"\\\$|\$\{(?P<braced>\w+)(?::(?P<sign>[-+])(?P<other>(?:[^{}]|\{[^}]*\})*))?\}|\$(?P<bare>\w+)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """keyword: in capitals. arguments: all that follows on its lines, joined. line, last_line: counted from 1."""

    keyword: str
    arguments: str
    line: int
    last_line: int
    has_heredoc: bool = False

    def __str__(self) -> str:
        return f"{self.keyword} {self.arguments}"


@dataclass(frozen=True, slots=True)
class Stage:
    """What follows a FROM.

    image: what it names, variables resolved. below: the earlier stage that it names instead. variables: those in the
    name, which a build argument can change. name: its own; `stage-1` for the second where it has none.
    """

    start: Instruction
    image: str
    below: int | None
    variables: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """path: of the file, as the user knows it."""

    path: Path
    text: str
    instructions: tuple[Instruction, ...]

    @property
    def needs_buildkit(self) -> bool:
        """Tell whether it is written in what the classic builder does not know."""
        return any(
            instruction.has_heredoc or (instruction.keyword == "RUN" and instruction.arguments.startswith("--"))
            for instruction in self.instructions
        )

    def stages(self, build_args: Mapping[str, str]) -> tuple[Stage, ...]:
        """Return the stages in their order; an argument's default counts where `build_args` does not have it."""
        values: dict[str, str] = {}
        stages: list[Stage] = []
        numbers: dict[str, int] = {}
        for instruction in self.instructions:
            if instruction.keyword == "ARG" and not stages:
                for argument, default in _declared(instruction.arguments):
                    values[argument] = build_args.get(argument, expand(default, values))
            elif instruction.keyword == "FROM":
                written, given_name = _image_and_name(instruction.arguments)
                image = expand(written, values)
                variables = tuple(found["braced"] or found["bare"] for found in _VARIABLE.finditer(written))
                name = given_name or f"stage-{len(stages)}"
                stages.append(Stage(instruction, image, numbers.get(image.lower()), variables, name))
                if given_name:
                    numbers[given_name.lower()] = len(stages) - 1
        return tuple(stages)

    def instructions_of(self, stage_name: str | None) -> tuple[Instruction, ...]:
        """Return the instructions of a stage with its FROM; without a name those of the only one."""
        stages = self.stages({})
        starts = [stage.start.line for stage in stages] + [self.instructions[-1].line + 1]
        numbers = [number for number, stage in enumerate(stages) if stage_name in (None, stage.name)]
        first, end = (starts[numbers[0]], starts[numbers[0] + 1]) if numbers else (0, 0)
        return tuple(found for found in self.instructions if first <= found.line < end)

    def variables_set(self) -> frozenset[str]:
        """Return the environment variables that an ENV instruction sets itself."""
        names: set[str] = set()
        for instruction in self.instructions:
            if instruction.keyword == "ENV":
                pairs = re.findall(r"(?:^|\s)(\w+)=", instruction.arguments)
                names.update(pairs or instruction.arguments.split()[:1])
        return frozenset(names)

    def rewritten(self, images: Mapping[Instruction, str], run_flags: str) -> str:
        """Return the text with other images in these FROM instructions and flags in each RUN, line for line."""
        lines = self.text.split("\n")
        for instruction in self.instructions:
            first = instruction.line - 1
            if instruction in images:
                words = instruction.arguments.split()
                words[_place_of_image(words)] = images[instruction]
                empty = [""] * (instruction.last_line - instruction.line)
                lines[first : instruction.last_line] = [f"FROM {' '.join(words)}", *empty]
            elif instruction.keyword == "RUN" and run_flags:
                lines[first] = re.sub(r"(?i)^(\s*RUN)", rf"\1 {run_flags}", lines[first])
        return "\n".join(lines)


def read_dockerfile(folder: Path) -> Dockerfile:
    """Return the folder's Dockerfile. Raises HarnessError where it cannot be read or has no FROM."""
    path = folder / DOCKERFILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessError(
            "the Dockerfile cannot be read", file=str(path), remedy="Make it a readable UTF-8 file."
        ) from error
    dockerfile = Dockerfile(path, text, tuple(_instructions(text.split("\n"))))
    if not any(instruction.keyword == "FROM" for instruction in dockerfile.instructions):
        raise HarnessError("no FROM in it", file=str(path), remedy="Begin the Dockerfile with a base image: FROM ....")
    return dockerfile


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return the text with $NAME, ${NAME}, ${NAME:-default} and ${NAME:+other} replaced, as FROM does it."""

    def value(found: re.Match[str]) -> str:
        name = found["braced"] or found["bare"]
        if name is None:
            return "$"
        current = values.get(name, "")
        if found["sign"] == "-":
            return current or expand(found["other"], values)
        if found["sign"] == "+":
            return expand(found["other"], values) if current else ""
        return current

    return _VARIABLE.sub(value, text)


def _declared(arguments: str) -> Iterator[tuple[str, str]]:
    """Yield the names and defaults of an ARG instruction."""
    try:
        words = shlex.split(arguments)
    except ValueError:
        words = arguments.split()
    for word in words:
        name, _, default = word.partition("=")
        yield name, default


def _image_and_name(arguments: str) -> tuple[str, str | None]:
    words = arguments.split()
    image, *rest = words[_place_of_image(words) :] or [""]
    return image, rest[1] if len(rest) == 2 and rest[0].lower() == "as" else None


def _place_of_image(words: list[str]) -> int:
    return next((place for place, word in enumerate(words) if not word.startswith("--")), len(words))


def _instructions(lines: list[str]) -> Iterator[Instruction]:
    escape = escape_character(lines)
    continued = re.compile(re.escape(escape) + r"\s*$")
    number = 0
    while number < len(lines):
        first = number
        parts: list[str] = []
        more = True
        while more and number < len(lines):
            line = lines[number]
            number += 1
            if line.lstrip().startswith("#") or (parts and not line.strip()):
                more = bool(parts)
                continue
            more = continued.search(line) is not None
            parts.append(continued.sub("", line) if more else line)
        words = "".join(parts).strip().split(maxsplit=1)
        if not words:
            continue
        keyword, arguments = words[0].upper(), words[1] if len(words) > 1 else ""
        last = _end_of_heredocs(lines, number, arguments) if keyword in ("RUN", "COPY", "ADD") else number
        yield Instruction(keyword, arguments, first + 1, last, last > number)
        number = last


def _end_of_heredocs(lines: list[str], number: int, arguments: str) -> int:
    """Return where the next instruction can begin: after the heredocs that the arguments open, if they open any."""
    for word in arguments.split():
        found = _HEREDOC.fullmatch(word)
        ends = [place for place in range(number, len(lines)) if found and lines[place].strip("\t\r") == found[2]]
        number = ends[0] + 1 if ends else number
    return number


def escape_character(lines: list[str]) -> str:
    """Return the character that continues a line: a parser directive at the very top may choose it."""
    for line in lines:
        found = _DIRECTIVE.match(line)
        if found is None:
            break
        if found[1].lower() == "escape":
            return found[2]
    return "\\"
