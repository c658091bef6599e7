"""Every curl example of the platform's document of the Custom Tasks API, sent by curl itself.

The table has each operation's example as the document writes it, headers and body included. In place of the ids that
the document leaves open stand {names}, which are filled in for each example; the text "string", which the document
has for everything else, is sent as it is: there is a user, a branch, a folder and a metadata key of that name.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from server_fixtures import Serve, api_client
from started_programs import Served, wait_until

from harness.records import Record
from harness.server.records.access import AccessList
from harness.server.records.builds import Build
from harness.server.records.common import Page
from harness.server.records.tasks import Task
from harness.server.records.versions import Version

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENT = "0" * 23 + "5"
JSON_ACCEPTED = ("Accept: application/json",)
JSON_SENT = ("Content-Type: application/json",)
FORM_SENT = ("Content-Type: multipart/form-data",)
TASKS = "/api/v2/customTasks/"
TASK = TASKS + "{customTaskId}/"
VERSIONS = TASK + "versions/"
VERSION = VERSIONS + "{customTaskVersionId}/"
PAGE = "?offset=0&limit=1000"
MODEL = "/api/v2/projects/{projectId}/models/{modelId}/"
REQUIRED = [{"fieldName": "string", "value": "string"}]
NEW_VERSION = {
    "baseEnvironmentId": "{baseEnvironmentId}",
    "file": "@custom.py",
    "filePath": "custom.py",
    "isMajorUpdate": "false",
    "maximumMemory": "134217728",
    "outboundNetworkPolicy": "ISOLATED",
    "requiredMetadata": '{"string": "string"}',
    "requiredMetadataValues": json.dumps(REQUIRED),
}
FROM_REPOSITORY = {
    "baseEnvironmentId": "{baseEnvironmentId}",
    "isMajorUpdate": True,
    "outboundNetworkPolicy": "ISOLATED",
    "ref": "string",
    "repositoryId": "{repositoryId}",
    "requiredMetadata": {},
    "requiredMetadataValues": REQUIRED,
    "sourcePath": "string",
}
ZIP = "attachment;filename=model-{customTaskId}-version-{customTaskVersionId}.zip"
LOG = "attachment; filename=dependency-build-{customTaskVersionId}.log"
OF_NEW_VERSION = {
    "baseEnvironmentId": "{baseEnvironmentId}",
    "customModelId": "{customTaskId}",
    "customTaskId": "{customTaskId}",
    "isFrozen": False,
    "maximumMemory": 134217728,
    "outboundNetworkPolicy": "ISOLATED",
    "requiredMetadata": {"string": "string"},
    "requiredMetadataValues": REQUIRED,
}
OF_VERSION = {"id": "{customTaskVersionId}", "customTaskId": "{customTaskId}", "versionMajor": 1, "versionMinor": 0}
OF_BUILD = {"customTaskId": "{customTaskId}", "customTaskVersionId": "{customTaskVersionId}"}
BUILT = {**OF_BUILD, "buildStatus": "success"}
CUSTOM = "def fit(X, y, output_dir, **kwargs): ...\n"
# What the venv of the platform's bare environment can train.
TRAINABLE = {
    name: (CHECKOUT / "sample_tasks" / "regression_row_weights" / name).read_text()
    for name in ("custom.py", "model-metadata.yaml")
}
PLACEHOLDERS = (
    "baseEnvironmentId",
    "customTaskId",
    "customTaskVersionId",
    "itemId",
    "modelId",
    "projectId",
    "repositoryId",
)


@dataclass(frozen=True, slots=True)
class Example:
    """One curl example.

    record: what the body has to be, and `says` some of its fields. disposition: that of the file that the body is.
    Without either the body is empty. needs: what there has to be before.
    """

    method: str
    path: str
    status: int
    headers: tuple[str, ...] = ()
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    record: type[Record] | None = None
    says: Mapping[str, Any] = field(default_factory=dict)
    media_type: str = "application/json"
    disposition: str | None = None
    needs: str = "version"

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v2/').partition('?')[0]}"


EXAMPLES = (
    Example("GET", TASKS + PAGE, 200, JSON_ACCEPTED, record=Page[Task], says={"next": None, "previous": None}),
    Example(
        "POST",
        TASKS,
        201,
        JSON_SENT + JSON_ACCEPTED,
        {
            "calibratePredictions": "True",
            "description": "string",
            "language": "string",
            "maximumMemory": 134217728,
            "name": "string",
            "targetType": "Binary",
        },
        record=Task,
        says={
            "calibratePredictions": True,
            "customModelType": "training",
            "description": "string",
            "language": "string",
            "latestVersion": None,
            "maximumMemory": 134217728,
            "name": "string",
            "targetType": "Binary",
        },
    ),
    Example(
        "POST",
        TASKS + "fromCustomTask/",
        201,
        JSON_SENT + JSON_ACCEPTED,
        {"customTaskId": "{customTaskId}"},
        record=Task,
        says={"targetType": "Regression"},
    ),
    Example("DELETE", TASK, 204),
    Example("GET", TASK, 200, JSON_ACCEPTED, record=Task, says={"id": "{customTaskId}", "name": "Ridge"}),
    Example(
        "PATCH",
        TASK,
        201,
        JSON_SENT + JSON_ACCEPTED,
        {"description": "string", "language": "string", "maximumMemory": 134217728, "name": "string"},
        record=Task,
        says={
            "id": "{customTaskId}",
            "description": "string",
            "language": "string",
            "maximumMemory": 134217728,
            "name": "string",
        },
    ),
    Example(
        "GET", TASK + "accessControl/" + PAGE, 200, JSON_ACCEPTED, record=AccessList, says={"count": 1, "next": None}
    ),
    Example(
        "PATCH",
        TASK + "accessControl/",
        204,
        JSON_SENT,
        {"data": [{"canShare": True, "role": "ADMIN", "username": "string"}]},
    ),
    Example("GET", TASK + "download/", 200, media_type="application/zip", disposition=ZIP),
    Example("GET", VERSIONS + PAGE, 200, JSON_ACCEPTED, record=Page[Version], says={"count": 1, "totalCount": 1}),
    Example(
        "PATCH",
        VERSIONS,
        201,
        FORM_SENT + JSON_ACCEPTED,
        form={**NEW_VERSION, "filesToDelete": "{itemId}"},
        record=Version,
        says={**OF_NEW_VERSION, "label": "1.1"},
    ),
    Example("POST", VERSIONS, 201, FORM_SENT + JSON_ACCEPTED, form=NEW_VERSION, record=Version, says=OF_NEW_VERSION),
    Example("PATCH", VERSIONS + "fromRepository/", 202, JSON_SENT, FROM_REPOSITORY),
    Example("POST", VERSIONS + "fromRepository/", 202, JSON_SENT, FROM_REPOSITORY),
    Example("GET", VERSION, 200, JSON_ACCEPTED, record=Version, says={**OF_VERSION, "label": "1.0"}),
    Example(
        "PATCH",
        VERSION,
        200,
        JSON_SENT + JSON_ACCEPTED,
        {"description": "string", "requiredMetadata": {}, "requiredMetadataValues": REQUIRED},
        record=Version,
        says={**OF_VERSION, "description": "string", "requiredMetadata": {"string": "string"}},
    ),
    Example("DELETE", VERSION + "dependencyBuild/", 204, needs="endless build"),
    Example("GET", VERSION + "dependencyBuild/", 200, JSON_ACCEPTED, record=Build, says=BUILT, needs="build"),
    Example("POST", VERSION + "dependencyBuild/", 202, JSON_ACCEPTED, record=Build, says=OF_BUILD),
    Example("GET", VERSION + "dependencyBuildLog/", 200, media_type="text/plain", disposition=LOG, needs="build"),
    Example("GET", VERSION + "download/", 200, media_type="application/zip", disposition=ZIP),
    Example(
        "GET",
        MODEL + "logs/",
        200,
        JSON_ACCEPTED,
        media_type="application/gzip",
        disposition="attachment; filename=logs.tar.gz",
        needs="model",
    ),
    Example(
        "GET",
        MODEL + "trainingArtifact/",
        200,
        JSON_ACCEPTED,
        media_type="application/gzip",
        disposition="attachment; filename=training-artifact.tar.gz",
        needs="model",
    ),
)

Answer = tuple[int, dict[str, str], bytes]
Given = Callable[[str], tuple[Served, dict[str, str]]]


def test_the_table_has_all_operations() -> None:
    assert len({example.name for example in EXAMPLES}) == len(EXAMPLES) == 23


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_example_is_answered_as_documented(
    example: Example, given: Given, api: httpx.Client, tmp_path: Path
) -> None:
    served, ids = given(example.needs)
    status, headers, body = run_curl(example, served, ids, tmp_path)
    assert status == example.status, body
    if example.record is not None:
        assert headers["content-type"] == "application/json"
        example.record.model_validate_json(body)
        said = json.loads(body)
        for name, value in json.loads(filled(json.dumps(example.says), ids)).items():
            assert said[name] == value
    elif example.disposition is not None:
        assert headers["content-type"].partition(";")[0] == example.media_type
        assert "content-encoding" not in headers
        assert headers["content-disposition"] == filled(example.disposition, ids)
        assert names_in(body, example.media_type)
    else:
        assert body == b""
    if "fromRepository" in example.path:
        assert re.fullmatch(re.escape(served.url) + r"/status/[0-9a-f]{24}/", headers["location"])
        judge_import(api, headers["location"], ids)


def judge_import(api: httpx.Client, location: str, ids: Mapping[str, str]) -> None:
    """Follow a job until its version is there, with a file of the repository's branch and folder."""
    finished = wait_until(lambda: answer if (answer := api.get(location)).status_code == 303 else None)
    version = Version.model_validate_json(api.get(finished.headers["Location"]).content)
    assert (version.custom_task_id, version.label) == (ids["customTaskId"], "2.0")
    (item,) = [item for item in version.items if item.commit_sha]
    assert (item.file_path, item.ref, item.repository_name) == ("custom.py", "string", "Tasks")
    assert item.repository_file_path == "string/custom.py"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_without_a_token_every_example_is_401(example: Example, server: Served, tmp_path: Path) -> None:
    nobody = dict.fromkeys(PLACEHOLDERS, "0123456789abcdef01234567")
    status, headers, body = run_curl(example, server, nobody, tmp_path, token="")
    assert (status, headers["content-type"]) == (401, "application/json")
    assert json.loads(body)["message"]


