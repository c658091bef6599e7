import os
import tarfile
from pathlib import Path

import pytest

from harness.archives import star_out, write_logs, write_training_artifact


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def test_logs_hold_each_log_under_its_name(tmp_path: Path) -> None:
    file = write_logs(tmp_path, {"fit.log": "fitted\n", "build.log": "built\n"})
    assert file.name == "logs.tar.gz"
    assert members(file) == {"build.log": b"built\n", "fit.log": b"fitted\n"}


def test_secrets_are_starred_out_of_logs(tmp_path: Path) -> None:
    file = write_logs(tmp_path, {"fit.log": "the password is hunter22 indeed\n"}, secrets=["hunter22"])
    assert members(file) == {"fit.log": b"the password is **** indeed\n"}


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        pytest.param("ab abc", ["ab"], "ab abc", id="too short to be told from words"),
        pytest.param("token-long token", ["token", "token-long"], "**** ****", id="longest first"),
    ],
)
def test_star_out(text: str, secrets: list[str], expected: str) -> None:
    assert star_out(text, secrets) == expected


def test_the_same_artifact_gives_the_same_bytes_whenever_it_was_written(tmp_path: Path) -> None:
    archives = []
    for number, moment in enumerate((1_000_000_000, 1_700_000_000)):
        artifact = tmp_path / str(number) / "artifact"
        (artifact / "sub").mkdir(parents=True)
        for name in ("b.pkl", "a.pkl", "sub/c.txt") if number else ("sub/c.txt", "a.pkl", "b.pkl"):
            (artifact / name).write_bytes(name.encode())
            os.utime(artifact / name, (moment, moment))
        archives.append(write_training_artifact(tmp_path / str(number), artifact).read_bytes())
    assert archives[0] == archives[1]


def test_links_and_devices_stay_out_of_the_training_artifact(tmp_path: Path) -> None:
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "model.pkl").write_bytes(b"model")
    (artifact / "passwords").symlink_to("/etc/passwd")
    (artifact / "everything").symlink_to("/etc")
    os.mkfifo(artifact / "pipe")
    assert members(write_training_artifact(tmp_path, artifact)) == {"model.pkl": b"model"}


def test_a_failure_leaves_no_half_written_archive(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        write_logs(tmp_path, {"fit.log": None})  # type: ignore[dict-item]
    assert list(tmp_path.iterdir()) == []
