"""Hand pip's own index settings on to uv, so that a machine set up for pip needs no second setting up."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

# pip's option -> uv's environment variable. Source: pip's "Configuration" page and uv's "Environment variables" page.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make uv use the indexes that pip uses here; what is set for uv itself wins.

    pip's precedence is kept: PIP_* variables, then the virtualenv's or user's pip.conf, then the site-wide one.
    """
    settings: dict[str, str] = {}
    for file in config_files(environ):
        settings.update(_read_config(file))
    for option in UV_NAMES:
        from_environment = environ.get(f"PIP_{option.upper().replace('-', '_')}")
        if from_environment is not None:
            settings[option] = from_environment
    chosen = {UV_NAMES[option]: _for_uv(option, value) for option, value in settings.items() if value.strip()}
    if "UV_INDEX" in chosen:
        # pip takes the best version from all its indexes; uv by default stops at the first that has the package.
        chosen["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in chosen.items() if name not in environ}


def config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the pip.conf files that exist, the weakest first."""
    home = Path(environ.get("HOME", "~")).expanduser()
    candidates = [
        Path("/etc/pip.conf"),
        Path("/Library/Application Support/pip/pip.conf"),
        home / ".pip" / "pip.conf",
        Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf",
    ]
    if "PIP_CONFIG_FILE" in environ:
        if environ["PIP_CONFIG_FILE"] == os.devnull:
            return
        candidates.append(Path(environ["PIP_CONFIG_FILE"]))
    yield from (file for file in candidates if file.is_file())


def _read_config(file: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    sections = [section for section in ("global", "install") if parser.has_section(section)]
    return {option: value for section in sections for option, value in parser.items(section) if option in UV_NAMES}


def _for_uv(option: str, value: str) -> str:
    """Join pip's blank-separated lists as uv expects them: find-links by commas, the others by blanks."""
    separator = "," if option == "find-links" else " "
    return separator.join(value.split())
