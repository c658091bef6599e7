"""The way to the package index: certificates, proxies, pip's and uv's settings, and whether the index answers."""

from __future__ import annotations

import ssl
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.builds.host_settings import CA_VARIABLES, INDEX_OPTIONS, HostSettings, read_host_settings
from harness.builds.pip_settings import option_sources, pip_options
from harness.checks.wording import counted, seconds_text
from harness.doctor.model import Fact, missing, ok, warn
from harness.package_index.connection import Connection
from harness.package_index.documents import Refused
from harness.package_index.settings import IndexAddress, IndexSettings, host_of, read_index_settings

# Any index has the page of a project, or says that there is none; this one's is short.
PROJECT = "six"
READ_SECONDS = 2.5
UV_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")
UV_INDEX_KEYS = frozenset({"index", "index-url", "extra-index-url", "find-links", "no-index"})
INDEX_SETTINGS = (*INDEX_OPTIONS, "no-index", "trusted-host")


def probe_certificates(environ: Mapping[str, str]) -> Iterator[Fact]:
    """Tell which certificates builds trust, and whether some have expired."""
    settings = read_host_settings(environ)
    for note in settings.notes:
        if "no readable file" in note:
            yield warn("certificates", note, "Correct that variable or setting, or remove it.")
    if settings.ca_bundle is None:
        yield ok("certificates", "each program's own; no bundle of this system was found")
        return
    how = _named_by(settings, environ) if settings.ca_is_explicit else "this system's own"
    yield judge_bundle(settings.ca_bundle, how)


def _named_by(settings: HostSettings, environ: Mapping[str, str]) -> str:
    if pip_options(environ).get("cert") and Path(pip_options(environ)["cert"]).expanduser() == settings.ca_bundle:
        return "PIP_CERT" if environ.get("PIP_CERT") else "pip's cert"
    return next((name for name in CA_VARIABLES if environ.get(name)), "this system's own")


def judge_bundle(file: Path, how: str) -> Fact:
    """Return how many certificates a bundle has, and which have expired. how: who named it."""
    remedy = "Name a file with certificates in PEM form, or remove that setting."
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=file)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        said = getattr(error, "reason", None) or str(error)
        return missing("certificates", f"{file} ({how}) cannot be used: {said}", remedy, file=str(file))
    known = context.get_ca_certs()
    total = context.cert_store_stats()["x509"]
    now = time.time()
    expired = [_name(found) for found in known if ssl.cert_time_to_seconds(str(found["notAfter"])) < now]
    message = f"{file} ({how}), {counted(total, 'certificate')}"
    details = {"file": str(file), "namedBy": how, "certificates": total, "expired": expired}
    if total == 0:
        return missing("certificates", f"{message}", remedy, **details)
    if len(expired) == total:
        return missing("certificates", f"{message}, all expired", "Ask for newer ones.", **details)
    if expired and file.resolve() != _systems_own():
        return warn(
            "certificates",
            f"{message}, {len(expired)} expired: {', '.join(expired[:3])}",
            "Remove these from the bundle, or bring it up to date (update-ca-certificates).",
            **details,
        )
    # The roots that a system brings outlive their dates, and nothing depends on these.
    return ok("certificates", f"{message}{f', {len(expired)} of them expired' if expired else ''}", **details)


def _systems_own() -> Path | None:
    cafile = ssl.get_default_verify_paths().cafile
    return Path(cafile).resolve() if cafile else None


def _name(certificate: Mapping[str, object]) -> str:
    """Return what a certificate calls itself: its common name, else its organisation."""
    subject = certificate.get("subject")
    parts = {str(key): str(value) for group in subject for key, value in group} if isinstance(subject, tuple) else {}
    return parts.get("commonName") or parts.get("organizationName") or "without a name"


def probe_proxies(environ: Mapping[str, str]) -> Iterator[Fact]:
    """Tell which proxies builds use."""
    proxies = dict(read_host_settings(environ).proxies)
    if (of_pip := pip_options(environ).get("proxy")) is not None:
        proxies["pip's proxy"] = of_pip
    shown = {name: without_credentials(value) for name, value in proxies.items()}
    told = ", ".join(f"{name}={value}" for name, value in shown.items())
    yield ok("proxies", told or "none", proxies=shown)


def without_credentials(url: str) -> str:
    """Return a URL with what stands before `@` and after `?` as stars: names, passwords, tokens."""
    scheme, separator, rest = url.rpartition("://")
    place, question, _ = rest.partition("?")
    login, at, host = place.rpartition("@")
    return f"{scheme}{separator}{'****@' if login or at else ''}{host}{'?****' if question else ''}"


def probe_index_settings(environ: Mapping[str, str]) -> Iterator[Fact]:
    """Tell where packages come from, and which files and variables say so."""
    options, sources = pip_options(environ), option_sources(environ)
    told = {
        option: " ".join(map(without_credentials, options[option].split()))
        for option in INDEX_SETTINGS
        if option in options
    }
    named = [sources[option] for option in told]
    named += [name for name in UV_VARIABLES if environ.get(name)]
    named += [str(file) for file in _uv_files(environ)]
    shown = "; ".join(f"{option} {value}" for option, value in told.items()) or "the public index"
    origin = f" (from {', '.join(dict.fromkeys(named))})" if named else ""
    yield ok("index_settings", f"{shown}{origin}", options=told, sources=list(dict.fromkeys(named)))


def _uv_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield uv's own files that name an index: they count for venvs. Source: uv's page "Configuration files"."""
    user = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".config")
    named = environ.get("UV_CONFIG_FILE")
    for file in [Path(named)] if named else [Path("/etc/uv/uv.toml"), user / "uv" / "uv.toml"]:
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        of_pip = settings.get("pip")
        if {*settings, *(of_pip if isinstance(of_pip, dict) else ())} & UV_INDEX_KEYS:
            yield file


def index_probes(environ: Mapping[str, str]) -> dict[str, Callable[[], Iterable[Fact]]]:
    """Return a probe for each index, so that one that hangs keeps none of the others."""
    settings = replace(read_index_settings(environ), read_seconds=READ_SECONDS)
    return {
        f"index {host_of(address.url) or address.url}": partial(probe_index, settings, address)
        for address in settings.addresses
    } or {"index": _no_index}


def _no_index() -> Iterator[Fact]:
    yield warn("index", "pip is told to use no index", "Unset PIP_NO_INDEX or no-index where one is to be used.")


def probe_index(settings: IndexSettings, address: IndexAddress) -> Iterator[Fact]:
    """Ask an index for a page, as the harness does for the diagnosis of a failed build."""
    name = host_of(address.url) or address.url
    began = time.monotonic()
    try:
        with Connection(settings) as connection:
            connection.fetch(f"{address.url}{PROJECT}/")
    except Refused as refused:
        remedy = "Correct the address, the proxy or the certificates above; what is built already still works."
        yield warn("index", str(refused), remedy, index=name)
        return
    seconds = time.monotonic() - began
    yield ok("index", f"{name} answers in {seconds_text(seconds)}", index=name, seconds=round(seconds, 3))
