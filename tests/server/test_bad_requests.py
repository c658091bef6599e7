"""What clients should not send: each is answered with an error that a program can read, and the server goes on."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
from postgres_cluster import Cluster
from server_fixtures import Serve
from started_programs import PATIENCE_SECONDS, Served

ENVIRONMENT = "67a554bbfbef3a4ce2ab6700"
LARGEST_UPLOAD = 300_000
NOBODY = "0123456789abcdef01234567"
Part = tuple[str, tuple[str | None, bytes]]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, serve: Serve) -> Iterator[Served]:
    """Give a server that takes small uploads only, on each database."""
    options = ("--max-upload", str(LARGEST_UPLOAD))
    if request.param == "sqlite":
        yield serve(*options)
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.fresh_database() as url:
        served = serve(*options, "--database-url", url)
        yield served
        served.stop()


@pytest.fixture
def task(api: httpx.Client) -> str:
    return str(api.post("customTasks/", json={"name": "Ridge", "targetType": "Regression"}).json()["id"])


@pytest.fixture
def version(api: httpx.Client, task: str) -> str:
    return str(upload(api, task, {"custom.py": b"", "requirements.txt": b"six\n"}).json()["id"])


def upload(
    api: httpx.Client, task: str, files: dict[str, bytes] | None = None, *more: Part, method: str = "POST"
) -> httpx.Response:
    """Create a version; `more` are parts of the form beside or in place of the usual ones."""
    given = {name for name, _ in more}
    parts: list[Part] = [
        (name, (None, text.encode()))
        for name, text in (("isMajorUpdate", "True"), ("baseEnvironmentId", ENVIRONMENT))
        if name not in given
    ]
    for path, content in (files or {}).items():
        parts += [("file", ("name", content)), ("filePath", (None, path.encode()))]
    return api.request(method, f"customTasks/{task}/versions/", files=[*parts, *more])


def refused(answer: httpx.Response | requests.Response, status: int, *words: str) -> dict[str, Any]:
    """Return the error, once it is known to be one that clients can read and that tells nothing of our insides."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    error: dict[str, Any] = answer.json()
    assert isinstance(error["message"], str)
    assert error["message"]
    for inside in ("Traceback", "harness/", "site-packages", "/tmp", "sqlalchemy", "psycopg"):
        assert inside not in answer.text
    for word in words:
        assert word in answer.text
    return error


def field(name: str, text: str | bytes) -> Part:
    return (name, (None, text if isinstance(text, bytes) else text.encode()))


# Paths of files


@pytest.mark.parametrize(
    ("path", "why"),
    [
        pytest.param("../custom.py", "'..'", id="parent"),
        pytest.param("lib/../../custom.py", "'..'", id="parent-within"),
        pytest.param("/etc/passwd", "absolute", id="absolute"),
        pytest.param("", "empty", id="empty"),
        pytest.param("custom\0.py", "U+0000", id="nul"),
        pytest.param("a\nb", "U+000A", id="newline"),
        pytest.param("lib\\util.py", "backslash", id="backslash"),
        pytest.param("C:\\task\\custom.py", "backslash", id="drive"),
        pytest.param("a" * 5_000, "5,000", id="long"),
        pytest.param("a/" * 2_500, "5,000", id="deep"),
        pytest.param("lib/", "slash", id="folder"),
        pytest.param("lib//custom.py", "empty part", id="double-slash"),
        pytest.param("./././custom.py", "'.'", id="dots"),
        pytest.param("\u202ecustom.py", "U+202E", id="direction"),
    ],
)
def test_a_path_that_leaves_the_task_or_cannot_be_shown_is_refused(
    api: httpx.Client, task: str, path: str, why: str
) -> None:
    refused(upload(api, task, {"custom.py": b"", path: b""}), 422, why)
    assert api.get(f"customTasks/{task}/").json()["latestVersion"] is None


