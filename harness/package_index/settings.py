"""Where this machine's pip finds packages, and how it gets there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.builds.host_settings import read_host_settings
from harness.builds.pip_settings import pip_options

READ_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class IndexAddress:
    """One index. url: without credentials, with a slash at its end. login: user name and password, of the URL."""

    url: str
    login: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """The indexes in pip's order, and the connection to them.

    ca_bundle, client_cert: files; None means the client's own bundle, and no certificate. trusted_hosts: `host` or
    `host:port` whose certificates are not verified. proxy: for all schemes; None leaves it to the usual variables.
    read_seconds: how long to wait for an answer.
    """

    addresses: tuple[IndexAddress, ...]
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    trusted_hosts: frozenset[str] = frozenset()
    proxy: str | None = field(default=None, repr=False)
    read_seconds: float = READ_SECONDS


def read_index_settings(environ: Mapping[str, str]) -> IndexSettings:
    """Return what pip is told on this machine; no address where it is told to use no index.

    Folders that pip looks into for single files (find-links) are left out.
    """
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    options = pip_options(environ)
    host = read_host_settings(environ)
    urls = [*options.get("index-url", PYPI_SIMPLE_ENDPOINT).split(), *options.get("extra-index-url", "").split()]
    use_none = options.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    return IndexSettings(
        () if use_none else tuple(dict.fromkeys(map(_address, urls))),
        host.ca_bundle,
        host.client_cert,
        frozenset(options.get("trusted-host", "").split()),
        options.get("proxy"),
        min(READ_SECONDS, _seconds(options.get("timeout"))),
    )


def _address(url: str) -> IndexAddress:
    if "://" not in url and not url.startswith("file:"):
        url = Path(url).expanduser().absolute().as_uri()
    credentials = re.match(r"(?P<scheme>\w[\w+.-]*://)(?P<login>[^/?#]*)@", url)
    login = None
    if credentials:
        name, _, password = credentials["login"].partition(":")
        login = (unquote(name), unquote(password))
        url = credentials["scheme"] + url[credentials.end() :]
    return IndexAddress(url.rstrip("/") + "/", login)


def _seconds(timeout: str | None) -> float:
    try:
        seconds = float(timeout or READ_SECONDS)
    except ValueError:
        return READ_SECONDS
    return seconds if seconds > 0 else READ_SECONDS


def host_of(url: str) -> str:
    """Return `host` or `host:port` of a URL without credentials; empty where it has none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
