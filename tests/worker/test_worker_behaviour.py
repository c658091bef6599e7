"""What the worker notices of a task besides its results: secrets, writes, work at import, network."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from worker_driver import FIT, NUMBERS, PYTHONS, TARGET, run_task, score

BASIC = {"credentialType": "basic", "username": "ada", "password": "s3cret-word"}
CLASS_WITH_SECRETS = """
    import base64, os
    import pandas as pd
    from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface
    from datarobot_drum.custom_task_interfaces.user_secrets import BasicSecret, GCPSecret

    class CustomTask(RegressionEstimatorInterface):
        def fit(self, X, y, **kwargs):
            secret = self.secrets["DB"]
            assert isinstance(secret, BasicSecret) and isinstance(self.secrets["CLOUD"], GCPSecret)
            assert sorted(os.listdir(os.environ["USER_SECRETS_MOUNT_PATH"])) == ["CLOUD", "DB"]
            assert self.secrets["CLOUD"].gcp_key["project_id"] == "mine"
            print(secret, secret.password, {"key": self.secrets["CLOUD"].gcp_key})
            print("half of " + secret.password, end="")
            os.write(1, base64.b64encode(secret.password.encode()) + b"\\n")

        def predict(self, X, **kwargs):
            password = self.secrets["DB"].password
            raise ValueError("cannot sign in with " + password)