def test_names_that_differ_by_case_are_two_files_and_any_script_may_be_used(api: httpx.Client, task: str) -> None:
    files = {"Custom.py": b"1", "custom.py": b"2", "данные/列 1.csv": b"3", "a\u00a0b": b"4"}
    answer = upload(api, task, files)
    assert answer.status_code == 201, answer.text
    assert [item["filePath"] for item in answer.json()["items"]] == list(files)


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        pytest.param(("custom.py", "custom.py"), "twice", id="one-path"),
        pytest.param(("custom.py", "./custom.py"), "twice", id="one-path-written-differently"),
        pytest.param(("lib", "lib/util.py"), "folder", id="file-and-folder"),
    ],
)
def test_paths_that_cannot_lie_beside_each_other_are_refused(
    api: httpx.Client, task: str, paths: Sequence[str], why: str
) -> None:
    parts = [part for path in paths for part in (("file", ("x", b"")), field("filePath", path))]
    refused(upload(api, task, None, *parts), 422, why)


def test_a_file_on_top_of_a_folder_of_the_version_before_is_refused(api: httpx.Client, task: str) -> None:
    assert upload(api, task, {"lib/util.py": b""}).status_code == 201
    refused(upload(api, task, {"lib": b""}, method="PATCH"), 422, "folder")
    assert api.get(f"customTasks/{task}/versions/").json()["totalCount"] == 1


# Forms


