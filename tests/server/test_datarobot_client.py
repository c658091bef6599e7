"""The platform's own Python client, unmodified, does with our server what it does with the platform's.

Each fixture runs one script of client_scripts/ in the client's venv; what the script saw is what the tests judge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_clients import Clients, run_script
from server_fixtures import Serve
from started_programs import Served

SMALL = "0" * 23 + "1"
KEYED = "0" * 23 + "2"
ID = re.compile(r"[0-9a-f]{24}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
UPLOAD_LIMIT = 200_000

Seen = dict[str, Any]
Look = Callable[..., Seen]


def write_environment(folder: Path, identity: str, keys: list[dict[str, str]]) -> Path:
    folder.mkdir()
    info = {"id": identity, "name": f"Environment {folder.name}", "requiredMetadataKeys": keys}
    (folder / "env_info.json").write_text(json.dumps(info))
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    return folder


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the options that add two environments that are built in a second; one asks for metadata."""
    folder = tmp_path_factory.mktemp("environments")
    keys = [{"fieldName": "REGION", "displayName": "Region"}]
    small = write_environment(folder / "small", SMALL, [])
    keyed = write_environment(folder / "keyed", KEYED, keys)
    return ["--env", str(small), "--env", str(keyed)]


@pytest.fixture(scope="module")
def shared(serve: Serve, environments: list[str]) -> Served:
    """Give a server that takes a little and has environments that are built quickly."""
    return serve(*environments, "--max-upload", str(UPLOAD_LIMIT))


