"""Fetch single documents of a package index, over the network or from a folder, as this machine's pip would."""

from __future__ import annotations

import re
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname
from zipfile import ZipFile

import requests
import urllib3
from remotezip import RemoteZip

from harness.package_index.documents import Document, Refused
from harness.package_index.settings import IndexSettings, host_of
from harness.version import __version__

CONNECT_SECONDS = 3.0


class Connection:
    """One session for all indexes. A login goes only to the host whose address it stands in; netrc is asked, too."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._logins = {host_of(address.url): address.login for address in settings.addresses if address.login}
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"task-harness/{__version__}"
        if settings.client_cert:
            self._session.cert = str(settings.client_cert)
        if settings.trusted_hosts:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def fetch(self, url: str, accept: str = "*/*") -> Document | None:
        """Return the document, None where there is none; Refused where nobody can tell."""
        if url.startswith("file:"):
            return _read_local(url)
        host = host_of(url)
        try:
            answer = self._session.get(url, headers={"Accept": accept}, **self._options(url))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Refused(f"{host or 'the index'} cannot be reached ({type(error).__name__})") from error
        if answer.status_code == requests.codes.not_found:
            return None
        if answer.status_code != requests.codes.ok:
            raise Refused(f"{host} answers {answer.status_code}")
        return Document(answer.content, answer.headers.get("Content-Type", ""), answer.url)

    def fetch_from_wheel(self, url: str) -> bytes:
        """Return the metadata inside a wheel, of which only the parts that are needed are fetched.

        Raises what the client or the archive's reader raise: a wheel may be anything.
        """
        if url.startswith("file:"):
            with ZipFile(_path_of(url)) as wheel:
                return _read_metadata(wheel)
        with RemoteZip(url, session=self._session, **self._options(url)) as wheel:
            return _read_metadata(wheel)

    def _options(self, url: str) -> dict[str, Any]:
        ca_bundle = str(self._settings.ca_bundle) if self._settings.ca_bundle else True
        proxy = self._settings.proxy
        return {
            "auth": self._logins.get(host_of(url)),
            "timeout": (CONNECT_SECONDS, self._settings.read_seconds),
            "verify": False if self._is_trusted(url) else ca_bundle,
            "proxies": {"http": proxy, "https": proxy} if proxy else None,
        }

    def _is_trusted(self, url: str) -> bool:
        host = host_of(url)
        return bool({host, host.rpartition(":")[0]} & self._settings.trusted_hosts)


def _read_local(url: str) -> Document | None:
    """Read a file, or the page that stands for a folder. Source: pip, which adds index.html to a folder's address."""
    path = _path_of(url)
    file = path / "index.html" if url.endswith("/") else path
    try:
        return Document(file.read_bytes(), "text/html", file.as_uri())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise Refused(f"{file.name} of a local index cannot be read") from error


def _path_of(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def _read_metadata(wheel: ZipFile) -> bytes:
    """Read the one file METADATA at the top of a wheel. Source: the binary distribution format (PEP 427)."""
    name = next((name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)), None)
    if name is None:
        raise ValueError("no metadata")
    return wheel.read(name)
