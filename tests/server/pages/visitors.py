"""Visitors of the pages, as browsers are: a cookie, an Origin, and forms with what they were given."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from httpx import Client, Response
from running_app import PATIENCE_SECONDS, RunningApp, running_app

from harness.server.store.users import add_user

ANA, BEN, ADMIN = "ana@example.com", "ben@example.com", "admin@localhost"
SMALL = "00000000000000000000abcd"


@dataclass(frozen=True, slots=True)
class Visitor:
    """name: as the server knows them. token: the API's."""

    name: str
    token: str
    browser: Client

    @property
    def origin(self) -> str:
        return str(self.browser.base_url).rstrip("/")

    def sign_in(self, token: str | None = None, target: str = "") -> Response:
        fields = {"token": self.token if token is None else token, "next": target}
        return self.browser.post("/sign-in/", data=fields, headers={"Origin": self.origin})

    def see(self, path: str) -> Response:
        return self.browser.get(path)

    def form_token(self) -> str:
        """Return what every form has that this visitor is shown."""
        found = re.search(r'name="formToken" value="([0-9a-f]{64})"', self.see("/tasks/new/").text)
        assert found
        return found[1]

    def send(self, path: str, fields: Mapping[str, str] | None = None, **files: tuple[str, bytes]) -> Response:
        """Send a form of the pages; with files, as an upload."""
        return self.browser.post(
            path,
            data={"formToken": self.form_token(), **(fields or {})},
            files=list(files.items()) or None,
            headers={"Origin": self.origin},
        )


@contextmanager
def visited_app(folder: Path, *, has_begun: bool = True) -> Iterator[tuple[RunningApp, dict[str, Visitor]]]:
    """Serve a small base environment and three users, by name; nobody is signed in."""
    with (
        running_app(folder, has_begun=has_begun, environments=(small_environment(folder),)) as running,
        ExitStack() as open_,
    ):
        with running.state.database.write() as session:
            tokens = {ADMIN: add_user(session, ADMIN)}
        for name, client in ((ANA, running.ana), (BEN, running.ben)):
            tokens[name] = client.headers["Authorization"].removeprefix("Bearer ")
        origin = str(running.ana.base_url.copy_with(path="/"))
        visitors = {}
        for name, token in tokens.items():
            browser = Client(base_url=origin, headers={"Accept": "text/html"}, timeout=PATIENCE_SECONDS)
            visitors[name] = Visitor(name, token, open_.enter_context(browser))
        yield running, visitors


def small_environment(folder: Path) -> Path:
    """Return the folder of a base environment that asks for a region."""
    made = folder / "small"
    made.mkdir()
    info = {
        "id": SMALL,
        "name": "Small",
        "requiredMetadataKeys": [{"fieldName": "REGION", "displayName": "Region"}],
    }
    (made / "env_info.json").write_text(json.dumps(info))
    (made / "requirements.txt").write_text("six==1.17.0\n")
    return made