@pytest.mark.parametrize(
    ("part", "words"),
    [
        pytest.param(field("isMajorUpdate", "yes"), ("isMajorUpdate",), id="boolean"),
        pytest.param(field("isMajorUpdate", ""), ("isMajorUpdate",), id="empty-boolean"),
        pytest.param(field("baseEnvironmentId", NOBODY), ("baseEnvironmentId",), id="no-environment"),
        pytest.param(field("baseEnvironmentId", "\0"), ("baseEnvironmentId",), id="nul-environment"),
        pytest.param(field("baseEnvironmentId", b"\xff\xfe"), ("UTF-8",), id="no-utf-8"),
        pytest.param(field("maximumMemory", "1"), ("maximumMemory",), id="little-memory"),
        pytest.param(field("maximumMemory", "9" * 5_000), ("maximumMemory",), id="much-memory"),
        pytest.param(field("maximumMemory", "a lot"), ("maximumMemory",), id="no-number"),
        pytest.param(field("maximumMemory", "NaN"), ("maximumMemory",), id="nan"),
        pytest.param(field("outboundNetworkPolicy", "public"), ("PUBLIC",), id="policy"),
        pytest.param(field("requiredMetadata", "{"), ("requiredMetadata",), id="no-json"),
        pytest.param(field("requiredMetadata", "[" * 60_000), ("requiredMetadata",), id="deep-json"),
        pytest.param(field("requiredMetadata", '["a"]'), ("requiredMetadata",), id="list-for-object"),
        pytest.param(field("requiredMetadata", '{"A": 1}'), ("requiredMetadata",), id="number-for-text"),
        pytest.param(field("requiredMetadata", '{"\\ud800": "b"}'), ("requiredMetadata",), id="half-a-character"),
        pytest.param(field("requiredMetadata", '{"A": "\\u0000"}'), ("requiredMetadata",), id="nul-value"),
        pytest.param(field("requiredMetadataValues", '{"A": "b"}'), ("requiredMetadataValues",), id="object-for-list"),
        pytest.param(field("requiredMetadataValues", "[NaN]"), ("requiredMetadataValues",), id="nan-in-list"),
        pytest.param(
            field("requiredMetadataValues", '[{"fieldName": "A", "value": "b"}]'), ("not known",), id="not-asked-for"
        ),
        pytest.param(field("filesToDelete", NOBODY), ("unknown field filesToDelete",), id="only-for-patch"),
        pytest.param(field("isMajorUpdat", "True"), ("isMajorUpdate",), id="misspelt"),
        pytest.param(field("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x"), (), id="odd-name"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(api: httpx.Client, task: str, part: Part, words: Sequence[str]) -> None:
    refused(upload(api, task, {"custom.py": b""}, part), 422, *words)
    assert api.get(f"customTasks/{task}/").json()["latestVersion"] is None


@pytest.mark.parametrize("name", [NOBODY, "", "x\0", "\u20ac", '["\\ud800"]'])
def test_files_to_delete_that_are_not_there_are_refused(api: httpx.Client, task: str, version: str, name: str) -> None:
    refused(upload(api, task, None, field("filesToDelete", name), method="PATCH"), 422, "filesToDelete")
    assert api.get(f"customTasks/{task}/").json()["latestVersion"]["id"] == version


def test_a_field_given_twice_is_refused(api: httpx.Client, task: str) -> None:
    twice = (field("isMajorUpdate", "True"), field("isMajorUpdate", "False"))
    refused(upload(api, task, {}, *twice), 422, "isMajorUpdate")


@pytest.mark.parametrize("count", [0, 2])
def test_each_file_needs_its_path(api: httpx.Client, task: str, count: int) -> None:
    paths = [field("filePath", f"{number}.py") for number in range(count)]
    refused(upload(api, task, None, ("file", ("custom.py", b"")), *paths), 422, "filePath")


PART = b'--b\r\nContent-Disposition: form-data; name="isMajorUpdate"\r\n\r\nTrue\r\n'
FORM = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("content_type", "body", "words"),
    [
        pytest.param(FORM, PART, ("cut off",), id="no-end"),
        pytest.param(FORM, PART[:30], ("cut off",), id="no-end-of-headers"),
        pytest.param(FORM, b"", ("cut off",), id="empty"),
        pytest.param(FORM, b"hello", (), id="no-multipart"),
        pytest.param(FORM, PART.replace(b"--b", b"--c") + b"--c--\r\n", (), id="other-boundary"),
        pytest.param(FORM, PART.replace(b' name="isMajorUpdate"', b"") + b"--b--\r\n", ("no name",), id="no-name"),
        pytest.param("multipart/form-data", PART + b"--b--\r\n", ("boundary",), id="no-boundary"),
        pytest.param("multipart/mixed; boundary=b", PART + b"--b--\r\n", ("multipart/form-data",), id="mixed"),
        pytest.param("application/json", b'{"isMajorUpdate": true}', ("multipart/form-data",), id="json"),
        pytest.param("application/x-www-form-urlencoded", b"isMajorUpdate=True", ("multipart",), id="urlencoded"),
        pytest.param("", b"x", ("multipart/form-data",), id="empty-type"),
        pytest.param("\u00e9\u00e8", b"x", ("multipart/form-data",), id="odd-type"),
        pytest.param(None, b"x", ("multipart/form-data",), id="no-type"),
        pytest.param(None, b"", ("multipart/form-data",), id="nothing"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_that_is_no_form_is_refused(
    api: httpx.Client, task: str, method: str, content_type: str | None, body: bytes, words: Sequence[str]
) -> None:
    headers = [] if content_type is None else [(b"content-type", content_type.encode("latin-1"))]
    refused(api.request(method, f"customTasks/{task}/versions/", content=body, headers=headers), 422, *words)


def test_a_form_whose_sender_goes_away_makes_no_version(api: httpx.Client, server: Served, task: str) -> None:
    with connected(server) as connection:
        connection.sendall(
            request_head(server, "POST", f"customTasks/{task}/versions/", f"Content-Type: {FORM}", 5_000)
        )
        connection.sendall(PART)
    assert api.get(f"customTasks/{task}/versions/").json()["totalCount"] == 0


# JSON


NEW = {"name": "Ridge", "targetType": "Regression"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", (), id="empty"),
        pytest.param(b"null", (), id="null"),
        pytest.param(b"[]", (), id="list"),
        pytest.param(b"1", (), id="number"),
        pytest.param(b'"text"', (), id="text"),
        pytest.param(b"{", ("no JSON",), id="cut-off"),
        pytest.param(b"{}", ("name", "targetType"), id="no-fields"),
        pytest.param(b'{"name": "a", "targetType": "Regression", "nmae": 1}', ("nmae", "no such field"), id="unknown"),
        pytest.param(b'{"name": "a", "target_type": "Regression"}', ("target_type",), id="snake-case"),
        pytest.param(b'{"name": "", "targetType": "Regression"}', ("name",), id="empty-name"),
        pytest.param(b'{"name": null, "targetType": "Regression"}', ("name",), id="null-name"),
        pytest.param(b'{"name": 1, "targetType": "Regression"}', ("name",), id="number-for-text"),
        pytest.param(b'{"name": {"a": [1]}, "targetType": "Regression"}', ("name",), id="object-for-text"),
        pytest.param(json.dumps({**NEW, "name": "a" * 256}).encode(), ("name", "255"), id="long-name"),
        pytest.param(json.dumps({**NEW, "description": "a" * 10_001}).encode(), ("description",), id="long-text"),
        pytest.param(json.dumps({**NEW, "language": "a" * 501}).encode(), ("language",), id="long-language"),
        pytest.param(json.dumps({**NEW, "name": "a\0b"}).encode(), ("name", "NUL"), id="nul"),
        pytest.param(json.dumps({**NEW, "description": "\0"}).encode(), ("description", "NUL"), id="nul-description"),
        pytest.param(b'{"name": "\\ud800", "targetType": "Regression"}', ("name",), id="half-a-character"),
        pytest.param(b'{"\\ud800": 1, "name": "a", "targetType": "Regression"}', (), id="half-a-character-as-key"),
        pytest.param(b'{"name": "\xff", "targetType": "Regression"}', ("UTF-8",), id="no-utf-8"),
        pytest.param(json.dumps({**NEW, "targetType": "regression"}).encode(), ("targetType",), id="target-type"),
        pytest.param(json.dumps({**NEW, "calibratePredictions": "maybe"}).encode(), ("calibrate",), id="boolean"),
        pytest.param(json.dumps({**NEW, "maximumMemory": 1}).encode(), ("maximumMemory",), id="little-memory"),
        pytest.param(json.dumps({**NEW, "maximumMemory": 2**63}).encode(), ("maximumMemory",), id="much-memory"),
        pytest.param(json.dumps({**NEW, "maximumMemory": 10**4_000}).encode(), ("maximumMemory",), id="4,000-digits"),
        pytest.param(b'{"maximumMemory": ' + b"9" * 5_000 + b"}", ("digits",), id="5,000-digits"),
        pytest.param(json.dumps({**NEW, "maximumMemory": float("nan")}).encode(), ("maximumMemory",), id="nan"),
        pytest.param(json.dumps({**NEW, "maximumMemory": float("inf")}).encode(), ("maximumMemory",), id="infinity"),
        pytest.param(json.dumps({**NEW, "maximumMemory": 2e8 + 0.5}).encode(), ("maximumMemory",), id="fraction"),
        pytest.param(b"[" * 100_000, ("nested",), id="deep-list"),
        pytest.param(b'{"name":' * 50_000, ("nested",), id="deep-object"),
    ],
)
def test_a_json_body_that_cannot_be_used_is_refused(api: httpx.Client, body: bytes, words: Sequence[str]) -> None:
    before = api.get("customTasks/").json()["totalCount"]
    refused(api.post("customTasks/", content=body, headers={"Content-Type": "application/json"}), 422, *words)
    assert api.get("customTasks/").json()["totalCount"] == before


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/xml", "multipart/form-data; boundary=b"])
def test_json_under_another_name_is_refused(api: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    refused(api.post("customTasks/", content=json.dumps(NEW), headers=headers), 422)


def test_what_may_be_sent_comes_back_as_it_was(api: httpx.Client) -> None:
    new = {
        "name": "Ридж 🧪 \u202e\u00a0",
        "description": "%_\\'\";--\n\t\u2028" + "é" * 9_000,
        "language": "日本語",
        "targetType": "TextGeneration",
        "calibratePredictions": "False",
        "maximumMemory": 15_032_385_536,
    }
    task = api.post("customTasks/", json=new).json()
    assert {**new, "calibratePredictions": False}.items() <= task.items()
    found = api.get("customTasks/", params={"searchFor": "🧪"}).json()
    assert [entry["id"] for entry in found["data"]] == [task["id"]]
    assert api.get("customTasks/", params={"searchFor": "%_\\'"}).json()["totalCount"] == 1


@pytest.mark.parametrize("path", ["", "versions/{version}/"])
def test_a_change_without_a_body_changes_nothing(api: httpx.Client, task: str, version: str, path: str) -> None:
    url = f"customTasks/{task}/{path.format(version=version)}"
    before = api.get(url).json()
    after = api.patch(url)
    assert after.status_code == (200 if path else 201)
    assert {**after.json(), "updated": None} == {**before, "updated": None}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"description": "\0"}, "NUL", id="nul"),
        pytest.param({"description": "a" * 10_001}, "description", id="long"),
        pytest.param({"requiredMetadataValues": [{"fieldName": "A", "value": "\0"}]}, "NUL", id="nul-value"),
        pytest.param({"requiredMetadataValues": [{"fieldName": "A", "value": "a" * 101}]}, "100", id="long-value"),
        pytest.param({"requiredMetadataValues": [{"fieldName": "A", "value": "b"}]}, "not known", id="not-asked-for"),
        pytest.param({"requiredMetadata": {"\0": "b"}}, "not known", id="nul-name"),
        pytest.param({"requiredMetadata": "A=b"}, "requiredMetadata", id="text"),
        pytest.param({"label": "2.0"}, "label", id="not-to-be-changed"),
    ],
)
def test_a_change_of_a_version_that_cannot_be_made_is_refused(
    api: httpx.Client, task: str, version: str, changes: dict[str, Any], word: str
) -> None:
    refused(api.patch(f"customTasks/{task}/versions/{version}/", json=changes), 422, word)


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        pytest.param({}, "repositoryId", id="none"),
        pytest.param({"repositoryId": NOBODY, "baseEnvironmentId": ENVIRONMENT}, "repositoryId", id="unknown"),
        pytest.param({"repositoryId": "\0"}, "repositoryId", id="nul"),
        pytest.param({"repositoryId": 1}, "repositoryId", id="number"),
        pytest.param({"repositoryId": NOBODY, "ref": "\0"}, "ref", id="nul-ref"),
        pytest.param({"repositoryId": NOBODY, "ref": ""}, "ref", id="empty-ref"),
        pytest.param({"repositoryId": NOBODY, "sourcePath": ["../x"]}, "sourcePath", id="outside"),
        pytest.param({"repositoryId": NOBODY, "sourcePath": {"a": "b"}}, "sourcePath", id="object"),
        pytest.param({"repositoryId": NOBODY, "baseEnvironmentId": "\0"}, "baseEnvironmentId", id="nul-environment"),
    ],
)
def test_a_repository_that_cannot_be_taken_from_is_refused(
    api: httpx.Client, task: str, wanted: dict[str, Any], word: str
) -> None:
    refused(api.post(f"customTasks/{task}/versions/fromRepository/", json=wanted), 422, word)


