"""From a file's bytes to its text, as pip reads requirements files.

A byte order mark decides; else a `# -*- coding: NAME -*-` comment in the first two lines (PEP 263); else UTF-8.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError

# UTF-32 before UTF-16: the little-endian mark of UTF-16 is the beginning of that of UTF-32.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CODING_COMMENT = re.compile(rb"coding[:=]\s*([-\w.]+)")
SAVE_AS_UTF8 = "Save the file as UTF-8."


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A file's text, and what it takes to write it back: the encoding, and the mark that stood before it."""

    text: str
    encoding: str
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Return `text` as bytes in the way of the file that this text came from."""
        return self.mark + text.encode(self.encoding)


def read_text(file: Path) -> DecodedText:
    """Read and decode a requirements file; HarnessError when it cannot be read or is not text."""
    try:
        if file.is_dir():
            raise HarnessError(
                "This is a folder, not a requirements file.", remedy="Name the file itself.", file=str(file)
            )
        if not file.exists():
            raise HarnessError(
                "There is no such requirements file.", remedy="Check the path for typing errors.", file=str(file)
            )
        if not file.is_file():
            raise HarnessError("This is not a regular file.", remedy="Name a text file.", file=str(file))
        data = file.read_bytes()
    except OSError as error:
        raise HarnessError(
            f"The file cannot be read: {error.strerror or error}.",
            remedy="Give yourself permission to read it.",
            file=str(file),
        ) from error
    return decode(data, str(file))


def decode(data: bytes, file: str) -> DecodedText:
    """Decode the bytes of a requirements file; HarnessError names the line of the first byte that does not fit."""
    mark, encoding = _encoding_of(data)
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line_number = len((body[: error.start].decode(encoding, "replace") + "x").splitlines())
        raise HarnessError(
            f"The file is not valid {encoding.upper()} text: byte 0x{body[error.start]:02x} on this line does not fit.",
            remedy="Save the file as UTF-8, or name its encoding in a first line such as `# -*- coding: latin-1 -*-`.",
            file=file,
            line=line_number,
        ) from error
    except (LookupError, UnicodeError) as error:
        raise HarnessError(
            f"The comment at the top names the encoding {encoding!r}, which Python cannot read text with.",
            remedy=f"{SAVE_AS_UTF8[:-1]} and remove the comment.",
            file=file,
            line=1,
        ) from error
    if not mark and text.count("\0") * 3 > len(text):
        raise HarnessError(
            "The file looks like UTF-16 or UTF-32 without a byte order mark, which pip cannot read.",
            remedy=SAVE_AS_UTF8,
            file=file,
            line=1,
        )
    return DecodedText(text, encoding, mark)


def _encoding_of(data: bytes) -> tuple[bytes, str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return mark, encoding
    for line in data.split(b"\n", 2)[:2]:
        named = CODING_COMMENT.search(line) if line.startswith(b"#") else None
        if named:
            return b"", named[1].decode("ascii")
    return b"", "utf-8"
