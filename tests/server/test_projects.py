"""Projects: uploaded data that is judged at once, and a target whose type is found in it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_app import RunningApp, made, new_project, running_app
from sklearn.datasets import load_breast_cancer, load_diabetes

SMALL = "size,price\n1,10\n2,20\n3,30\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with running_app(tmp_path_factory.mktemp("projects")) as running:
        yield running


def column(*values: object) -> str:
    return "size,y\n" + "".join(f"{row},{value}\n" for row, value in enumerate(values))


def test_data_becomes_a_project_that_waits_for_its_target(app: RunningApp) -> None:
    data = load_diabetes(as_frame=True).frame.to_csv(index=False)
    sent = app.ana.post("projects/", data={"projectName": "Dïabetes"}, files={"file": ("diabetes.csv", data)})
    assert (sent.status_code, sent.content) == (202, b"")
    done = app.ana.get(sent.headers["Location"])
    assert (done.status_code, done.json()["status"]) == (303, "COMPLETED")
    project = made(app.ana.get(done.headers["Location"]))
    assert len(project.pop("created")) == 27
    assert project == {
        "id": done.headers["Location"].split("/")[-2],
        "projectName": "Dïabetes",
        "projectDescription": None,
        "fileName": "diabetes.csv",
        "stage": "aim",
        "autopilotMode": None,
        "target": None,
        "targetType": None,
        "positiveClass": None,
        "metric": None,
        "unsupervisedMode": False,
        "holdoutUnlocked": False,
        "maxTrainPct": 100.0,
        "maxTrainRows": 442,
    }
    place = f"projects/{project['id']}/"
    assert made(app.ana.get(f"{place}status/")) == {
        "autopilotDone": False,
        "stage": "aim",
        "stageDescription": "Ready for a target",
    }
    assert made(app.ana.get(f"{place}options/")) == {}


def test_a_project_without_a_name_is_untitled_and_compressed_data_is_read(app: RunningApp) -> None:
    packed = gzip.compress(SMALL.encode())
    sent = app.ana.post("projects/", files={"file": ("C:\\data\\small.csv.gz", packed)})
    project = made(app.ana.get(app.ana.get(sent.headers["Location"]).headers["Location"]))
    assert (project["projectName"], project["fileName"]) == ("Untitled Project", "small.csv.gz")
    assert project["maxTrainRows"] == 3


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("data.csv", b"", "data.csv: The file is empty.", id="empty"),
        pytest.param("data.csv", b"a,b\n", "data.csv: The CSV file has a header but no rows.", id="no-rows"),
        pytest.param("data.csv", b"a,b\n1,2\n1,2,3\n", "data.csv:3:", id="too-long-a-row"),
        pytest.param("data.csv", b"%PDF-1.7", "data.csv: The file is a PDF document.", id="pdf"),
        pytest.param("data.parquet", b"a,b\n1,2\n", "promises a Parquet file", id="other-than-its-name"),
        pytest.param("a\u200bb.csv", b"a,b\n1,2\n", "cannot be shown", id="unprintable-name"),
    ],
)
def test_data_that_cannot_be_read_is_refused_with_its_place(
    app: RunningApp, name: str, content: bytes, told: str
) -> None:
    answer = app.ana.post("projects/", files={"file": (name, content)})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["file"]
    assert told in answer.json()["message"]
    assert "/" not in answer.json()["message"].split(" ")[0]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param({"files": {"projectName": (None, "x")}}, "file", id="no-file"),
        pytest.param({"files": [("file", ("a.csv", SMALL)), ("file", ("b.csv", SMALL))]}, "file", id="two-files"),
        pytest.param({"files": {"file": ("a.csv", SMALL), "nam": (None, "x")}}, "nam", id="unknown-field"),
        pytest.param(
            {"files": {"file": ("a.csv", SMALL)}, "data": {"projectName": "x" * 256}}, "projectName", id="long-name"
        ),
        pytest.param({"json": {"projectName": "x", "url": "ftp://data.example/x.csv"}}, None, id="a-url"),
    ],
)
def test_requests_that_are_none_are_refused(app: RunningApp, request_: dict[str, Any], field: str | None) -> None:
    answer = app.ana.post("projects/", **request_)
    assert answer.status_code == 422
    assert field is None or field in answer.json()["errors"]


@pytest.mark.parametrize(
    ("values", "target_type", "positive_class", "metric"),
    [
        pytest.param(range(11), "Regression", None, "RMSE", id="11-numbers"),
        pytest.param([number / 2 for number in range(10)], "Multiclass", None, "LogLoss", id="10-numbers"),
        pytest.param([1, 0, 1], "Binary", "0", "LogLoss", id="2-numbers"),
        pytest.param(["yes", "no", "yes"], "Binary", "no", "LogLoss", id="2-texts"),
        pytest.param([True, False], "Binary", "False", "LogLoss", id="truths"),
        pytest.param([f"class {number}" for number in range(12)], "Multiclass", None, "LogLoss", id="12-texts"),
    ],
)
def test_the_target_type_is_found_in_the_data(
    app: RunningApp, values: list[object], target_type: str, positive_class: str | None, metric: str
) -> None:
    project = new_project(app.ana, column(*values), target="y")
    record = made(app.ana.get(f"projects/{project}/"))
    assert (record["target"], record["targetType"]) == ("y", target_type)
    assert (record["positiveClass"], record["metric"]) == (positive_class, metric)
    assert (record["stage"], record["autopilotMode"]) == ("modeling", 2)
    assert made(app.ana.get(f"projects/{project}/status/"))["autopilotDone"] is True


def test_what_is_asked_for_goes_before_what_is_found(app: RunningApp) -> None:
    project = new_project(app.ana, column(*[0, 1] * 3))
    wanted = {"target": " y", "mode": "quick", "targetType": "Regression", "metric": "MAE"}
    assert app.ana.patch(f"projects/{project}/aim/", json=wanted).status_code == 202
    record = made(app.ana.get(f"projects/{project}/"))
    assert (record["target"], record["targetType"], record["metric"]) == ("y", "Regression", "MAE")
    assert record["autopilotMode"] == 3
    project = new_project(app.ana, load_breast_cancer(as_frame=True).frame.to_csv(index=False))
    wanted = {"target": "target", "mode": "manual", "positiveClass": 1.0}  # type: ignore[dict-item]
    assert app.ana.patch(f"projects/{project}/aim/", json=wanted).status_code == 202
    assert made(app.ana.get(f"projects/{project}/"))["positiveClass"] == "1"


@pytest.mark.parametrize(
    ("aim", "field", "told"),
    [
        pytest.param({"target": "prise"}, "target", "Did you mean 'price'?", id="no-such-column"),
        pytest.param({"target": "gaps"}, "target", "data.csv:3: The target 'gaps' is missing in 1 of 12", id="gaps"),
        pytest.param({"target": "same"}, "target", "has at least two classes", id="one-value"),
        pytest.param({"target": "words", "targetType": "Regression"}, "target", "must be numeric", id="not-numeric"),
        pytest.param({"target": "price", "targetType": "Anomaly"}, "targetType", "'Binary'", id="no-such-type"),
        pytest.param({"target": "price", "metric": "AUC"}, "metric", "RMSE, MAE, R Squared", id="no-such-metric"),
        pytest.param({"target": "price", "positiveClass": 1}, "positiveClass", "two classes", id="no-classes"),
        pytest.param({"target": "words", "positiveClass": "c"}, "positiveClass", "a and b", id="no-such-class"),
        pytest.param({"target": "price", "featurelistId": "0" * 24}, "featurelistId", "one featurelist", id="list"),
        pytest.param({"target": "price", "unsupervisedMode": True}, "unsupervisedMode", "without", id="both"),
        pytest.param({"mode": "manual"}, "target", "is required", id="neither"),
        pytest.param({"target": "price", "mode": "fast"}, "mode", "'auto'", id="no-such-mode"),
        pytest.param({"target": "price", "cvMethod": "random"}, "cvMethod", "no such field", id="unknown-field"),
    ],
)
def test_a_target_that_cannot_be_had_is_refused(app: RunningApp, aim: dict[str, Any], field: str, told: str) -> None:
    rows = (f"{n},{'' if n == 1 else n},7,{'ab'[n % 2]},{n * 1.5}" for n in range(12))
    project = new_project(app.ana, "size,gaps,same,words,price\n" + "\n".join(rows) + "\n")
    answer = app.ana.patch(f"projects/{project}/aim/", json=aim)
    assert answer.status_code == 422
    assert told in answer.json()["errors"][field]
    assert made(app.ana.get(f"projects/{project}/"))["stage"] == "aim"


def test_a_target_is_chosen_once(app: RunningApp) -> None:
    project = new_project(app.ana, SMALL, target="price")
    answer = app.ana.patch(f"projects/{project}/aim/", json={"target": "size"})
    assert (answer.status_code, "'price' already" in answer.json()["message"]) == (422, True)


def test_an_unsupervised_project_has_no_target(app: RunningApp) -> None:
    project = new_project(app.ana, SMALL)
    wanted = {"mode": "manual", "unsupervisedMode": True, "useSupervisedFeatureReduction": True}
    assert app.ana.patch(f"projects/{project}/aim/", json=wanted).status_code == 202
    record = made(app.ana.get(f"projects/{project}/"))
    assert (record["unsupervisedMode"], record["target"], record["targetType"]) == (True, None, "Anomaly")


def test_the_featurelist_has_all_columns_but_the_target(app: RunningApp) -> None:
    project = new_project(app.ana, "size,rooms,size,price\n1,2,3,4\n2,3,4,5\n", target="price")
    place = f"projects/{project}/featurelists/"
    lists = app.ana.get(place).json()
    assert [(entry["name"], entry["features"]) for entry in lists] == [("Raw Features", ["size", "rooms", "size.1"])]
    assert made(app.ana.get(f"{place}{lists[0]['id']}/")) == lists[0]
    assert app.ana.get(f"{place}{'0' * 24}/").status_code == 404


def test_names_are_changed_and_found(app: RunningApp) -> None:
    first, second = new_project(app.ben, SMALL, name="Houses 100%"), new_project(app.ben, SMALL, name="Flats")
    changed = app.ben.patch(f"projects/{second}/", json={"projectName": "HOUSES", "workerCount": -1})
    assert made(changed)["projectName"] == "HOUSES"
    assert app.ben.patch(f"projects/{second}/", json={"projectName": ""}).status_code == 422

    def found(**query: str | int) -> list[str]:
        return [project["id"] for project in app.ben.get("projects/", params=query).json()]

    assert found() == [second, first]
    assert found(projectName="houses") == [second, first]
    assert found(projectName="0%") == [first]
    assert found(offset=1, limit=1) == [first]
    assert app.ben.get("projects/?offset=-1").status_code == 400


def test_nobody_else_knows_of_a_project(app: RunningApp) -> None:
    project = new_project(app.ana, SMALL)
    place = f"projects/{project}/"
    answers = [
        app.ben.get(place),
        app.ben.get(f"{place}status/"),
        app.ben.get(f"{place}options/"),
        app.ben.get(f"{place}featurelists/"),
        app.ben.get(f"{place}models/"),
        app.ben.get(f"{place}modelJobs/"),
        app.ben.patch(place, json={"projectName": "Mine"}),
        app.ben.patch(f"{place}aim/", json={"target": "price"}),
        app.ben.post(f"{place}models/", json={"blueprintId": "x"}),
        app.ben.delete(place),
        app.ana.get("projects/0123456789abcdef01234567/"),
        app.ana.get("projects/none/"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert project not in [record["id"] for record in app.ben.get("projects/").json()]
    assert made(app.ana.get(place))["stage"] == "aim"


def test_a_deleted_project_is_gone(app: RunningApp) -> None:
    project = new_project(app.ana, SMALL, target="price")
    assert app.ana.delete(f"projects/{project}/").status_code == 204
    assert app.ana.get(f"projects/{project}/").status_code == 404


def test_nothing_is_left_of_refused_data(tmp_path: Path) -> None:
    with running_app(tmp_path) as app:
        assert app.ana.post("projects/", files={"file": ("data.csv", b"a,b\n1\n")}).status_code == 422
        assert app.ana.get("projects/").json() == []