# Queries and ids


@pytest.mark.parametrize(
    "query",
    [
        "offset=-1",
        "offset=a",
        "offset=",
        "offset=1.5",
        "offset=9223372036854775808",
        "offset=" + "9" * 5_000,
        "limit=0",
        "limit=1001",
        "limit=-9223372036854775809",
        "limit=%00",
        "limit=NaN",
        "orderBy=name",
        "orderBy=",
        "searchFor=%00",
    ],
)
def test_a_query_that_cannot_be_used_is_refused(api: httpx.Client, query: str) -> None:
    refused(api.get(f"customTasks/?{query}"), 400, query.partition("=")[0])


@pytest.mark.parametrize("query", ["username=a&userId=b", "username=%00", "userId=%00", "offset=-1"])
def test_a_query_for_access_that_cannot_be_used_is_refused(api: httpx.Client, task: str, query: str) -> None:
    refused(api.get(f"customTasks/{task}/accessControl/?{query}"), 400)


@pytest.mark.parametrize(
    "query", ["offset=9007199254740992", "searchFor=%ED%A0%80", "searchFor=%F0%9F", "a=b&a=c", "&&="]
)
def test_a_query_that_finds_nothing_or_means_nothing_is_taken(api: httpx.Client, query: str) -> None:
    assert api.get(f"customTasks/?{query}").status_code == 200


