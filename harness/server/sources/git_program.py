"""The program `git`, run so that it asks nobody, runs nothing of the repository's, and ends when it is told to."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from harness.backends.cancellation import Cancellation
from harness.backends.processes import stop
from harness.errors import HarnessError
from harness.server.sources.copying import refuse_if_cancelled
from harness.server.sources.locations import without_credentials

# Of the caller's own settings of git these stay: how to reach hosts. A repository that it happens to work on does not.
_KEPT = ("GIT_SSH", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
_KEPT_AS_WELL = ("GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH")
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "advice.detachedHead=false",
)
_PREFIX = re.compile(r"(?:fatal|error): ")
MOST_CHARACTERS = 500
_REMEDIES = (
    ("dubious ownership", "Let the user that runs the server own the repository, or name it in git's safe.directory."),
    ("could not read Username", "Put credentials into the URL, or set up a credential helper of git for this user."),
    ("could not read Password", "Put credentials into the URL, or set up a credential helper of git for this user."),
    ("Authentication failed", "Check the credentials in the repository's URL."),
    ("Permission denied", "Give the user that runs the server a key that the repository's host knows."),
    ("Host key verification failed", "Add the repository's host to the known hosts of the user that runs the server."),
)


class GitFailed(Exception):
    """git has ended with an error. Carries what it said, without credentials."""


class Git:
    """git on a repository of our own, which begins empty and fetches from one remote."""

    def __init__(self, folder: Path, location: str, cancellation: Cancellation) -> None:
        self._folder = folder
        self._cancellation = cancellation
        self.url, self._credentials = _split(location)
        folder.mkdir(mode=0o700)
        # No template: it could bring hooks.
        self.run("init", "--quiet", "--bare", "--template=")
        if self._credentials:
            # Not on a command line, where every user of the machine could read them.
            file = folder / "credentials"
            file.touch(mode=0o600)
            file.write_text(f"{self._credentials}\n", encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """Return what git prints. Raises GitFailed with its errors, Interrupted when cancelled."""
        with self.running(*arguments) as process:
            output, errors = process.communicate()
        self.refuse_if_cancelled()
        if process.returncode:
            raise GitFailed(_lines(errors))
        return output.decode("utf-8", "surrogateescape")

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Give the started program; what is left of it at the end of the block is ended."""
        self.refuse_if_cancelled()
        try:
            process = subprocess.Popen(
                ["git", *self._settings(), *arguments],
                cwd=self._folder,
                env=_environment(self._folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise HarnessError(
                "the program git is not on this machine, and the repository is one of git",
                remedy="Install git (Debian: apt install git), or make a folder or an archive the repository.",
            ) from error
        with process, self._cancellation.ends_with(partial(_end, process)):
            try:
                yield process
            except BaseException:
                _end(process)
                raise

    def refuse_if_cancelled(self) -> None:
        refuse_if_cancelled(self._cancellation)

    def failed(self, error: GitFailed) -> HarnessError:
        """Return what a user is told of a repository that cannot be read."""
        said = str(error)
        remedy = next((remedy for sign, remedy in _REMEDIES if sign in said), "Check the repository's location.")
        return HarnessError(f"git cannot read {without_credentials(self.url)}: {said}", remedy=remedy)

    def _settings(self) -> Iterator[str]:
        settings = list(_SETTINGS)
        if self._credentials:
            # The empty one forgets the user's own helpers: what the URL says goes first.
            store = shlex.quote(str(self._folder / "credentials"))
            settings += ["credential.helper=", f"credential.helper=store --file={store}"]
        for setting in settings:
            yield from ("-c", setting)


def _split(location: str) -> tuple[str, str]:
    """Return a URL without its user and password, and a line for git's credential store with them.

    Only web addresses with both are split: what else has a user name needs it in its place.
    """
    if not location.startswith(("http://", "https://")):
        return location, ""
    url = urlsplit(location)
    user, colon, password = url.netloc.rpartition("@")[0].partition(":")
    if not colon:
        return location, ""
    host = url.netloc.rpartition("@")[2]
    login = ":".join(quote(unquote(part), safe="") for part in (user, password))
    return url._replace(netloc=host).geturl(), f"{url.scheme}://{login}@{host}"


def _environment(folder: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT) or name in _KEPT_AS_WELL
    }
    return inherited | {
        "GIT_DIR": str(folder),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_ALLOW_PROTOCOL": "file:https:http:ssh:git",
        "LC_ALL": "C",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git, and the programs that it has started and left behind."""
    if process.poll() is not None:
        return
    stop(process)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _lines(errors: bytes) -> str:
    """Return what git says is wrong, on one line that is not without end, without the words around it."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines()]
    fatal = [_PREFIX.sub("", line) for line in lines if _PREFIX.match(line)]
    said = without_credentials("; ".join(fatal or lines))[:MOST_CHARACTERS]
    return "".join(character if character.isprintable() else "?" for character in said)
