"""What of this machine's setup a build elsewhere needs to reach the package indexes as this machine's pip does."""

from __future__ import annotations

import netrc
import os
import re
import ssl
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import url2pathname

from harness.builds.pip_settings import pip_options

# What pip.conf may hold besides the paths that are handled one by one.
HANDED_ON = (
    "index-url",
    "extra-index-url",
    "find-links",
    "trusted-host",
    "proxy",
    "timeout",
    "retries",
    "no-index",
    "prefer-binary",
    "pre",
    "only-binary",
    "no-binary",
)
INDEX_OPTIONS = ("index-url", "extra-index-url", "find-links")
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "FTP_PROXY")

# Shorter values would star out half of every log and are no secrets.
SHORTEST_SECRET = 4


class Login(NamedTuple):
    """What netrc says about a host, in the order of the standard library's parser."""

    name: str
    account: str
    password: str


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The part of this machine's setup that package installers elsewhere need.

    pip_options: option -> value without paths of this machine; these are in `link_folders`, `ca_bundle`, `client_cert`.
    ca_is_explicit: somebody named the bundle; otherwise it is the system's own. logins: host of an index -> its entry
    in this machine's netrc. proxies: variables by their names. notes: what is not handed on, one sentence each.
    """

    pip_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_bundle: Path | None = None
    ca_is_explicit: bool = False
    client_cert: Path | None = None
    logins: Mapping[str, Login] = field(default_factory=dict, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    link_folders: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def needs_injection(self) -> bool:
        """Tell whether there is more than the system's own CA bundle and proxies without credentials."""
        explicit_ca = self.ca_bundle if self.ca_is_explicit else None
        return bool(self.pip_options or explicit_ca or self.client_cert or self.link_folders or self.secrets)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the passwords in all of this, to be starred out wherever text is shown."""
        urls = " ".join([*self.pip_options.values(), *self.proxies.values()]).split()
        # A URL's user name alone is a token.
        written = [parts.password or parts.username or "" for parts in map(_split, urls)]
        words = [*written, *map(unquote, written), *(login.password for login in self.logins.values())]
        return frozenset(word for word in words if len(word) >= SHORTEST_SECRET)

    def files(self, folder: str) -> dict[str, bytes]:
        """Return the files to place under the absolute `folder` of the machine that installs: name -> content."""
        files = {"pip.conf": self._pip_conf(folder).encode()}
        if self.ca_bundle:
            files["ca.pem"] = self.ca_bundle.read_bytes()
            files["apt.conf"] = f'Acquire::https::CAInfo "{folder}/ca.pem";\n'.encode()
        if self.client_cert:
            files["client.pem"] = self.client_cert.read_bytes()
        if self.logins:
            files["netrc"] = "".join(_netrc_line(host, login) for host, login in self.logins.items()).encode()
        return files

    def links(self, folder: str) -> dict[str, Path]:
        """Return where pip.conf looks for each of the link folders of this machine: path under `folder` -> folder."""
        return {f"{folder}/links/{number}": path for number, path in enumerate(self.link_folders)}

    def variables(self, folder: str) -> dict[str, str]:
        """Return the variables that make installers use `files(folder)`; none holds a secret."""
        variables = {
            "PIP_CONFIG_FILE": f"{folder}/pip.conf",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_PROGRESS_BAR": "off",
            "PIP_ROOT_USER_ACTION": "ignore",
        }
        if self.ca_bundle:
            variables |= dict.fromkeys(CA_VARIABLES, f"{folder}/ca.pem")
            variables["APT_CONFIG"] = f"{folder}/apt.conf"
        if self.logins:
            variables["NETRC"] = f"{folder}/netrc"
        return variables

    def _pip_conf(self, folder: str) -> str:
        options = dict(self.pip_options)
        links = " ".join([*self.links(folder), options.get("find-links", "")]).strip()
        if links:
            options["find-links"] = links
        if self.ca_bundle:
            options["cert"] = f"{folder}/ca.pem"
        if self.client_cert:
            options["client-cert"] = f"{folder}/client.pem"
        return "\n".join(["[global]", *(f"{option} = {value}" for option, value in options.items()), ""])


def read_host_settings(environ: Mapping[str, str]) -> HostSettings:
    """Return what pip, its files and the variables in `environ` say on this machine."""
    notes: list[str] = []
    given = pip_options(environ)
    options = {option: value for option in HANDED_ON if (value := given.get(option))}
    link_folders: list[Path] = []
    for option in set(INDEX_OPTIONS) & options.keys():
        remote, local = _by_place(options.pop(option))
        if remote:
            options[option] = " ".join(remote)
        for path in local:
            if option == "find-links" and path.is_dir():
                link_folders.append(path.resolve())
            else:
                notes.append(f"{option} {path} of this machine's pip is not used: it is not reachable from the build.")
    proxies = {
        name: value
        for upper in PROXY_VARIABLES
        for name in (upper, upper.lower())
        if (value := environ.get(name, "").strip())
    }
    urls = " ".join(options.get(option, "") for option in INDEX_OPTIONS).split()
    notes += _notes_on_loopback([*urls, options.get("proxy", ""), *proxies.values()])
    explicit_ca = _first_file([("pip's cert", given.get("cert")), *((n, environ.get(n)) for n in CA_VARIABLES)], notes)
    return HostSettings(
        {option: options[option] for option in HANDED_ON if option in options},
        explicit_ca or _system_ca_bundle(),
        explicit_ca is not None,
        _first_file([("pip's client-cert", given.get("client-cert"))], notes),
        _logins(urls, environ),
        proxies,
        tuple(dict.fromkeys(link_folders)),
        tuple(dict.fromkeys(notes)),
    )


def _by_place(value: str) -> tuple[list[str], list[Path]]:
    """Part pip's list into URLs and paths of this machine."""
    remote: list[str] = []
    local: list[Path] = []
    for entry in value.split():
        parts = _split(entry)
        if parts.scheme == "file":
            local.append(Path(url2pathname(parts.path)))
        elif "://" in entry:
            remote.append(entry)
        else:
            local.append(Path(entry).expanduser().absolute())
    return remote, local