WRONG_IDS = {
    "unknown": NOBODY,
    "short": "1",
    "long": "0" * 25,
    "no digits": "g" * 24,
    "upper case": "A" * 24,
    "NUL": "%00" * 24,
    "half a character": "%ED%A0%80",
    "digits of another script": "%D9%A0" * 24,
    "outside": "..%2F..%2Fetc",
    "newline": "0" * 24 + "%0A",
    "SQL": "';--",
    "very long": "9" * 20_000,
}


@pytest.mark.parametrize(
    "path",
    [
        "GET customTasks/{}/",
        "PATCH customTasks/{}/",
        "DELETE customTasks/{}/",
        "GET customTasks/{}/download/",
        "GET customTasks/{}/accessControl/",
        "GET customTasks/{}/versions/",
        "POST customTasks/{}/versions/",
        "PATCH customTasks/{}/versions/",
        "GET customTasks/{}/versions/{}/",
        "GET customTasks/{task}/versions/{}/",
        "PATCH customTasks/{task}/versions/{}/",
        "GET customTasks/{task}/versions/{}/download/",
        "POST customTasks/{task}/versions/{}/dependencyBuild/",
        "GET customTasks/{task}/versions/{}/dependencyBuild/",
        "DELETE customTasks/{task}/versions/{}/dependencyBuild/",
        "GET customTasks/{task}/versions/{}/dependencyBuildLog/",
        "GET executionEnvironments/{}/",
        "GET executionEnvironments/{}/versions/",
        "GET executionEnvironments/{}/versions/{}/",
        "GET executionEnvironments/67a554bbfbef3a4ce2ab6700/versions/{}/",
        "GET remoteRepositories/{}/",
        "GET status/{}/",
        "GET projects/{}/models/{}/logs/",
        "GET projects/{}/models/{}/trainingArtifact/",
        "GET projects/{}/",
        "GET userBlueprints/{}/",
    ],
)
def test_an_id_that_nothing_has_is_not_found(api: httpx.Client, kept_task: str, path: str) -> None:
    method, _, url = path.partition(" ")
    for wrong in WRONG_IDS.values():
        refused(api.request(method, url.replace("{task}", kept_task).replace("{}", wrong)), 404)


