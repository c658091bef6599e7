"""Signing in and out, and what is sent with every page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from running_app import RunningApp
from sqlalchemy import update
from visitors import ADMIN, ANA, BEN, Visitor, visited_app

from harness.server.store.tables import PageSession
from harness.server.store.users import replace_token

Served = tuple[RunningApp, dict[str, Visitor]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with visited_app(tmp_path_factory.mktemp("sessions"), has_begun=False) as given:
        yield given


@pytest.fixture
def ana(served: Served) -> Visitor:
    """Give a visitor who is not signed in."""
    served[1][ANA].browser.cookies.clear()
    return served[1][ANA]


def test_one_signs_in_with_the_token_and_comes_to_the_page_that_was_asked_for(ana: Visitor) -> None:
    asked = ana.see("/tasks/?searchFor=ridge%20%26")
    assert asked.status_code == 303
    shown = ana.see(asked.headers["Location"])
    assert 'value="/tasks/?searchFor=ridge%20%26"' in shown.text.replace("&amp;", "&")
    signed_in = ana.sign_in(target="/tasks/?searchFor=ridge%20%26")
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/tasks/?searchFor=ridge%20%26")
    assert ANA in ana.see("/tasks/").text


def test_the_cookie_is_no_token_and_scripts_cannot_read_it(ana: Visitor) -> None:
    cookie = ana.sign_in().headers["Set-Cookie"]
    assert ana.token not in cookie
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_behind_a_proxy_that_speaks_tls_the_cookie_goes_over_tls_alone(ana: Visitor) -> None:
    headers = {"Origin": ana.origin.replace("http:", "https:"), "X-Forwarded-Proto": "https"}
    told = ana.browser.post("/sign-in/", data={"token": ana.token}, headers=headers)
    assert told.status_code == 303
    assert "Secure" in told.headers["Set-Cookie"].split("; ")


@pytest.mark.parametrize("token", ["", "wrong", "a" * 5000, "é\0", "' OR 1=1 --"])
def test_a_wrong_token_is_told_beside_the_field(ana: Visitor, token: str) -> None:
    told = ana.sign_in(token)
    assert told.status_code == 422
    assert 'id="token-error"' in told.text
    assert "Set-Cookie" not in told.headers
    assert ana.see("/tasks/").status_code == 303


@pytest.mark.parametrize(
    "target", ["//elsewhere.example/", "https://elsewhere.example/", "/\\elsewhere.example", "elsewhere", "/a\nb", ""]
)
def test_nobody_is_led_to_another_site(ana: Visitor, target: str) -> None:
    assert ana.sign_in(target=target).headers["Location"] == "/tasks/"


def test_another_site_cannot_sign_anybody_in(ana: Visitor) -> None:
    told = ana.browser.post("/sign-in/", data={"token": ana.token}, headers={"Origin": "https://elsewhere.example"})
    assert told.status_code == 403
    assert "Set-Cookie" not in told.headers


def test_a_session_ends_where_it_is_signed_out_and_nowhere_else(ana: Visitor) -> None:
    ana.sign_in()
    first = dict(ana.browser.cookies)
    ana.browser.cookies.clear()
    ana.sign_in()
    assert ana.send("/sign-out/").headers["Location"] == "/sign-in/"
    assert ana.see("/tasks/").status_code == 303
    ana.browser.cookies.update(first)
    assert ana.see("/tasks/").status_code == 200


def test_a_signed_out_session_cannot_be_taken_up_again(ana: Visitor) -> None:
    ana.sign_in()
    kept = dict(ana.browser.cookies)
    ana.send("/sign-out/")
    ana.browser.cookies.update(kept)
    assert ana.see("/tasks/").status_code == 303


def test_signing_in_again_ends_the_session_that_the_browser_had(ana: Visitor) -> None:
    ana.sign_in()
    first = dict(ana.browser.cookies)
    ana.sign_in()
    assert dict(ana.browser.cookies) != first
    ana.browser.cookies.update(first)
    assert ana.see("/tasks/").status_code == 303


def test_a_replaced_token_ends_its_sessions(served: Served) -> None:
    running, visitors = served
    ben = visitors[BEN]
    ben.sign_in()
    with running.state.database.write() as session:
        new = replace_token(session, BEN)
    assert ben.see("/tasks/").status_code == 303
    assert ben.sign_in().status_code == 422
    assert ben.sign_in(new).status_code == 303


def test_a_session_does_not_last_for_ever(served: Served, ana: Visitor) -> None:
    ana.sign_in()
    with served[0].state.database.write() as session:
        session.execute(update(PageSession).values(expires=datetime(2020, 1, 1, tzinfo=UTC)))
    assert ana.see("/tasks/").status_code == 303


@pytest.mark.parametrize("cookie", ["x", "a" * 4000, "é"])
def test_a_cookie_that_was_never_given_is_nobodys(ana: Visitor, cookie: str) -> None:
    told = httpx.get(f"{ana.origin}/tasks/", headers={b"Cookie": f"harness_session={cookie}".encode()})
    assert told.status_code == 303


def test_the_apis_token_opens_no_page_and_the_cookie_opens_no_api(ana: Visitor) -> None:
    assert ana.browser.get("/tasks/", headers={"Authorization": f"Bearer {ana.token}"}).status_code == 303
    ana.sign_in()
    assert ana.see("/api/v2/customTasks/").status_code == 401


def test_a_part_of_a_page_that_is_renewed_takes_the_whole_page_to_signing_in(ana: Visitor) -> None:
    told = ana.browser.get("/projects/0/models/0/news/", headers={"HX-Request": "true"})
    assert (told.status_code, told.headers["HX-Redirect"]) == (401, "/sign-in/")


@pytest.mark.parametrize("path", ["/tasks/", "/sign-in/", "/nowhere/", "/users/", "/tasks/?offset=-1"])
def test_every_page_says_what_a_browser_may_do_with_it(ana: Visitor, path: str) -> None:
    ana.sign_in()
    headers = ana.see(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert (policy["frame-ancestors"], policy["form-action"], policy["base-uri"]) == ("'none'", "'self'", "'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_pages_are_no_part_of_the_apis_document(ana: Visitor) -> None:
    paths = ana.browser.get("/openapi.json").json()["paths"]
    assert paths
    assert all(path.startswith("/api/v2/") for path in paths)


@pytest.mark.parametrize(
    ("accept", "media_type"), [("text/html,*/*", "text/html; charset=utf-8"), ("*/*", "application/json")]
)
def test_what_is_not_there_is_a_page_for_people_and_json_for_programs(
    ana: Visitor, accept: str, media_type: str
) -> None:
    for path in ("/nowhere", "/assets/nothing.js", "/assets/..%2ftemplates%2ferror.html", "/assets/../application.py"):
        told = httpx.get(f"{ana.origin}{path}", headers={"Accept": accept})
        assert (told.status_code, told.headers["Content-Type"]) == (404, media_type)
    assert httpx.get(f"{ana.origin}/api/v2/nowhere/", headers={"Accept": accept}).headers["Content-Type"] == (
        "application/json"
    )


def test_styles_and_scripts_are_there_without_a_session(ana: Visitor) -> None:
    for name in ("base.css", "pages.css", "theme.js", "pages.js", "htmx.min.js"):
        sent = ana.browser.get(f"/assets/{name}")
        assert sent.status_code == 200
        assert sent.headers["Content-Type"].split(";")[0] in {"text/css", "text/javascript"}
        assert sent.headers["Cache-Control"] == "no-cache"


def test_the_first_user_makes_users_and_replaces_their_tokens(served: Served) -> None:
    admin = served[1][ADMIN]
    admin.sign_in()
    made = admin.send("/users/", {"username": "<b>eva</b>@example.com", "canCreateTasks": "yes"})
    token = made.text.split('<code class="token">')[1].split("</code>")[0]
    assert "&lt;b&gt;eva&lt;/b&gt;@example.com" in made.text
    assert "<b>eva" not in made.text
    eva = Visitor("eva", token, admin.browser)
    assert eva.sign_in(token).status_code == 303
    admin.sign_in()
    again = admin.send("/users/", {"username": "<b>eva</b>@example.com"})
    assert again.status_code == 422
    assert 'id="username-error"' in again.text
    replaced = admin.send("/users/new-token/", {"username": "<b>eva</b>@example.com"})
    assert token not in replaced.text
    assert eva.sign_in(token).status_code == 422
    assert admin.send("/users/new-token/", {"username": "nobody"}).status_code == 422


def test_who_may_not_create_tasks_is_refused_as_by_the_api(served: Served) -> None:
    admin = served[1][ADMIN]
    admin.sign_in()
    made = admin.send("/users/", {"username": "kim@example.com"})
    kim = Visitor("kim", made.text.split('<code class="token">')[1].split("</code>")[0], admin.browser)
    kim.sign_in()
    assert "New task" not in kim.see("/tasks/").text
    assert kim.send("/tasks/new/", {"name": "Mine", "targetType": "Binary"}).status_code == 403
