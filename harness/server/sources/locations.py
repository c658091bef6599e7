"""Which kind of repository a text names, and the form in which its location is kept and shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.errors import HarnessError
from harness.server.sources.archives import is_archive
from harness.server.sources.model import SourceKind, SourceLocation
from harness.server.sources.tree import quoted

URL_SCHEMES = ("https", "http", "ssh", "git")
REMEDY = "Give a git URL, or the path of a git repository, a folder, or a zip, tar or tar.gz file."

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_SSH_SHORT = re.compile(r"(?:[^\s/:@-][^\s/:@]*@)?(?:[^\s/:@\[-][^\s/:@]*|\[[0-9A-Fa-f:]+\]):(?![:-])\S")
_ARCHIVE_ENDING = re.compile(r"\.(zip|tar|tgz|tar\.gz)$", re.IGNORECASE)

_WEB_USER = re.compile(r"(https?://)[^/\s]*@", re.IGNORECASE)
_WEB_QUERY = re.compile(r"(https?://[^\s?'\"]*)\?[^\s'\"]*", re.IGNORECASE)
_OTHER_PASSWORD = re.compile(r"((?:ssh|git)://[^/\s:@]*):[^/\s]*@", re.IGNORECASE)


def describe_location(text: str) -> SourceLocation:
    """Return what kind of repository `text` names and where it is; nothing is fetched.

    A URL is taken for git, as is `user@host:path`; what is on this disk is looked at: a git working tree or bare
    repository, another folder, an archive. Raises HarnessError for anything else.
    """
    text = text.strip()
    if not text or not text.isprintable():
        raise HarnessError("the repository's location is empty or has unprintable characters", remedy=REMEDY)
    scheme = _SCHEME.match(text)
    if scheme:
        return _describe_url(text, scheme[1].lower())
    if _HELPER.match(text):
        raise HarnessError("a location of the form 'helper::address' runs a program and is not used", remedy=REMEDY)
    if text.startswith("-"):
        raise HarnessError(f"{quoted(text)} reads like an option", remedy=REMEDY)
    try:
        return _describe_path(Path(text))
    except HarnessError:
        if _SSH_SHORT.match(text):
            return SourceLocation(SourceKind.GIT, text)
        raise


def without_credentials(text: str) -> str:
    """Return a location, or a message that has some in it, with stars for credentials in URLs.

    The user name of a web address is starred as well, since access tokens are often given as one.
    """
    text = _WEB_QUERY.sub(r"\1?****", _WEB_USER.sub(r"\1****@", text))
    return _OTHER_PASSWORD.sub(r"\1:****@", text)


def _describe_url(text: str, scheme: str) -> SourceLocation:
    # No message shows what it cannot parse: a password may be anywhere in it.
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise HarnessError("the repository's URL is malformed", remedy=REMEDY) from error
    if scheme == "file":
        if host not in (None, "localhost"):
            raise HarnessError(f"a file URL names no other machine than this one, not {quoted(host)}", remedy=REMEDY)
        return _describe_path(Path(unquote(url.path)))
    if scheme not in URL_SCHEMES:
        raise HarnessError(f"{scheme}:// is no way to reach a git repository", remedy=REMEDY)
    if not host or host.startswith("-") or port == 0:
        raise HarnessError("the repository's URL names no host", remedy=REMEDY)
    if _ARCHIVE_ENDING.search(url.path):
        raise HarnessError(
            f"{without_credentials(text)} is an archive, not a git repository",
            remedy="Download it and give the path of the file.",
        )
    return SourceLocation(SourceKind.GIT, f"{scheme}{text[len(scheme) :]}".rstrip("/"))


def _describe_path(written: Path) -> SourceLocation:
    # Links in the path stay: what `latest` leads to is asked anew at each fetch.
    path = Path(os.path.abspath(os.path.expanduser(written)))  # noqa: PTH100, PTH111 - neither follows nor raises
    try:
        if path.is_dir():
            return SourceLocation(SourceKind.GIT if _is_git(path) else SourceKind.FOLDER, str(path))
        if path.is_file() and is_archive(path):
            return SourceLocation(SourceKind.ARCHIVE, str(path))
        exists = path.exists()
    except OSError as error:
        raise HarnessError(f"{quoted(str(path))} cannot be read: {error.strerror}", remedy=REMEDY) from error
    problem = "is neither a folder nor a zip, tar or tar.gz file" if exists else "does not exist"
    raise HarnessError(f"{quoted(str(path))} {problem}", remedy=REMEDY)


def _is_git(folder: Path) -> bool:
    """Tell whether a folder is the top of a git working tree, or a bare repository."""
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    return bare or (folder / ".git").exists()