@pytest.fixture(scope="module")
def kept_task(api: httpx.Client) -> str:
    return str(api.post("customTasks/", json={"name": "Kept", "targetType": "Regression"}).json()["id"])


@pytest.mark.parametrize(
    "body", [{"customTaskId": NOBODY}, {"customTaskId": "1"}, {"customTaskId": "\0"}, {"customTaskId": None}, {}]
)
def test_a_copy_of_no_task_is_refused(api: httpx.Client, body: dict[str, Any]) -> None:
    refused(api.post("customTasks/fromCustomTask/", json=body), 404 if body.get("customTaskId") == NOBODY else 422)


# Methods, addresses, headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "customTasks/", 405),
        ("DELETE", "customTasks/", 405),
        ("OPTIONS", "customTasks/", 405),
        ("TRACE", "customTasks/", 405),
        ("POST", f"customTasks/{NOBODY}/", 405),
        ("GET", "customTasks/fromCustomTask/", 404),
        ("BREW", "version/", 405),
        ("GET", "customTasks", 404),
        ("POST", "customTasks", 404),
        ("GET", "", 404),
        ("GET", "customTasks//", 404),
        ("GET", "nothing/", 404),
        ("GET", "../../etc/passwd", 404),
        ("GET", "%2e%2e/%2e%2e/etc/passwd", 404),
    ],
)
def test_what_is_not_served_is_told_as_json_and_not_redirected(
    api: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = api.request(method, path)
    refused(answer, status)
    assert "Location" not in answer.headers
    if status == 405:
        assert answer.headers["Allow"]


def test_head_has_no_body(api: httpx.Client) -> None:
    answer = api.head("customTasks/")
    assert (answer.status_code, answer.content) == (405, b"")
    assert api.get("version/").status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param([], id="none"),
        pytest.param(["Bearer"], id="no-token"),
        pytest.param(["Bearer  x y"], id="two-words"),
        pytest.param(["{token}"], id="no-scheme"),
        pytest.param(["Basic {token}"], id="basic"),
        pytest.param(["Bearer x{token}"], id="wrong"),
        pytest.param(["Bearer {token}x"], id="longer"),
        pytest.param(["Bearer t\u00f6k\u00e9n"], id="latin-1"),
        pytest.param(["Bearer \U0001f511"], id="unicode"),
        pytest.param(["Bearer {token}", "Bearer other"], id="two"),
        pytest.param(["Basic eDp5", "Bearer {token}"], id="two-schemes"),
        pytest.param(["Bearer " + "x" * 50_000], id="long"),
        pytest.param(["Bearer {token}, Bearer {token}"], id="list"),
    ],
)
def test_without_one_good_token_nothing_is_told(server: Served, authorization: Sequence[str]) -> None:
    headers = [(b"authorization", text.format(token=server.token).encode()) for text in authorization]
    for method, path in (("GET", "version/"), ("GET", "customTasks/"), ("POST", "nothing/"), ("GET", "status/1/")):
        refused(httpx.request(method, f"{server.url}/{path}", headers=headers), 401)


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer", "TOKEN", "Bearer  "])
def test_either_scheme_is_taken_however_it_is_written(server: Served, scheme: str) -> None:
    assert httpx.get(f"{server.url}/version/", headers={"Authorization": f"{scheme} {server.token}"}).is_success


