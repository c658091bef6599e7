"""The machine itself: Python, memory, text, terminal, file watching, optional packages, R."""

from __future__ import annotations

import importlib.util
import locale
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.checks.wording import size_text
from harness.doctor.model import Fact, missing, ok, warn
from harness.settings import SMALLEST_MEMORY_BYTES
from harness.version import __version__

INOTIFY = Path("/proc/sys/fs/inotify")
# A watched folder takes one watch, an editor or a browser takes many of the same user's.
FEWEST_WATCHES = 8192
FEWEST_INSTANCES = 64
# What a small task and its libraries need beside the harness.
LITTLE_MEMORY_BYTES = 2 * 1024**3
EXTRAS = {"pyarrow": ("arrow", "Parquet and Arrow data"), "psycopg": ("postgres", "PostgreSQL for harness serve")}


def probe_harness() -> Iterator[Fact]:
    """Tell the harness's version and the Python that it runs with."""
    python = platform.python_version()
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield ok("harness", f"{__version__}, Python {python}, {system}", version=__version__, python=python)
    for module, (extra, purpose) in EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield warn(
                f"extra_{extra}", f"not installed: {purpose} cannot be used", f"pip install 'task-harness[{extra}]'."
            )
        else:
            yield ok(f"extra_{extra}", f"installed: {purpose}")


def probe_memory() -> Iterator[Fact]:
    """Tell processors and memory."""
    import psutil

    memory = psutil.virtual_memory()
    message = f"{size_text(memory.available)} of {size_text(memory.total)} free, {os.cpu_count() or 1} processors"
    details = {"availableBytes": memory.available, "totalBytes": memory.total, "processors": os.cpu_count()}
    if memory.available < SMALLEST_MEMORY_BYTES * 2 or memory.total < LITTLE_MEMORY_BYTES:
        yield warn("memory", message, "Close other programs: little data only can be tried here.", **details)
    else:
        yield ok("memory", message, **details)


def probe_text(environ: Mapping[str, str]) -> Iterator[Fact]:
    """Tell whether text is UTF-8, and what the terminal can show."""
    encodings = {sys.getfilesystemencoding().lower(), locale.getencoding().lower(), _output_encoding()}
    named = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "not set"
    if encodings <= {"utf-8", "utf8"}:
        yield ok("locale", f"UTF-8 (locale {named})")
    else:
        yield warn("locale", f"{', '.join(sorted(encodings))} (locale {named})", "Set LC_ALL=C.UTF-8 or PYTHONUTF8=1.")
    is_terminal = sys.stdout.isatty()
    size = shutil.get_terminal_size()
    colour = "without colour" if environ.get("NO_COLOR") or environ.get("TERM") == "dumb" else "with colour"
    shown = (
        f"{environ.get('TERM') or 'unknown'}, {size.columns} columns, {colour}" if is_terminal else "none: plain text"
    )
    yield ok("terminal", shown, isTerminal=is_terminal)


def _output_encoding() -> str:
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower()


def probe_watching(folder: Path = INOTIFY) -> Iterator[Fact]:
    """Tell whether the kernel lets folders be watched, which `--watch` needs. folder: of the kernel's limits."""
    try:
        watches = int((folder / "max_user_watches").read_text(encoding="ascii"))
        instances = int((folder / "max_user_instances").read_text(encoding="ascii"))
    except (OSError, ValueError):
        yield ok("file_watching", "no inotify here: this system's own notices are used")
        return
    message = f"inotify: {watches:,} watches, {instances:,} instances a user"
    if watches < FEWEST_WATCHES or instances < FEWEST_INSTANCES:
        yield warn(
            "file_watching",
            message,
            "Raise them: sysctl fs.inotify.max_user_watches=65536 fs.inotify.max_user_instances=256.",
        )
    else:
        yield ok("file_watching", message, watches=watches, instances=instances)


def probe_r(environ: Mapping[str, str]) -> Iterator[Fact]:
    """Tell of R, in which tasks can be written, but not yet run here."""
    found = shutil.which("Rscript", path=environ.get("PATH"))
    where = f"Rscript at {found}" if found else "no Rscript"
    yield missing(
        "r", f"R tasks are not supported by the backends ({where})", "Judge their requirements with 'harness deps'."
    )