def _notes_on_loopback(urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        place = _split(url).netloc.rpartition("@")[2]
        if re.fullmatch(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", place):
            yield f"{place} is this machine itself, which a container does not reach under that name."


def _first_file(candidates: Iterable[tuple[str, str | None]], notes: list[str]) -> Path | None:
    """Return the first named file that can be read, and note those before it that cannot."""
    for source, value in candidates:
        if value:
            path = Path(value).expanduser()
            if path.is_file() and os.access(path, os.R_OK):
                return path
            notes.append(f"{source} names {path}, which is no readable file here; it is not used.")
    return None


def _system_ca_bundle() -> Path | None:
    """Return the distribution's bundle: a company's own root certificate is often installed there."""
    cafile = ssl.get_default_verify_paths().cafile if sys.platform == "linux" else None
    return Path(cafile) if cafile and os.access(cafile, os.R_OK) else None


def _logins(urls: Iterable[str], environ: Mapping[str, str]) -> dict[str, Login]:
    """Return what this machine's netrc says about the URLs' hosts; nothing where it cannot be read."""
    file = Path(environ.get("NETRC") or Path(environ.get("HOME", "~"), ".netrc")).expanduser()
    try:
        known = netrc.netrc(file)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return {}
    hosts = sorted({host for url in urls if (host := _split(url).hostname)})
    entries = {host: known.authenticators(host) for host in hosts}
    return {host: Login(*(word or "" for word in entry)) for host, entry in entries.items() if entry}


def _netrc_line(host: str, login: Login) -> str:
    account = f"account {_netrc_word(login.account)} " if login.account else ""
    return f"machine {host} login {_netrc_word(login.name)} {account}password {_netrc_word(login.password)}\n"


def _netrc_word(word: str) -> str:
    if word and not re.search(r'[\s"\\]', word):
        return word
    return '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'


def _split(url: str) -> SplitResult:
    """Part the URL; what is none has no parts."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")