@pytest.mark.parametrize(
    "host",
    ["other.example", "other.example:99999", "[::1", "a b", "a/../b", "", "\u00e9", "x" * 1_000, "a\\b", "a@b:1"],
)
def test_addresses_are_made_of_any_host(server: Served, host: str, kept_task: str) -> None:
    head = request_head(server, "GET", "customTasks/?limit=1", "Connection: close", host=host)
    status, _, body = exchange(server, head)
    assert status == 200
    assert json.loads(body)["count"] == 1


@pytest.mark.parametrize(
    "request_text",
    [
        pytest.param(b"hello\r\n\r\n", id="no-http"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no-host"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", id="raw-bytes"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", id="two-hosts"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: a\r\n\r\n", id="no-length"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two-lengths"
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n", id="tls"),
    ],
)
def test_what_is_no_http_is_told_so(server: Served, request_text: bytes) -> None:
    status, headers, body = exchange(server, request_text)
    assert (status, headers["content-type"]) == (400, "application/json")
    assert "HTTP" in json.loads(body)["message"]


LONG = "a" * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"GET /{LONG} HTTP/1.1\r\nHost: x\r\n\r\n", id="path"),
        pytest.param(f"GET /?a={LONG} HTTP/1.1\r\nHost: x\r\n\r\n", id="query"),
        pytest.param(f"GET / HTTP/1.1\r\nHost: x\r\nX: {LONG}\r\n\r\n", id="header"),
    ],
)
def test_what_is_very_long_is_answered(server: Served, text: str) -> None:
    status, headers, body = exchange(server, text.encode())
    assert (status, headers["content-type"]) == (400, "application/json")
    assert json.loads(body)["message"]


def test_chunks_that_cannot_be_read_end_the_request_and_not_the_server(
    api: httpx.Client, server: Served, task: str
) -> None:
    head = request_head(
        server, "POST", f"customTasks/{task}/versions/", f"Content-Type: {FORM}\r\nTransfer-Encoding: chunked"
    )
    status, headers, body = exchange(server, head + b"4\r\n--b\r\n\r\nzz\r\n")
    assert (status, headers["content-type"]) == (400, "application/json")
    assert json.loads(body)["message"]
    assert api.get(f"customTasks/{task}/versions/").json()["totalCount"] == 0


# Bodies over the limit


def test_an_upload_over_the_limit_is_refused_however_it_comes(api: httpx.Client, task: str) -> None:
    refused(upload(api, task, {"custom.py": bytes(LARGEST_UPLOAD + 1)}), 413, "300,000")

    def chunks() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'
        for _ in range(100):
            yield bytes(10_000)

    refused(api.post(f"customTasks/{task}/versions/", content=chunks(), headers={"Content-Type": FORM}), 413, "300,000")
    assert upload(api, task, {"custom.py": bytes(LARGEST_UPLOAD - 1_000)}).status_code == 201