@pytest.fixture(scope="module")
def look(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Look:
    """Give a function that runs a script against a server, and returns what the script saw."""

    def run(script: str, served: Served, **given: object) -> Seen:
        return run_script(clients, served, script, tmp_path_factory.mktemp("script"), **given)

    return run


@pytest.fixture(scope="module")
def tasks(look: Look, serve: Serve, environments: list[str]) -> Seen:
    return look("tasks.py", serve(*environments), environment=SMALL)


def test_the_client_connects_without_a_warning(tasks: Seen) -> None:
    assert tasks["warnings"] == []


def test_a_task_made_of_name_and_target_type(tasks: Seen) -> None:
    bare = dict(tasks["bare"])
    assert ID.fullmatch(bare.pop("id"))
    assert TIME.fullmatch(bare["created_at"])
    assert bare.pop("created_at") == bare.pop("updated_at")
    assert bare.pop("created_by") != ""
    assert bare == {
        "name": "Ridge",
        "target_type": "Regression",
        "description": "",
        "language": "",
        "calibrate_predictions": True,
    }
    assert not tasks["bare_has_version"]


def test_a_task_made_of_all_there_is(tasks: Seen) -> None:
    full = tasks["full"]
    assert (full["name"], full["target_type"], full["language"]) == ("Forêt", "Anomaly", "python")
    assert (full["description"], full["calibrate_predictions"]) == ("isolates outliers", False)


def test_lists(tasks: Seen) -> None:
    assert tasks["listed"] == {
        "newest first": ["Third", "Forêt", "Ridge"],
        "created": ["Ridge", "Forêt", "Third"],
        "name": ["Ridge"],
        "description": ["Forêt"],
        "page by page": ["Ridge", "Forêt", "Third"],
    }
    assert tasks["by_update"][0] == "Ridge"


def test_an_update_changes_what_it_names(tasks: Seen) -> None:
    updated = tasks["updated"]
    assert (updated["name"], updated["description"], updated["language"]) == ("Ridge", "alpha 1.0", "python")
    assert updated["updated_at"] > updated["created_at"]
    assert tasks["refreshed"] == updated


def test_the_latest_version_is_downloaded_as_zip(tasks: Seen) -> None:
    assert tasks["empty"]["status"] == 404
    assert tasks["latest"]
    files = {"custom.py": "def fit(X, y, output_dir, **kwargs): ...\n", "lib/util.py": "ONE = 1\n"}
    assert tasks["download"] == files


def test_a_copy_outlives_its_original(tasks: Seen) -> None:
    assert tasks["deleted"]["status"] == 404
    assert tasks["copied"]["id"] != tasks["full"]["id"]
    assert "Forêt" in tasks["copied"]["name"]
    assert (tasks["copied"]["target_type"], tasks["copied"]["calibrate_predictions"]) == ("Anomaly", False)
    assert tasks["copied_version"] != tasks["version"]
    assert tasks["copied_paths"] == ["custom.py", "lib/util.py"]
    assert tasks["download_of_copy"] == tasks["download"]


def test_refusals_are_client_errors_with_a_body(tasks: Seen) -> None:
    assert tasks["bad_target"]["status"] == 422
    assert list(tasks["bad_target"]["json"]["errors"]) == ["targetType"]
    assert tasks["bad_target"]["text"].startswith("422 client error: {'message': ")
    assert tasks["bad_field"]["status"] == 422
    assert list(tasks["bad_field"]["json"]["errors"]) == ["colour"]
    assert tasks["unknown"]["status"] == tasks["no_id"]["status"] == 404
    assert tasks["unknown"]["json"]["message"]
    assert tasks["bad_order"]["status"] == 400


@pytest.fixture(scope="module")
def versions(look: Look, shared: Served) -> Seen:
    return look("versions.py", shared, environment=KEYED)


def test_a_folder_arrives_as_it_is(versions: Seen) -> None:
    assert versions["first"] == {
        "label": "1.0",
        "numbers": [1, 0],
        "is_frozen": False,
        "paths": [
            ".hidden",
            "custom.py",
            "data/größe.csv",
            "lib/__pycache__/util.cpython-311.pyc",
            "lib/empty.txt",
            "lib/util.py",
            "requirements.txt",
        ],
        "memory": 268_435_456,
        "network": "PUBLIC",
        "values": [{"field_name": "REGION", "value": "eu"}],
        "metadata": {"REGION": "eu"},
        "description": None,
        "environment": KEYED,
        "sources": ["local"],
    }
    assert versions["first_files"]["lib/empty.txt"] == ""
    assert versions["first_files"]["data/größe.csv"] == "a,b\n1,2\n"
    assert versions["first_files"]["custom.py"] == "first = True\n"


def test_dependencies_are_told_line_by_line(versions: Seen) -> None:
    assert versions["dependencies"] == [
        {"name": "pandas", "constraints": [[">=", "1.5"], ["<", "3"]], "line": "pandas>=1.5,<3", "number": 2},
        {
            "name": "requests",
            "constraints": [["==", "2.32.3"]],
            "line": "requests[security,socks]==2.32.3  # exact",
            "number": 4,
        },
    ]


def test_a_version_on_the_previous_one(versions: Seen) -> None:
    second = versions["second"]
    assert (second["label"], second["numbers"]) == ("1.1", [1, 1])
    assert second["paths"] == [
        "custom.py",
        "data/größe.csv",
        "lib/empty.txt",
        "lib/util.py",
        "new.py",
        "requirements.txt",
    ]
    assert second["network"] == "PUBLIC"
    assert second["metadata"] == {"REGION": "us"}
    assert versions["second_files"]["custom.py"] == "second = True\n"
    assert versions["first_is_frozen"]


def test_numbers_advance_from_the_latest_version(versions: Seen) -> None:
    assert (versions["third"]["label"], versions["third"]["paths"]) == ("2.0", versions["second"]["paths"])
    assert versions["third"]["network"] == "ISOLATED"
    assert (versions["fourth"]["label"], versions["fourth"]["paths"]) == ("2.1", [])
    assert versions["fourth"]["network"] in ("ISOLATED", "PUBLIC")
    assert sorted(versions["listed"]) == ["1.0", "1.1", "2.0", "2.1"]


def test_the_metadata_of_a_version_can_be_edited(versions: Seen) -> None:
    for shown in (versions["updated"], versions["after_update"]):
        assert shown["description"] == "a better one"
        assert shown["values"] == [{"field_name": "REGION", "value": "asia"}]
    # In its own object the client updates only the newer form.
    assert versions["after_update"]["metadata"] == {"REGION": "asia"}
    assert versions["unchanged"]


def test_refused_requirements_are_named_line_by_line(versions: Seen) -> None:
    refused = versions["refused_requirements"]
    assert refused["status"] == 422
    assert [line["line"] for line in refused["json"]["dependencies"]] == ["numpy"]
    (invalid,) = refused["json"]["invalidDependencies"]
    assert (invalid["line"], invalid["lineNumber"]) == ("pandas ~= 1.5", 2)
    assert len(refused["json"]["errors"]) == 1


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ("too_little_memory", "maximumMemory"),
        ("unknown_environment", "baseEnvironmentId"),
        ("unknown_key", "requiredMetadataValues"),
        ("too_long_value", "requiredMetadataValues"),
        ("unknown_file", "filesToDelete"),
    ],
)
def test_what_is_refused_names_the_field(versions: Seen, what: str, field: str) -> None:
    assert versions[what]["status"] == 422
    assert list(versions[what]["json"]["errors"]) == [field]


def test_what_is_refused_leaves_no_version(versions: Seen) -> None:
    assert versions["listed_after"] == versions["listed"]
    assert versions["other_task"]["status"] == 404


@pytest.fixture(scope="module")
def builds(look: Look, shared: Served, serve: Serve, environments: list[str], silence: str) -> Seen:
    stuck = serve(*environments, variables={"PIP_INDEX_URL": silence, "UV_DEFAULT_INDEX": silence})
    given = {"environment": SMALL, "token": shared.token, "endpoint_of_stuck": stuck.url}
    return {**look("builds.py", shared, **given), "url": shared.url}


def test_before_the_start_there_is_nothing(builds: Seen) -> None:
    assert [refused["status"] for refused in builds["not_started"]] == [422, 422, 422]
    assert builds["nothing_to_build"]["status"] == 422