def run_curl(
    example: Example, served: Served, ids: Mapping[str, str], folder: Path, token: str | None = None
) -> Answer:
    curl = shutil.which("curl")
    assert curl, "curl is missing: install it (on Debian, the package curl)"
    (folder / "custom.py").write_text(CUSTOM)
    command = [curl, "-sS", "-X", example.method, "-D", "headers", "-o", "body", "-w", "%{http_code}"]
    command += [part for header in example.headers for part in ("-H", header)]
    access_token = served.token if token is None else token
    command += ["-H", f"Authorization: Bearer {access_token}"] if access_token else []
    if example.json is not None:
        command += ["-d", filled(json.dumps(example.json), ids)]
    for name, value in example.form.items():
        command += ["-F", f"{name}={filled(value, ids)}"]
    url = served.url.removesuffix("/api/v2") + filled(example.path, ids)
    done = subprocess.run([*command, url], cwd=folder, capture_output=True, text=True, check=True)
    lines = (folder / "headers").read_text().splitlines()
    # Before a large body curl is told to go on, which has headers of its own.
    last = max(number for number, line in enumerate(lines) if line.startswith("HTTP/"))
    pairs = (line.partition(": ")[::2] for line in lines[last + 1 :] if line)
    headers = {name.lower(): value for name, value in pairs}
    # curl writes no file where there is no body.
    body = (folder / "body").read_bytes() if (folder / "body").exists() else b""
    return int(done.stdout), headers, body


