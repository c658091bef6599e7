"""What is fetched from an index, and the word that it could not be."""

from __future__ import annotations

from dataclasses import dataclass


class Refused(Exception):
    """The document cannot be had; the text says why, without credentials."""


@dataclass(frozen=True, slots=True)
class Document:
    """What an index answered. url: where it lies after redirects."""

    content: bytes
    content_type: str
    url: str
