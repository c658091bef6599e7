"""Credentials reach the task and nothing that the harness leaves behind."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import harness

METADATA = """name: Secretive
type: training
targetType: regression
userCredentialSpecifications:
  - key: DATABASE
    valueFrom: 0123456789abcdef01234567
"""
CUSTOM = """
import pandas as pd
from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface


class CustomTask(RegressionEstimatorInterface):
    def fit(self, X, y, **kwargs):
        secret = self.secrets["DATABASE"]
        print("connecting as", secret.username, "with", secret.password)
        if secret.password != "hunter22-and-more":
            raise ValueError("wrong password " + secret.password)
        self.mean = float(y.mean())

    def predict(self, X, **kwargs):
        self.log_message("scoring with " + self.secrets["DATABASE"].password)
        return pd.DataFrame({"Predictions": self.mean + X.iloc[:, 0].fillna(0)})
"""
PASSWORD = "hunter22-and-more"


@pytest.fixture
def task(make_task: Callable[..., Path]) -> Path:
    return make_task(CUSTOM, METADATA)


def give(folder: Path, **secret: str) -> Path:
    folder.mkdir()
    (folder / "DATABASE").write_text(json.dumps({"credentialType": "basic", **secret}))
    return folder


def left_behind(output: Path) -> str:
    """Return everything that the harness wrote, archives unpacked."""
    texts = [(output / name).read_text() for name in ("report.json", "report.html")]
    for archive in output.glob("*.tar.gz"):
        with tarfile.open(archive) as members:
            texts += [members.extractfile(member).read().decode("latin-1") for member in members]  # type: ignore[union-attr]
    return "\n".join(texts)


def test_a_secret_is_used_and_never_written(task: Path, tmp_path: Path) -> None:
    secrets = give(tmp_path / "secrets", username="ana-of-sales", password=PASSWORD)
    report = harness.validate(task, user_secrets_mount_path=secrets, output=tmp_path / "out")
    assert report.passed
    assert "connecting as" in left_behind(tmp_path / "out")
    assert PASSWORD not in left_behind(tmp_path / "out")


def test_a_secret_in_an_error_message_is_starred_out(task: Path, tmp_path: Path) -> None:
    secrets = give(tmp_path / "secrets", username="ana-of-sales", password="not-the-right-one")
    report = harness.validate(task, user_secrets_mount_path=secrets, output=tmp_path / "out")
    (failed,) = [check for check in report.checks if check.status == "failed"]
    assert "wrong password" in failed.message
    assert "not-the-right-one" not in report.model_dump_json() + left_behind(tmp_path / "out")


def test_credentials_that_were_not_given_are_named(task: Path, tmp_path: Path) -> None:
    report = harness.validate(task, output=tmp_path / "out")
    (note,) = [check for check in report.checks if check.id == "environment_notes"]
    assert '"DATABASE"' in note.message
    assert "--user-secrets-mount-path" in note.message


@pytest.mark.parametrize(
    ("content", "expected"),
    [pytest.param("{", "DATABASE", id="no JSON"), pytest.param('"text"', "one JSON object", id="no object")],
)
def test_an_unreadable_secret_is_told(content: str, expected: str, task: Path, tmp_path: Path) -> None:
    secrets = give(tmp_path / "secrets")
    (secrets / "DATABASE").write_text(content)
    with pytest.raises(harness.HarnessError, match=expected):
        harness.validate(task, user_secrets_mount_path=secrets)


def test_a_missing_secrets_folder_is_told(task: Path, tmp_path: Path) -> None:
    with pytest.raises(harness.HarnessError, match="no such folder"):
        harness.validate(task, user_secrets_mount_path=tmp_path / "nowhere")