def filled(text: str, ids: Mapping[str, str]) -> str:
    for name, identity in ids.items():
        text = text.replace(f"{{{name}}}", identity)
    return text


def names_in(body: bytes, media_type: str) -> list[str]:
    """Return the names of the files in an archive; what is no archive is taken for a text with one line a name."""
    if media_type == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return archive.namelist()
    if media_type == "application/gzip":
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
            return archive.getnames()
    return body.decode().splitlines()


def posted(api: httpx.Client, path: str, **body: object) -> httpx.Response:
    answer = api.post(path, json=body or None)
    assert answer.is_success, answer.text
    return answer


def new_version(api: httpx.Client, files: Mapping[str, str], environment: str, **fields: str) -> dict[str, Any]:
    """Make a task with one version, and return that."""
    task = posted(api, "customTasks/", name="Ridge", targetType="Regression").json()
    parts: list[tuple[str, Any]] = [("isMajorUpdate", (None, "True")), ("baseEnvironmentId", (None, environment))]
    parts += [(name, (None, value)) for name, value in fields.items()]
    for path, text in files.items():
        parts += [("file", (path, text)), ("filePath", (None, path))]
    answer = api.post(f"customTasks/{task['id']}/versions/", files=parts)
    assert answer.is_success, answer.text
    version: dict[str, Any] = answer.json()
    return version


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the options that add a base environment that asks for a value of "string"."""
    folder = tmp_path_factory.mktemp("environment")
    keys = [{"fieldName": "string", "displayName": "string"}]
    info = {"id": ENVIRONMENT, "name": "Asks for a string", "requiredMetadataKeys": keys}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return ["--env", str(folder)]


@pytest.fixture(scope="module")
def server(serve: Serve, environment: list[str]) -> Served:
    """Give a server with a user and an environment of which the document's texts are true."""
    served = serve(*environment)
    served.admin("user", "string")
    return served