def test_json_over_its_limit_is_refused_however_it_comes(api: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    refused(api.post("customTasks/", content=bytes(9 * 1024**2), headers=headers), 413)
    pieces = (bytes(1024**2) for _ in range(9))
    refused(api.post("customTasks/", content=pieces, headers=headers), 413)


@pytest.mark.parametrize("path", ["customTasks/{task}/versions/", f"customTasks/{NOBODY}/versions/", "nothing/"])
def test_requests_sees_the_refusal_of_a_large_upload(server: Served, kept_task: str, tmp_path: Path, path: str) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(200 * 1024**2)
    headers = {"Authorization": f"Token {server.token}", "Content-Type": FORM}
    with requests.Session() as session, large.open("rb") as body:
        url = f"{server.url}/{path.format(task=kept_task)}"
        answer = session.post(url, data=body, headers=headers, timeout=PATIENCE_SECONDS)
        refused(answer, 413 if "{task}" in path else 404)
        assert answer.headers["Connection"] == "close"
        # The session's next request is not taken for the rest of the body.
        assert session.get(f"{server.url}/version/", headers=headers, timeout=PATIENCE_SECONDS).status_code == 200


@pytest.mark.parametrize("expect", ["Expect: 100-continue", "Expect:"], ids=["asks-first", "just-sends"])
def test_curl_sees_the_refusal_of_a_large_upload(server: Served, kept_task: str, tmp_path: Path, expect: str) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(100 * 1024**2)
    command = ["curl", "-sS", "-H", f"Authorization: Bearer {server.token}", "-H", expect, "-F", f"file=@{large}"]
    url = f"{server.url}/customTasks/{kept_task}/versions/"
    done = subprocess.run([*command, "-w", "\n%{http_code}", url], capture_output=True, text=True, check=False)
    body, _, status = done.stdout.rpartition("\n")
    assert (done.returncode, status, done.stderr) == (0, "413", "")
    assert "300,000" in json.loads(body)["message"]


@pytest.mark.parametrize(("token", "expected"), [("{token}", 413), ("unknown", 401)])
def test_who_reads_only_after_sending_it_all_sees_the_refusal(
    server: Served, kept_task: str, token: str, expected: int
) -> None:
    size = 20 * 1024**2
    path = f"customTasks/{kept_task}/versions/"
    head = request_head(server, "POST", path, f"Content-Type: {FORM}", size, token=token.format(token=server.token))
    status, headers, body = exchange(server, head + bytes(size))
    assert (status, headers["connection"]) == (expected, "close")
    assert json.loads(body)["message"]


@pytest.mark.parametrize("kind", [FORM, "application/json"])
@pytest.mark.parametrize("token", ["{token}", "unknown"])
def test_no_answer_waits_for_a_body_that_never_comes(server: Served, kept_task: str, kind: str, token: str) -> None:
    """The platform's client repeats a refused upload so: it announces all of the body and sends none of it."""
    path = f"customTasks/{kept_task}/versions/"
    head = request_head(server, "POST", path, f"Content-Type: {kind}", 2**33, token=token.format(token=server.token))
    status, headers, body = exchange(server, head)
    assert (status, headers["connection"]) == (413 if token == "{token}" else 401, "close")
    assert json.loads(body)["message"]


def test_the_server_told_of_no_fault(server: Served) -> None:
    """Stands last: whatever the tests above have sent, none of it was a fault of the server."""
    assert "Traceback" not in server.output
    assert "fault" not in server.output
    assert " 500 " not in server.output
    assert server.token not in server.output


# A client of our own, for what no library sends


def connected(server: Served) -> socket.socket:
    host, _, port = server.url.removeprefix("http://").partition("/")[0].partition(":")
    return socket.create_connection((host, int(port)), PATIENCE_SECONDS)


def request_head(
    server: Served,
    method: str,
    path: str,
    more: str,
    length: int | None = None,
    *,
    host: str = "x",
    token: str | None = None,
) -> bytes:
    lines = [
        f"{method} /api/v2/{path} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {token or server.token}",
        more,
        *([] if length is None else [f"Content-Length: {length}"]),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def exchange(server: Served, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes and return status, headers and body of the answer, which ends when the server closes."""
    with connected(server) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), headers, body