"""


@pytest.mark.parametrize("python", PYTHONS)
def test_secrets_reach_the_class_and_nothing_else(tmp_path: Path, python: str) -> None:
    key = {"type": "service_account", "project_id": "mine", "private_key": "-----BEGIN\nline-one-of-key\n-----END"}
    run = run_task(
        tmp_path,
        CLASS_WITH_SECRETS,
        python=python,
        secrets={"DB": BASIC, "CLOUD": {"credentialType": "gcp", "gcpKey": key}},
    )
    assert run.statuses == {"fit": "passed", "predict": "failed"}, run.log("fit")
    assert "BasicSecret(username='*****', password='*****'" in run.log("fit")
    assert "half of *****" in run.log("fit")
    assert run.error("predict")["message"] == "cannot sign in with *****"
    for file in sorted([*(tmp_path / "output").rglob("*"), *run.artifact.iterdir()]):
        if file.is_file():
            content = file.read_bytes()
            assert b"s3cret-word" not in content, file
            assert b"line-one-of-key" not in content, file
            assert b"czNjcmV0LXdvcmQ" not in content, file


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param({"password": "x"}, 'The secret "KEY" is not a JSON object with a credentialType.', id="no-type"),
        pytest.param(
            {"credentialType": "carrier_pigeon"},
            'The secret "KEY" has the credential type "carrier_pigeon", which is not known.',
            id="unknown-type",
        ),
        pytest.param(
            {"credentialType": "basic", "username": "ada"},
            'The secret "KEY" does not have the fields of the type "basic": '
            "missing 1 required positional argument: 'password'.",
            id="missing-field",
        ),
    ],
)
def test_secrets_that_cannot_be_read(tmp_path: Path, document: dict[str, str], message: str) -> None:
    run = run_task(tmp_path, CLASS_WITH_SECRETS, secrets={"KEY": document})
    assert run.statuses == {"fit": "failed"}
    assert run.error("fit")["where"] == "secrets"
    assert run.error("fit")["message"].replace("BasicSecret.", "") == message


@pytest.mark.parametrize("python", PYTHONS)
def test_writes_outside_of_the_allowed_places(tmp_path: Path, python: str) -> None:
    custom = """
        import os, tempfile

        def fit(X, y, output_dir, **kwargs):
            open(output_dir + "/model.bin", "w").close()
            with tempfile.NamedTemporaryFile(), open(os.devnull, "w"):
                pass
            os.makedirs(os.path.expanduser("~/.cache/lib"))
            open("custom.py").close()
            open("in-the-code.bin", "wb").close()
            os.mkdir(os.path.expanduser("~/models"))
            os.chdir("/")
    """
    run = run_task(tmp_path, custom, FIT, python=python)
    result = run.result("fit")
    assert result["outsideWrites"] == [str(tmp_path / "code" / "in-the-code.bin"), str(tmp_path / "home" / "models")]
    assert result["workingDirectoryChanged"] is True
    assert result["importActivity"] == []


def test_work_done_at_import(tmp_path: Path) -> None:
    custom = f"""
        import os, socket, subprocess
        import library

        subprocess.run(["git", "--version"], check=False)
        os.system("true")
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError:
            pass
        open({str(tmp_path / "elsewhere.txt")!r}, "w").close()

        def fit(X, y, output_dir, **kwargs):
            subprocess.run(["true"])
    """
    library = tmp_path / "installed"
    library.mkdir()
    (library / "library.py").write_text("import subprocess\nsubprocess.run(['true'])\n")
    run = run_task(tmp_path / "run", custom, FIT, variables={"PYTHONPATH": str(library)})
    assert run.result("fit")["importActivity"] == [
        "starts a process: git --version",
        "starts a process: true",
        "looks up the network name 127.0.0.1",
        "opens a network connection to 127.0.0.1:9",
        f"writes the file {tmp_path / 'elsewhere.txt'}",
    ]
    assert run.result("fit")["importSeconds"] > 0


def test_scoring_sees_the_artifact_over_the_task_and_neither_at_its_old_place(tmp_path: Path) -> None:
    custom = """
        import os
        import pandas as pd

        def fit(X, y, output_dir, **kwargs):
            os.mkdir(output_dir + "/deep")
            for path in ("/settings.txt", "/deep/weights.bin"):
                with open(output_dir + path, "w") as stream:
                    stream.write("fitted")
            os.symlink(output_dir + "/settings.txt", output_dir + "/link")
            os.mkfifo(output_dir + "/pipe")

        def load_model(code_dir):
            found = sorted(os.path.relpath(os.path.join(place, name), code_dir)
                           for place, _, names in os.walk(code_dir) if "__pycache__" not in place for name in names)
            print(found, open("settings.txt").read(), os.path.exists("link"))

        def score(data, model, **kwargs):
            return data[["a"]]
    """
    run = run_task(tmp_path, custom, files={"settings.txt": "shipped", "deep/vocabulary.txt": ""})
    assert run.statuses == {"fit": "passed", "predict": "passed"}
    assert "['custom.py', 'deep/vocabulary.txt', 'deep/weights.bin', 'link', 'settings.txt'] fitted False" in run.log(
        "predict"
    )
    assert (run.artifact / "link").read_text() == "fitted"
    assert (tmp_path / "code" / "settings.txt").read_text() == "shipped"


NETWORK = """
    import socket

    def fit(X, y, output_dir, **kwargs):
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
        print("loopback works")
"""


def test_without_a_network_of_its_own_the_loopback_still_works(tmp_path: Path) -> None:
    namespaces = next(
        (prefix for prefix in NAMESPACES if subprocess.run([*prefix, "true"], check=False).returncode == 0), ()
    )
    run = run_task(tmp_path, NETWORK, FIT, prefix=namespaces, variables={"HARNESS_NETWORK": "none"})
    assert run.statuses == {"fit": "passed"}
    assert "loopback works" in run.log("fit")
    assert run.ready["isolated"] is (namespaces != ())


# As root, and as anybody where the kernel allows it; a machine that allows neither runs without.
NAMESPACES = (
    ("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"),
    ("unshare", "--user", "--map-root-user", "--net"),
)


def test_plain_data_of_a_task_without_secrets(tmp_path: Path) -> None:
    custom = """
        import pandas as pd

        def fit(X, y, output_dir, **kwargs):
            print("unfinished line", end="")

        def load_model(code_dir):
            return None

        def score(data, model, **kwargs):
            return data[["a"]]
    """
    run = run_task(tmp_path, custom, FIT, score(), inputs={"X.csv": NUMBERS, "y.csv": TARGET})
    assert run.log("fit").splitlines()[1] == "unfinished line"
    assert run.log("fit").splitlines()[0].endswith('stage "fit" started')
