"""`harness admin`: what the API itself cannot set up, beside no server at all."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_diabetes

from harness.cli import run


class Admin:
    """Runs `harness admin` on a data folder of its own, as the command line does."""

    def __init__(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._data_dir, self._monkeypatch, self._capsys = data_dir, monkeypatch, capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        command = ["harness", "admin", *arguments, "--data-dir", str(self._data_dir)]
        self._monkeypatch.setattr(sys, "argv", command)
        code = run()
        return code, *self._capsys.readouterr()

    def add(self, *arguments: str) -> Any:
        """Return the record of what was added."""
        code, out, err = self.run(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Admin:
    return Admin(tmp_path / "data", monkeypatch, capsys)


def test_a_user_is_shown_with_the_token(admin: Admin) -> None:
    record = admin.add("user", "ana@example.com", "--no-create-tasks")
    assert len(record.pop("id")) == 24
    assert len(record.pop("token")) > 30
    assert record == {"username": "ana@example.com", "canCreateTasks": False}
    _, line, _ = admin.run("user", "ben@example.com")
    assert line.startswith("User ben@example.com, token ")


def test_a_taken_name_is_refused_and_a_lost_token_replaced(admin: Admin) -> None:
    first = admin.add("user", "ana@example.com")
    code, _, told = admin.run("user", "ana@example.com")
    assert code == 2
    assert "--new-token" in told
    later = admin.add("user", "ana@example.com", "--new-token")
    assert later["id"] == first["id"]
    assert later["token"] != first["token"]


def test_repositories_of_each_kind(admin: Admin, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "tasks.zip", "w") as archive:
        archive.writestr("custom.py", "")
    kinds = {
        name: admin.add("repository", name, location)["sourceType"]
        for name, location in (
            ("plain", str(folder)),
            ("archive", str(tmp_path / "tasks.zip")),
            ("remote", "https://ana:secret@git.example/tasks.git"),
        )
    }
    assert kinds == {"plain": "folder", "archive": "archive", "remote": "git"}


def test_credentials_of_a_repository_are_not_shown(admin: Admin) -> None:
    record = admin.add("repository", "remote", "https://ana:secret@git.example/tasks.git")
    assert "secret" not in json.dumps(record)


def test_a_project_has_its_target(admin: Admin, tmp_path: Path) -> None:
    load_diabetes(as_frame=True).frame.to_csv(tmp_path / "diabetes.csv", index=False)
    admin.add("user", "admin@localhost")
    record = admin.add("project", "--data", str(tmp_path / "diabetes.csv"), "--target", "target")
    assert (record["projectName"], record["target"], record["targetType"]) == ("diabetes", "target", "Regression")
    assert record["stage"] == "modeling"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["repository", "none", "{folder}/none"], "none", id="no-such-repository"),
        pytest.param(["project", "--data", "{folder}/none.csv", "--target", "y"], "does not exist", id="no-such-file"),
        pytest.param(["project", "--data", "{folder}/two.csv", "--target", "prize"], "'price'", id="no-such-column"),
        pytest.param(["project", "--data", "{folder}/two.csv", "--user", "eva"], "no user 'eva'", id="no-such-owner"),
        pytest.param(["user", " "], "cannot be a user's name", id="no-name"),
    ],
)
def test_what_cannot_be_added_is_told_in_one_message(
    arguments: list[str], message: str, admin: Admin, tmp_path: Path
) -> None:
    (tmp_path / "two.csv").write_text("size,price\n1,2\n3,4\n")
    admin.add("user", "admin@localhost")
    code, out, told = admin.run(*(argument.format(folder=tmp_path) for argument in arguments))
    assert (code, out) == (2, "")
    assert message in told
    assert "fix:" in told
