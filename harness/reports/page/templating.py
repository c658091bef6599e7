"""Templates and static files of rooms that show pages: each has them in `templates/`, `static/` and `vendored/`."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cache import cache_folder

if TYPE_CHECKING:
    from jinja2 import Environment

ROOM = Path(__file__).parent
_STATIC = ("static", "vendored")


@cache
def template_environment(*rooms: Path) -> Environment:
    """Return the templates of the rooms, in which what is escaped is everything that is not marked as markup.

    rooms: folders that come before this one, where one template has the name of another.
    In a template, `static_text("base.css")` is the text of a file of the rooms, to stand in `<style>` or `<script>`.
    """
    from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    searched = (*rooms, ROOM)
    # Compiling the templates takes longer than filling them; where the cache cannot be written, they are compiled anew.
    compiled = cache_folder() / "templates"
    with suppress(OSError):
        compiled.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        loader=FileSystemLoader([room / "templates" for room in searched]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        bytecode_cache=FileSystemBytecodeCache(str(compiled)) if os.access(compiled, os.W_OK) else None,
    )
    # Files of ours, which hold neither `</script` nor `</style`.
    environment.globals["static_text"] = lambda name: Markup(static_file(name, *rooms).read_text("utf-8"))  # noqa: S704
    return environment


def static_file(name: str, *rooms: Path) -> Path:
    """Return the path of a static or vendored file of the rooms or this one; raises KeyError where there is none."""
    for room in (*rooms, ROOM):
        for folder in _STATIC:
            if (room / folder / name).is_file():
                return room / folder / name
    raise KeyError(name)
