"""A Dockerfile with a layer of Debian packages added, before whatever its last stage does."""

from __future__ import annotations

from collections.abc import Sequence

from harness.backends.docker.dockerfiles.text import Dockerfile, Instruction, escape_character

# What only sets values: a layer below these would be the same one.
_SETS_VALUES = ("ARG", "ENV", "LABEL", "MAINTAINER", "SHELL", "USER", "STOPSIGNAL")
_ROOT = ("root", "0")
_INSTALL = """# Before Python's packages, so that these can be built from source with them.
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \\
{packages}
    && rm -rf /var/lib/apt/lists/*
"""


def with_debian_packages(dockerfile: Dockerfile, packages: Sequence[str]) -> str:
    """Return the text with an instruction that installs the packages, at the beginning of its last stage.

    It runs as root; where the Dockerfile has chosen another user before, that one is chosen again after it.
    """
    lines = dockerfile.text.split("\n")
    stage = dockerfile.stages({})[-1]
    following = [found for found in dockerfile.instructions if found.line > stage.start.line]
    first = next((found for found in following if found.keyword not in _SETS_VALUES), None)
    place = _above_comments(lines, first.line - 1) if first else len("\n".join(lines).rstrip().split("\n"))
    before = [found for found in dockerfile.instructions if found.line - 1 < place]
    user = _user(dockerfile, before)
    layer = _INSTALL.format(packages="\n".join(f"        {package} \\" for package in packages))
    if user is not None and user.split(":")[0] not in _ROOT:
        layer = f"USER root\n{layer}USER {user}\n"
    escape = escape_character(lines)
    added = layer.replace("\\\n", f"{escape}\n").rstrip("\n").split("\n")
    head, rest = lines[:place], lines[place:]
    return "\n".join([*head, *([] if not head[-1].strip() else [""]), *added, "", *rest]).rstrip("\n") + "\n"


def _above_comments(lines: list[str], place: int) -> int:
    """Return where the comment begins that belongs to the instruction at `place`."""
    while place > 0 and lines[place - 1].lstrip().startswith("#"):
        place -= 1
    return place


def _user(dockerfile: Dockerfile, instructions: Sequence[Instruction]) -> str | None:
    """Return who runs what follows these instructions, as the file says; None where it says nothing.

    A stage goes on with the user of the one that it is built on; the user of an image is not known here.
    """
    stages = dockerfile.stages({})
    users: list[str | None] = []
    for instruction in instructions:
        if instruction.keyword == "FROM":
            below = stages[len(users)].below
            users.append(users[below] if below is not None else None)
        elif instruction.keyword == "USER" and users:
            users[-1] = instruction.arguments.strip()
    return users[-1]
