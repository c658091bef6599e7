"""What one can choose of a new task. No import beyond the standard library: the command line's help needs this."""

from __future__ import annotations

from enum import StrEnum


class Style(StrEnum):
    """How custom.py is written: as hooks, or as a class on one of the platform's interfaces."""

    FUNCTIONS = "functions"
    CLASS = "class"


class Language(StrEnum):
    """The languages that the platform has tasks in."""

    PYTHON = "python"
    R = "r"