def test_a_build_succeeds_and_has_a_log(builds: Seen) -> None:
    task_id, version_id = builds["ids"]
    finished = builds["finished"]
    assert builds["fetched"] == finished
    assert (finished["custom_task_id"], finished["custom_task_version_id"]) == (task_id, version_id)
    assert finished["build_status"] == "success"
    assert finished["started_at"] < finished["completed_at"]
    where = f"{builds['url']}/customTasks/{task_id}/versions/{version_id}/dependencyBuildLog/"
    assert finished["build_log_location"] == where
    ((name, log),) = builds["log"].items()
    assert name == f"dependency-build-{version_id}.log"
    assert "iniconfig" in log
    assert builds["cancel_finished"]["status"] == 409


def test_a_failed_build_is_an_answer_with_a_log(builds: Seen) -> None:
    assert builds["failed"]["build_status"] == "failed"
    assert builds["failed"]["completed_at"]
    ((_, log),) = builds["failed_log"].items()
    assert "iniconfig==0.0.999" in log
    assert builds["cancel_failed"]["status"] == 409


def test_a_build_under_way_can_be_cancelled(builds: Seen) -> None:
    started = builds["started"]
    assert started["build_status"] in ("submitted", "processing")
    assert TIME.fullmatch(started["started_at"])
    assert (started["completed_at"], started["build_log_location"]) == (None, None)
    assert builds["stuck_log"]["status"] == 404
    assert builds["stuck_status"] in ("submitted", "processing")
    assert builds["after_cancel"]["status"] == 422


@pytest.fixture(scope="module")
def sharing(look: Look, shared: Served) -> Seen:
    ben = shared.admin("user", "ben@example.com")
    return look(
        "sharing.py",
        shared,
        endpoint=shared.url,
        token=shared.token,
        other="ben@example.com",
        other_token=ben["token"],
    )


def test_the_maker_is_the_owner(sharing: Seen) -> None:
    assert sharing["alone"] == [[sharing["me"], "OWNER", True]]


def test_a_shared_task_can_be_read_and_not_changed(sharing: Seen) -> None:
    assert sharing["shared"] == sorted([[sharing["me"], "OWNER", True], ["ben@example.com", "READ_ONLY", False]])
    assert sharing["pages"] == sorted([sharing["me"], "ben@example.com"])
    reader = sharing["as_reader"]
    assert (reader["name"], reader["listed"]) == ("Ridge", True)
    assert [reader[what]["status"] for what in ("update", "delete", "share")] == [403, 403, 403]


def test_a_refused_change_changes_nothing(sharing: Seen) -> None:
    assert sharing["unknown"]["status"] == 422
    assert sharing["no_owner"]["status"] == 409
    assert sharing["after_refusals"] == sharing["shared"]


def test_access_is_taken_away_and_handed_over(sharing: Seen) -> None:
    assert sharing["taken_away"] == sharing["alone"]
    assert sharing["lost"]["status"] == 404
    assert sharing["handed_over"] == [["ben@example.com", "OWNER", True]]
    assert sharing["renamed"] == "Mine"


@pytest.fixture(scope="module")
def connections(look: Look, shared: Served) -> Seen:
    return look(
        "connections.py",
        shared,
        endpoint=shared.url,
        token=shared.token,
        environment=KEYED,
        more_than_allowed=UPLOAD_LIMIT + 1,
    )


def test_both_schemes_are_taken_and_a_wrong_token_is_not(connections: Seen) -> None:
    assert connections["wrong"]["status"] == 401
    assert "Unable to authenticate" in connections["wrong"]["text"]
    assert isinstance(connections["as_bearer"], list)


def test_environments_are_those_of_the_platform_and_the_own(connections: Seen) -> None:
    environments = connections["environments"]
    # The platform's ids of its drop-in environments, in our environments/*/env_info.json.
    assert environments["5e8c889607389fe0f466c72d"] == "Python 3 scikit-learn"
    assert environments[SMALL] == "Environment small"
    assert connections["searched"] == ["Environment keyed"]
    assert connections["found"]["name"] == "Environment keyed"
    assert connections["found"]["language"] == "python"
    assert connections["found"]["keys"] == [["REGION", "Region"]]
    assert connections["found"]["latest"] == connections["found"]["latest_successful"] == connections["version"]["id"]
    assert connections["version"]["environment"] == KEYED
    assert connections["version"]["status"] == "success"
    assert connections["unknown"]["status"] == 404


def test_too_large_an_upload_is_a_plain_413(connections: Seen) -> None:
    assert connections["too_large"]["status"] == 413
    assert connections["too_large"]["json"]["message"]
    assert connections["versions_after"] == 0


def test_the_token_is_in_no_line_of_the_server(shared: Served, connections: Seen) -> None:
    assert connections["as_bearer"] is not None
    assert "GET /api/v2/version/" in shared.output
    assert shared.token not in shared.output
