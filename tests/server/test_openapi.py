"""The OpenAPI document says what the platform's does, and the server does what its document says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
from hypothesis.strategies import SearchStrategy
from running_app import ENVIRONMENT, began, into_menu, made, new_blueprint, new_project, new_task, running_app
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from started_programs import Served

from harness.server import times
from harness.server.app import create_app
from harness.server.store.builds import end_build, get_build
from harness.server.store.repositories import add_repository
from harness.server.store.tables import Model
from harness.server.store.trainings import TrainingResult, end_training

Document = dict[str, Any]
AnyCase = Case[Any]

# The platform's records, field by field. Source: the property tables of its Custom Tasks API. A field that may be left
# out of an answer there, and never is here, is among the fields that are always there.

MEMORY = "integer >=134217728 <=15032385536|null"
ROLES = "(ADMIN CONSUMER DATA_SCIENTIST EDITOR OBSERVER OWNER READ_ONLY READ_WRITE USER)"
TARGET_TYPES = "(Binary Regression Multiclass Anomaly Transform TextGeneration)"
CONSTRAINT = {"constraintType": "(< <= == >= >)", "version": "string"}
DEPENDENCY = {
    "packageName": "string",
    "constraints": [CONSTRAINT],
    "line": "string",
    "lineNumber": "integer",
    "extras?": "string|null",
}
ITEM = {
    "id": "string",
    "fileName": "string",
    "filePath": "string",
    "fileSource": "string",
    "created": "string date-time",
    "commitSha": "string|null",
    "ref": "string|null",
    "repositoryFilePath": "string|null",
    "repositoryLocation": "string|null",
    "repositoryName": "string|null",
}
VERSION = {
    "id": "string",
    "customTaskId": "string",
    "customModelId": "string",
    "created": "string date-time",
    "description": "string|null",
    "label": "string",
    "versionMajor": "integer",
    "versionMinor": "integer",
    "isFrozen": "boolean",
    "baseEnvironmentId": "string|null",
    "baseEnvironmentVersionId": "string|null",
    "maximumMemory": MEMORY,
    "outboundNetworkPolicy": "(ISOLATED PUBLIC)",
    "requiredMetadata": {"*": "string"},
    "requiredMetadataValues": [{"fieldName": "string", "value": "string"}],
    "dependencies": [DEPENDENCY],
    "items": [ITEM],
    "warning": ["string"],
}
TASK = {
    "id": "string",
    "name": "string",
    "description": "string",
    "language": "string",
    "targetType": TARGET_TYPES,
    "customModelType": "(training inference)",
    "calibratePredictions": "boolean",
    "maximumMemory": MEMORY,
    "created": "string date-time",
    "updated": "string date-time",
    "createdBy": "string",
    "latestVersion": (VERSION, "null"),
}
BUILD = {
    "customTaskId": "string",
    "customTaskVersionId": "string",
    "buildStatus": "(submitted processing success failed)",
    "buildStart": "string date-time",
    "buildEnd": "string date-time|null",
    "buildLogLocation": "string uri|null",
}
ACCESS_LIST = {
    "count": "integer",
    "next": "string uri|null",
    "previous": "string uri|null",
    "data": [{"username": "string", "userId": "string", "role": ROLES, "canShare": "boolean"}],
}


def page(item: Any) -> dict[str, Any]:
    return {
        "count": "integer",
        "next": "string uri|null",
        "previous": "string uri|null",
        "totalCount": "integer",
        "data": [item],
    }


# The bodies that clients send. A question mark: may be left out.

METADATA = {"fieldName": "string from 1", "value": "string from 1 to 100"}
NEW_TASK = {
    "name": "string from 1 to 255",
    "targetType": TARGET_TYPES,
    "description?": "string to 10000",
    "language?": "string to 500",
    "calibratePredictions?": "boolean",
    "maximumMemory?": MEMORY,
}
TASK_CHANGES = {
    "name?": "string from 1 to 255|null",
    "description?": "string to 10000|null",
    "language?": "string to 500|null",
    "maximumMemory?": MEMORY,
}
ROLE_CHANGES = {
    "data": [
        {
            "username": "string from 1",
            "role": f"{ROLES}|(NO_ROLE)|null",
            "canShare?": "boolean|null",
            "canUseData?": "any",
        }
    ]
}
VERSION_CHANGES = {
    "description?": "string to 10000|null",
    "requiredMetadata?": ({"*": "string"}, "null"),
    "requiredMetadataValues?": ([METADATA], "null"),
}
FROM_REPOSITORY = {
    "repositoryId": "string",
    "baseEnvironmentId?": "string|null",
    "isMajorUpdate?": "boolean",
    "outboundNetworkPolicy?": "(ISOLATED PUBLIC)|null",
    "ref?": "string from 1 to 255|null",
    "requiredMetadata?": ({"*": "string"}, "null"),
    "requiredMetadataValues?": ([METADATA], "null"),
    "sourcePath?": ("string", ["string"], "null"),
}
NEW_VERSION = {
    "isMajorUpdate": "(false False true True)",
    "baseEnvironmentId": "string",
    "requiredMetadata?": "string",
    "requiredMetadataValues?": "string",
    "maximumMemory?": "integer >=134217728 <=15032385536",
    "outboundNetworkPolicy?": "(ISOLATED PUBLIC)",
    "file?": ["string binary"],
    "filePath?": ["string"],
}

PAGE = ("offset", "limit")
T = "customTasks/{customTaskId}/"
V = T + "versions/{customTaskVersionId}/"
M = "projects/{projectId}/models/{modelId}/"
Operation = tuple[tuple[str, ...], Any, int, Any, set[int]]
# (query, body, status, answer, errors); an answer that is a text is the media type of a file.
OPERATIONS: dict[str, Operation] = {
    "GET customTasks/": ((*PAGE, "orderBy", "searchFor"), None, 200, page(TASK), {400, 401}),
    "POST customTasks/": ((), NEW_TASK, 201, TASK, {401, 403, 413, 422, 507}),
    "POST customTasks/fromCustomTask/": (
        (),
        {"customTaskId": "string"},
        201,
        TASK,
        {401, 403, 404, 413, 422, 507},
    ),
    f"DELETE {T}": ((), None, 204, None, {401, 403, 404, 409, 507}),
    f"GET {T}": ((), None, 200, TASK, {401, 404}),
    f"PATCH {T}": ((), TASK_CHANGES, 201, TASK, {401, 403, 404, 413, 422, 507}),
    f"GET {T}accessControl/": ((*PAGE, "username", "userId"), None, 200, ACCESS_LIST, {400, 401, 404}),
    f"PATCH {T}accessControl/": ((), ROLE_CHANGES, 204, None, {401, 403, 404, 409, 413, 422, 507}),
    f"GET {T}download/": ((), None, 200, "application/zip", {401, 404}),
    f"GET {T}versions/": (PAGE, None, 200, page(VERSION), {400, 401, 404}),
    f"POST {T}versions/": ((), NEW_VERSION, 201, VERSION, {401, 403, 404, 413, 422, 507}),
    f"PATCH {T}versions/": (
        (),
        {**NEW_VERSION, "filesToDelete?": ["string"]},
        201,
        VERSION,
        {401, 403, 404, 413, 422, 507},
    ),
    f"POST {T}versions/fromRepository/": ((), FROM_REPOSITORY, 202, None, {401, 403, 404, 413, 422, 507}),
    f"PATCH {T}versions/fromRepository/": ((), FROM_REPOSITORY, 202, None, {401, 403, 404, 413, 422, 507}),
    f"GET {V}": ((), None, 200, VERSION, {401, 404}),
    f"PATCH {V}": ((), VERSION_CHANGES, 200, VERSION, {401, 404, 413, 422, 507}),
    f"POST {V}dependencyBuild/": ((), None, 202, BUILD, {401, 403, 404, 422, 507}),
    f"GET {V}dependencyBuild/": ((), None, 200, BUILD, {401, 404, 422}),
    f"DELETE {V}dependencyBuild/": ((), None, 204, None, {401, 403, 404, 409, 422, 507}),
    f"GET {V}dependencyBuildLog/": ((), None, 200, "text/plain", {401, 404, 422}),
    f"GET {V}download/": ((), None, 200, "application/zip", {401, 404}),
    f"GET {M}logs/": ((), None, 200, "application/gzip", {401, 403, 404}),
    f"GET {M}trainingArtifact/": ((), None, 200, "application/gzip", {401, 403, 404}),
}


def root(server: Served) -> str:
    return server.url.removesuffix("/api/v2")


@pytest.fixture(scope="module")
def document(server: Served) -> Document:
    found: Document = httpx.get(f"{root(server)}/openapi.json").json()
    return found


def form_of(document: Document, schema: Document) -> Any:
    """Return a schema in the short form of the tables above."""
    if "$ref" in schema:
        return form_of(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        forms = [form_of(document, one) for one in schema["anyOf"]]
        return "|".join(forms) if all(isinstance(form, str) for form in forms) else tuple(forms)
    if "enum" in schema:
        return f"({' '.join(schema['enum'])})"
    if "const" in schema:
        return f"({schema['const']})"
    if "properties" in schema:
        assert schema["additionalProperties"] is False
        required = schema.get("required", [])
        return {
            name + ("" if name in required else "?"): form_of(document, one)
            for name, one in schema["properties"].items()
        }
    if schema.get("type") == "object":
        return {"*": form_of(document, schema["additionalProperties"])}
    if schema.get("type") == "array":
        return [form_of(document, schema["items"])]
    words = {"minimum": ">=", "maximum": "<=", "minLength": "from ", "maxLength": "to "}
    limits = [f"{word}{schema[name]:.0f}" for name, word in words.items() if name in schema]
    return " ".join([schema.get("type", "any"), *([schema["format"]] if "format" in schema else []), *limits])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_the_platform_is_described(document: Document, operation: str) -> None:
    query, body, status, answer, errors = OPERATIONS[operation]
    method, _, path = operation.partition(" ")
    found = document["paths"][f"/api/v2/{path}"][method.lower()]
    parameters = found.get("parameters", [])
    assert {one["name"] for one in parameters if one["in"] == "query"} == set(query)
    assert [one["name"] for one in parameters if one["in"] == "path"] == re.findall(r"{(\w+)}", path)
    assert all(one["required"] == (one["in"] == "path") for one in parameters)
    kind = "multipart/form-data" if "isMajorUpdate" in (body or {}) else "application/json"
    if body is None:
        assert "requestBody" not in found
    else:
        assert list(found["requestBody"]["content"]) == [kind]
        schema = found["requestBody"]["content"][kind]["schema"]
        # A change of nothing may come without a body.
        given = next(one for one in schema.get("anyOf", [schema]) if one.get("type") != "null")
        assert form_of(document, given) == body
        assert found["requestBody"].get("required", False) == (body not in (TASK_CHANGES, VERSION_CHANGES))
    assert set(found["responses"]) == {str(one) for one in {status, *errors}}
    content = found["responses"][str(status)].get("content", {})
    if answer is None:
        assert content == {}
        assert ("Location" in found["responses"][str(status)].get("headers", {})) == (status == 202)
    elif isinstance(answer, str):
        assert content == {answer: {"schema": {"type": "string", "format": "binary"}}}
        assert "Content-Disposition" in found["responses"][str(status)]["headers"]
    else:
        assert form_of(document, content["application/json"]["schema"]) == answer
    for error in errors:
        schema = found["responses"][str(error)]["content"]["application/json"]["schema"]
        assert schema["$ref"].rsplit("/", 1)[1] == ("InvalidRequest" if error == 422 else "Error")


def test_errors_have_a_message_and_what_the_platform_adds(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Error"]["required"] == schemas["InvalidRequest"]["required"] == ["message"]
    assert set(schemas["InvalidRequest"]["properties"]) == {"message", "errors", "dependencies", "invalidDependencies"}


def test_queries_have_their_limits(document: Document) -> None:
    parameters = document["paths"]["/api/v2/customTasks/"]["get"]["parameters"]
    assert {one["name"]: form_of(document, one["schema"]) for one in parameters} == {
        "offset": "integer >=0 <=9007199254740992",
        "limit": "integer >=1 <=1000",
        "orderBy": "(created -created updated -updated)|null",
        "searchFor": "string|null",
    }
    data = document["components"]["schemas"]["RoleChanges"]["properties"]["data"]
    assert data["maxItems"] == 100


def test_every_operation_says_what_it_does_and_needs_a_token(document: Document) -> None:
    assert document["security"] == [{"BearerAuth": []}]
    assert document["components"]["securitySchemes"]["BearerAuth"]["scheme"] == "bearer"
    for path, operations in document["paths"].items():
        assert path.endswith("/")
        for operation in operations.values():
            assert operation["description"].endswith(".")
            assert "401" in operation["responses"]


def test_no_record_has_an_underscore(document: Document) -> None:
    names = {name for one in document["components"]["schemas"].values() for name in one.get("properties", {})}
    assert [name for name in sorted(names) if "_" in name] == []
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_the_pages_need_no_token_and_no_other_host(server: Served, path: str) -> None:
    text = httpx.get(f"{root(server)}{path}").text
    assert "/openapi.json" in text
    asked = re.findall(r"""(?:src|href)=["']([^"']+)""", text)
    assert asked
    for url in asked:
        assert url.startswith("/")
        assert httpx.get(f"{root(server)}{url}").status_code == 200
    assert re.findall(r"https?://", text) == []


# What the server does


CHECKS = (
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
EXAMPLES = {GenerationMode.POSITIVE: 9, GenerationMode.NEGATIVE: 5}
# Most requests are for what is there; the others find nothing.
SHARE_OF_REAL_IDS = 0.8


@dataclass(frozen=True, slots=True)
class Seeded:
    """An application in this process, a user of it, and ids of what it has, by the names of path parameters.

    buildable: the id of another version, whose build may be started and cancelled.
    """

    app: FastAPI
    headers: dict[str, str]
    ids: dict[str, str]
    buildable: str


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """Give an application with one of each kind: a build and a training that are over, a job that nobody takes up."""
    folder = tmp_path_factory.mktemp("seeded")
    with running_app(folder, has_begun=False) as running:
        ana, state = running.ana, running.state
        task = new_task(ana, {"custom.py": "", "requirements.txt": "six==1.17.0\n"})
        version = made(ana.get(f"customTasks/{task}/"))["latestVersion"]["id"]
        assert ana.post(f"customTasks/{task}/versions/{version}/dependencyBuild/").status_code == 202
        form = {"isMajorUpdate": "false", "baseEnvironmentId": ENVIRONMENT}
        buildable = made(ana.patch(f"customTasks/{task}/versions/", files={key: (None, form[key]) for key in form}))
        project = new_project(ana, "a,b\n" + "".join(f"{row},{row / 7}\n" for row in range(60)), target="b")
        blueprint = new_blueprint(ana, task)
        model_job = made(ana.get(began(ana, project, into_menu(ana, project, blueprint))))
        environment = made(ana.get("executionEnvironments/"))["data"][0]
        content = state.contents.put_bytes(b"some log").sha256
        with state.database.write() as session:
            repository = add_repository(session, "here", str(folder))
            build = get_build(session, version)
            end_build(session, version, build.job_id, succeeded=True, log_sha256=content, ended=times.now())
            model = session.get_one(Model, model_job["modelId"])
            end_training(session, model.id, model.job_id, TrainingResult(None, content, content, {}))
        wanted = {"repositoryId": repository.id, "baseEnvironmentId": environment["id"]}
        status = ana.post(f"customTasks/{task}/versions/fromRepository/", json=wanted).headers["Location"]
        yield Seeded(
            create_app(state),
            {"Authorization": ana.headers["Authorization"]},
            {
                "customTaskId": task,
                "customTaskVersionId": version,
                "environmentId": environment["id"],
                "environmentVersionId": environment["latestVersion"]["id"],
                "remoteRepositoryId": repository.id,
                "statusId": status.split("/")[-2],
                "userBlueprintId": blueprint["userBlueprintId"],
                "projectId": project,
                "modelId": model.id,
                "jobId": model_job["id"],
                "featurelistId": model_job["featurelistId"],
            },
            buildable["id"],
        )


def test_whatever_is_sent_the_answer_is_one_that_the_document_has(seeded: Seeded) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", seeded.app)
    # What no operation knows is taken in a query, as everywhere; the token is the test's own business.
    schema.config.generation.allow_extra_parameters = False
    schema.config.generation.with_security_parameters = False
    faults: dict[str, str] = {}
    done: set[str] = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        can_be_wrong = operation.query or operation.body
        for mode, count in EXAMPLES.items():
            if mode is GenerationMode.POSITIVE or can_be_wrong:
                _try(operation.as_strategy(generation_mode=mode), count, seeded, faults, done)
        if operation.method == "get" and operation.label not in done:
            faults[operation.label] = "had no success"
    if faults:
        pytest.fail("\n\n".join(f"{kind}\n{told}" for kind, told in faults.items()), pytrace=False)


def _try(cases: SearchStrategy[AnyCase], count: int, seeded: Seeded, faults: dict[str, str], done: set[str]) -> None:
    """Send the same made-up requests in every run, and note one fault of each kind, and which operation succeeded."""

    @seed(5)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, strategies.floats(0, 1))
    def send(case: AnyCase, share: float) -> None:
        # What is there is not deleted: the others would find nothing.
        if share < SHARE_OF_REAL_IDS and (case.method != "DELETE" or "dependencyBuild" in case.path):
            real = {name: seeded.ids[name] for name in case.path_parameters or {} if name in seeded.ids}
            if case.method != "GET" and "dependencyBuild" in case.path:
                real["customTaskVersionId"] = seeded.buildable
            case.path_parameters.update(real)
        answer = case.call(headers=seeded.headers)
        if answer.status_code < 400:
            done.add(case.operation.label)
        try:
            case.validate_response(answer, checks=list(CHECKS))
        except FailureGroup as failures:
            for failure in failures.exceptions:
                faults.setdefault(
                    f"{case.method} {case.path}: {type(failure).__name__}", f"{failure}\n{case.as_curl_command()}"
                )

    send()


def test_methods_that_no_document_has_are_refused(document: Document, server: Served, api: httpx.Client) -> None:
    for path, operations in document["paths"].items():
        url = root(server) + re.sub(r"{\w+}", "0123456789abcdef01234567", path)
        for method in {"get", "post", "put", "patch", "delete", "options", "trace"} - set(operations):
            answer = api.request(method.upper(), url)
            # `fromCustomTask` may be read as an id, of which there is nothing.
            assert answer.status_code in {405, 404}, f"{method} {path}"
            assert answer.headers["Content-Type"] == "application/json"
            if answer.status_code == 405:
                assert set(answer.headers["Allow"].lower().split(", ")) >= set(operations)