@pytest.fixture(scope="module")
def endless(serve: Serve, environment: list[str], silence: str) -> Served:
    """Give a server whose builds wait for a package index that never answers."""
    return serve(*environment, variables={"PIP_INDEX_URL": silence, "UV_DEFAULT_INDEX": silence})


@pytest.fixture(scope="module")
def api_of_endless(endless: Served) -> Iterator[httpx.Client]:
    with api_client(endless) as client:
        yield client


@pytest.fixture(scope="module")
def repository(server: Served, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the id of a git repository with a branch and a folder named "string"."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "string").mkdir()
    (folder / "string" / "custom.py").write_text(CUSTOM)
    git = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
    for arguments in (["init", "-q", "-b", "string"], ["add", "."], ["commit", "-q", "-m", "A task"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return str(server.admin("repository", "Tasks", str(folder))["id"])


@pytest.fixture(scope="module")
def model(server: Served, api: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the ids of a model that was trained, and of its project."""
    data = tmp_path_factory.mktemp("data") / "train.csv"
    data.write_text("x,y\n" + "".join(f"{x},{2 * x}\n" for x in range(50)))
    project_id = server.admin("project", "--data", str(data), "--target", "y")["id"]
    version = new_version(api, TRAINABLE, environment="67a554bbfbef3a4ce2ab6700")
    blueprint = posted(api, "userBlueprints/fromCustomTaskVersionId/", customTaskVersionId=version["id"]).json()
    added = posted(
        api,
        "userBlueprintsProjectBlueprints/",
        projectId=project_id,
        userBlueprintIds=[blueprint["userBlueprintId"]],
    ).json()
    menu = added["addedToMenu"][0]
    job = posted(api, f"projects/{project_id}/models/", blueprintId=menu["blueprintId"]).headers["Location"]
    trained = wait_until(lambda: status if (status := api.get(job)).status_code == 303 else None)
    assert trained.json()["status"] == "COMPLETED", trained.text
    return {"projectId": project_id, "modelId": trained.json()["modelId"]}


@pytest.fixture
def given(server: Served, api: httpx.Client, request: pytest.FixtureRequest) -> Given:
    """Give a function that returns a server and the ids of what an example needs there."""

    def prepare(needs: str) -> tuple[Served, dict[str, str]]:
        if needs == "model":
            return server, request.getfixturevalue("model")
        served, client = server, api
        if needs == "endless build":
            served = request.getfixturevalue("endless")
            client = request.getfixturevalue("api_of_endless")
        files = {"custom.py": CUSTOM, "requirements.txt": "iniconfig>=2\n"}
        version = new_version(client, files, environment=ENVIRONMENT, requiredMetadataValues=json.dumps(REQUIRED))
        ids = {
            "baseEnvironmentId": ENVIRONMENT,
            "customTaskId": version["customTaskId"],
            "customTaskVersionId": version["id"],
            "itemId": version["items"][0]["id"],
            "repositoryId": request.getfixturevalue("repository"),
        }
        build = filled("customTasks/{customTaskId}/versions/{customTaskVersionId}/dependencyBuild/", ids)
        if "build" in needs:
            posted(client, build)
        if needs == "build":
            wait_until(lambda: client.get(build).json()["buildEnd"])
        return served, ids

    return prepare
