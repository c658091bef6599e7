"""What pip is told on this machine, by files and variables; and the same for uv, so that one setting up serves both."""

from __future__ import annotations

import configparser
import os
import sys
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
    """Return the variables that make uv use the indexes that pip uses here; what is set for uv itself wins."""
    settings = pip_options(environ)
    chosen = {name: _for_uv(option, settings[option]) for option, name in UV_NAMES.items() if option in settings}
    if "UV_INDEX" in chosen:
        # pip takes the best version from all its indexes; uv by default stops at the first that has the package.
        chosen["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in chosen.items() if name not in environ}


def pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what `pip install` is told here: option -> value, lists separated by single blanks.

    The strongest wins, as in pip: PIP_* variables, then the section [install] of all files, then [global]; within a
    section the strongest file. An empty value says nothing.
    """
    return {option: value for option, (value, _) in _told(environ).items()}


def option_sources(environ: Mapping[str, str]) -> dict[str, str]:
    """Return option -> the file or variable that says what `pip_options` returns for it."""
    return {option: source for option, (_, source) in _told(environ).items()}


def _told(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return option -> its value, and the file or variable that it stands in."""
    parsers = [(str(file), _read_config(file)) for file in config_files(environ)]
    told = [
        (name, value, file)
        for section in ("global", "install")
        for file, parser in parsers
        if section in parser
        for name, value in parser.items(section)
    ]
    told += [(name[4:], value, name) for name, value in environ.items() if name.startswith("PIP_")]
    return {_option_name(name): (" ".join(value.split()), source) for name, value, source in told if value.strip()}


def config_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the pip.conf files that exist and that pip reads, the weakest first.

    PIP_CONFIG_FILE replaces the user's own files; os.devnull as its value makes pip read no file at all.
    """
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    site_wide = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    folders = [*(Path(folder, "pip") for folder in site_wide), Path("/Library/Application Support/pip"), Path("/etc")]
    if not (named and Path(named).exists()):
        folders += _user_folders(environ)
    folders.append(Path(environ.get("VIRTUAL_ENV") or sys.prefix))
    candidates = [*(folder / "pip.conf" for folder in folders), *([Path(named)] if named else [])]
    yield from (file for file in candidates if file.is_file())


def _user_folders(environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME", "~")).expanduser()
    of_macos = home / "Library" / "Application Support" / "pip"
    current = of_macos if of_macos.is_dir() else Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"
    return [home / ".pip", current]


def _read_config(file: Path) -> configparser.RawConfigParser:
    """Return the file's sections; none where it cannot be read."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        return configparser.RawConfigParser()
    return parser


def _option_name(name: str) -> str:
    """Return pip's own spelling: `PIP_DEFAULT_TIMEOUT`, `default_timeout` and `timeout` are the same option."""
    spelled = name.lower().replace("_", "-").removeprefix("--")
    return "timeout" if spelled == "default-timeout" else spelled


def _for_uv(option: str, value: str) -> str:
    """Join pip's blank-separated lists as uv expects them: find-links by commas, the others by blanks."""
    return value.replace(" ", ",") if option == "find-links" else value
