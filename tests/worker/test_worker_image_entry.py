"""The image's own programs, run as in a container: variables and files in, an exit code, a log and answers out."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from worker_driver import NUMBERS, PYTHONS, TARGET, WORKER, interpreter

CHECKOUT = Path(__file__).parents[2]
SAMPLES = CHECKOUT / "sample_tasks"
PATIENCE_SECONDS = 60

both_pythons = pytest.mark.parametrize("python", PYTHONS)

MEAN = """
    import json, os
    import pandas as pd

    def fit(X, y, output_dir, **kwargs):
        with open(os.path.join(output_dir, "mean.json"), "w") as stream:
            json.dump(y.mean(), stream)

    def load_model(code_dir):
        with open(os.path.join(code_dir, "mean.json")) as stream:
            return json.load(stream)

    def score(data, model, **kwargs):
        return pd.DataFrame({"Predictions": [model] * len(data)})
"""


@dataclass
class Image:
    """The folders and variables of an image with a task in it."""

    folder: Path
    variables: dict[str, str]
    python: str = "this-python"

    @property
    def artifact(self) -> Path:
        return self.folder / "artifact"

    def command(self, program: str) -> list[str]:
        return [interpreter(self.python), str(WORKER), program]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        return {**kept, **own, **self.variables, **more}

    def fit(self, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command("fit"),
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def fit_well(self, **more: str) -> str:
        """Fit, insist that it went well, and return the log."""
        done = self.fit(**more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def serve(self, **more: str) -> Iterator[Server]:
        process = subprocess.Popen(
            self.command("serve"),
            env=self.environment(ADDRESS="127.0.0.1:0", **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("listening on "):
                    break
            else:
                pytest.fail("the server ended: " + "".join(lines))
            try:
                yield Server(process, int(line.rpartition(":")[2]))
            finally:
                process.kill()


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer

    def get(self, path: str) -> tuple[int, Any]:
        status, text = self.ask("GET", path)
        return status, json.loads(text)

    def post(self, path: str, csv: str) -> tuple[int, str]:
        """Send a CSV file as a form, as the platform's clients do."""
        return self.ask("POST", path, form({"X": csv}), Content_Type="multipart/form-data; boundary=ab12")

    def predict(self, csv: str) -> Any:
        status, text = self.post("/predict/", csv)
        assert status == 200, text
        return json.loads(text)["predictions"]

    def refusal(self, csv: str) -> str:
        """Return the message of a prediction that the server cannot make."""
        status, text = self.post("/predict/", csv)
        assert status == 422
        return str(json.loads(text)["message"])

    def send(self, raw: bytes) -> bytes:
        """Send bytes as they are; return what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS) as connection:
            received = b""
            try:
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                while chunk := connection.recv(65536):
                    received += chunk
            except ConnectionError:
                pass
            return received


def form(fields: dict[str, str]) -> bytes:
    parts = [
        f'--ab12\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{text}\r\n"
        for name, text in fields.items()
    ]
    return ("".join(parts) + "--ab12--\r\n").encode()


def image(
    folder: Path,
    custom: str | Path,
    target_type: str = "regression",
    *,
    python: str = "this-python",
    inputs: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    secrets: dict[str, dict[str, str]] | None = None,
    **variables: str,
) -> Image:
    """Write a task and its data as they lie in a container. custom: the text of custom.py, or a task's folder."""
    for name in ("input", "artifact", "home", "tmp"):
        (folder / name).mkdir()
    texts = dict(files or {})
    if isinstance(custom, Path):
        shutil.copytree(custom, folder / "code")
    else:
        (folder / "code").mkdir()
        texts["custom.py"] = custom
    for place, group in (("code", texts), ("input", inputs or {"X.csv": NUMBERS, "y.csv": TARGET})):
        for name, text in group.items():
            (folder / place / name).write_text(textwrap.dedent(text))
    told = {
        "CODEPATH": str(folder / "code"),
        "INPUT_DIRECTORY": str(folder / "input"),
        "ARTIFACT_DIRECTORY": str(folder / "artifact"),
        "TARGET_TYPE": target_type,
        **variables,
    }
    if secrets is not None:
        (folder / "secrets").mkdir()
        for name, document in secrets.items():
            (folder / "secrets" / name).write_text(json.dumps(document))
        told["USER_SECRETS_MOUNT_PATH"] = str(folder / "secrets")
    return Image(folder, told, python)


def real_data(load: Any) -> tuple[dict[str, str], pd.DataFrame, pd.Series]:
    data = load(as_frame=True)
    features, target = data.data, data.target
    return {"X.csv": features.to_csv(index=False), "y.csv": target.to_csv(index=False)}, features, target


def test_a_binary_sample_task_fits_and_predicts(tmp_path: Path) -> None:
    inputs, features, target = real_data(load_breast_cancer)
    made = image(tmp_path, SAMPLES / "binary_functions", "binary", inputs=inputs)
    labels = {"POSITIVE_CLASS_LABEL": "1", "NEGATIVE_CLASS_LABEL": "0"}
    assert made.fit_well(**labels).endswith("it left in ARTIFACT_DIRECTORY: model.joblib\n")
    with made.serve(**labels) as server:
        predictions = server.predict(features.to_csv(index=False))
        info = server.get("/info/")
    assert len(predictions) == 569
    assert all(set(row) == {"0", "1"} and abs(row["0"] + row["1"] - 1) < 1e-9 for row in predictions)
    right = sum((row["1"] > 0.5) == (value == 1) for row, value in zip(predictions, target, strict=True))
    assert right > 540
    assert info == (
        200,
        {
            "language": "python",
            "targetType": "binary",
            "codeDir": str(tmp_path / "code"),
            "interface": "hooks",
            "hooks": ["fit", "load_model", "score"],
            "modelSource": "load_model hook",
            "pythonVersion": info[1]["pythonVersion"],
        },
    )


def test_a_class_task_of_several_classes_with_a_file_of_labels(tmp_path: Path) -> None:
    inputs, features, target = real_data(load_iris)
    inputs["labels.txt"] = "0\n1\n2\n"
    inputs["parameters.json"] = '{"neighbours": 5, "weights": "uniform"}'
    made = image(tmp_path, SAMPLES / "multiclass_class", "multiclass", inputs=inputs)
    labels = {"CLASS_LABELS_FILE": str(tmp_path / "input" / "labels.txt")}
    made.fit_well(**labels)
    with made.serve(**labels) as server:
        predictions = server.predict(features.to_csv(index=False))
    best = [max(row, key=row.get) for row in predictions]
    assert sum(label == str(value) for label, value in zip(best, target, strict=True)) > 140


def test_a_regression_with_weights_and_parameters(tmp_path: Path) -> None:
    inputs, features, target = real_data(load_diabetes)
    inputs["parameters.json"] = '{"alpha": 0.1}'
    inputs["weights.csv"] = "weight\n" + "1\n" * len(target)
    made = image(tmp_path, SAMPLES / "regression_row_weights", inputs=inputs)
    made.fit_well()
    with made.serve() as server:
        predictions = server.predict(features.to_csv(index=False))
    assert len(predictions) == 442
    assert pd.Series(predictions).corr(target) > 0.6


def test_an_anomaly_task_needs_no_target(tmp_path: Path) -> None:
    inputs, features, _ = real_data(load_iris)
    made = image(tmp_path, SAMPLES / "anomaly_isolation_forest", "anomaly", inputs={"X.csv": inputs["X.csv"]})
    made.fit_well()
    with made.serve() as server:
        assert len(server.predict(features.to_csv(index=False))) == 150


def test_a_transform_answers_with_a_table(tmp_path: Path) -> None:
    inputs = {"X.csv": "colour\nred\nblue\nred\n"}
    made = image(tmp_path, SAMPLES / "transform_one_hot_sparse", "transform", inputs=inputs)
    made.fit_well()
    with made.serve() as server:
        status, text = server.post("/transform/", "colour\nblue\ngreen\nred\n")
        refused = server.post("/predict/", "colour\nblue\n")
    assert status == 200
    assert [line.split(",") for line in text.splitlines()] == [
        ["colour_blue", "colour_red"],
        ["1.0", "0.0"],
        ["0.0", "0.0"],
        ["0.0", "1.0"],
    ]
    assert refused == (422, '{"message": "ERROR: This is a transform; ask /transform/."}')


@both_pythons
def test_everything_that_fit_gets(tmp_path: Path, python: str) -> None:
    custom = """
        import os

        def fit(X, y, output_dir, class_order, row_weights, parameters):
            print("X", list(X.columns), X.shape, "y", y.name, sorted(set(y)))
            print("order", class_order, "weights", row_weights.tolist(), "parameters", parameters)
            print("in", os.path.basename(os.getcwd()), "of", os.path.basename(os.environ["CODE_DIR"]))
            open(os.path.join(output_dir, "model.txt"), "w").close()
    """
    inputs = {
        "X.csv": NUMBERS,
        "y.csv": "target\nyes\nno\nyes\nno\nyes\nno\n",
        "weights.csv": "w\n1\n2\n1\n2\n1\n2\n",
        "parameters.json": '{"alpha": 0.5}',
    }
    made = image(tmp_path, custom, "binary", python=python, inputs=inputs)
    given = made.fit_well(POSITIVE_CLASS_LABEL="yes", NEGATIVE_CLASS_LABEL="no").splitlines()
    assert given[:3] == [
        "X ['a', 'b'] (6, 2) y target ['no', 'yes']",
        "order ['yes', 'no'] weights [1, 2, 1, 2, 1, 2] parameters {'alpha': 0.5}",
        "in code of code",
    ]
    assert made.fit_well().splitlines()[1].startswith("order ['no', 'yes']")
    assert (made.artifact / "model.txt").exists()


def test_sparse_data(tmp_path: Path) -> None:
    custom = """
        def fit(X, output_dir, **kwargs):
            print(X.columns.tolist(), X.sparse.to_dense().values.tolist())
    """
    matrix = "%%MatrixMarket matrix coordinate real general\n2 3 2\n1 1 5\n2 3 7\n"
    inputs = {"X.mtx": matrix, "X.colnames": "one\ntwo\nthree\n", "y.csv": "y\n1\n2\n"}
    made = image(tmp_path, custom, inputs=inputs, TRAINING_DATA_EXTENSION=".mtx")
    assert made.fit_well().startswith("['one', 'two', 'three'] [[5.0, 0.0, 0.0], [0.0, 0.0, 7.0]]\n")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param(
            {"CODEPATH": "", "INPUT_DIRECTORY": "", "ARTIFACT_DIRECTORY": "", "TARGET_TYPE": ""},
            "TARGET_TYPE is not set; it must be one of binary, multiclass, regression, anomaly, transform.\n"
            "CODEPATH or CODE_DIR is not set.\n"
            "INPUT_DIRECTORY is not set.\n"
            "ARTIFACT_DIRECTORY is not set.\n",
            id="nothing-set",
        ),
        pytest.param(
            {"TARGET_TYPE": "ranking", "TRAINING_DATA_EXTENSION": "csv"},
            "TARGET_TYPE is ranking; it must be one of binary, multiclass, regression, anomaly, transform.\n"
            "TRAINING_DATA_EXTENSION is csv; it must be one of .csv, .mtx, .arrow.\n"
            "There is no X.sv in INPUT_DIRECTORY ({folder}/input).\n",
            id="unknown-words",
        ),
        pytest.param(
            {"TRAINING_DATA_EXTENSION": ".mtx", "USER_SECRETS_MOUNT_PATH": "/nowhere"},
            "There is no X.mtx in INPUT_DIRECTORY ({folder}/input).\n"
            "There is no X.colnames in INPUT_DIRECTORY ({folder}/input).\n"
            "USER_SECRETS_MOUNT_PATH is /nowhere, which is no folder.\n",
            id="missing-files",
        ),
        pytest.param(
            {"TARGET_TYPE": "binary", "POSITIVE_CLASS_LABEL": "yes"},
            "Only one of POSITIVE_CLASS_LABEL and NEGATIVE_CLASS_LABEL is set.\n",
            id="one-label",
        ),
        pytest.param(
            {"TARGET_TYPE": "binary", "CLASS_LABELS_FILE": "{folder}/input/X.csv"},
            "There are 7 class labels, which is not binary.\n",
            id="too-many-labels",
        ),
        pytest.param({"ADDRESS": "nowhere:80x"}, None, id="fit-has-no-address"),
    ],
)
def test_a_sentence_for_each_thing_that_is_missing(tmp_path: Path, variables: dict[str, str], said: str | None) -> None:
    made = image(tmp_path, MEAN)
    done = made.fit(**{name: value.format(folder=tmp_path) for name, value in variables.items()})
    assert (done.returncode, done.stderr) == ((0, "") if said is None else (1, said.format(folder=tmp_path)))


def test_no_target_and_bad_parameters(tmp_path: Path) -> None:
    made = image(tmp_path, MEAN, inputs={"X.csv": NUMBERS, "parameters.json": "[1]"})
    done = made.fit()
    assert done.returncode == 1
    assert done.stderr == (
        f"There is no y.csv in INPUT_DIRECTORY ({tmp_path}/input).\n"
        f"{tmp_path}/input/parameters.json must hold one JSON object.\n"
    )


def test_usage(tmp_path: Path) -> None:
    made = image(tmp_path, MEAN)
    done = subprocess.run(made.command("train"), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "usage: python3 WORKER_FOLDER fit | serve\n")


FAILING = """
    import ctypes, os, signal, sys

    def fit(X, y, output_dir, **kwargs):
        print("before")
        {what}
"""


@pytest.mark.parametrize(
    ("what", "said"),
    [
        pytest.param(
            "raise ValueError('the rows are odd')",
            'before\nTraceback (most recent call last):\n  File "custom.py", line 6, in fit\n',
            id="raises",
        ),
        pytest.param("sys.exit(0)", "fit (custom.py, line 6) failed.", id="exits"),
        pytest.param("os._exit(0)", "fit ended its process in the middle of fit.", id="exits-hard"),
        pytest.param(
            "os.kill(os.getpid(), signal.SIGKILL)", "fit was ended by SIGKILL in the middle of fit.", id="killed"
        ),
        pytest.param("ctypes.string_at(0)", "fit was ended by SIGSEGV in the middle of fit.", id="crashes"),
    ],
)
def test_a_fit_that_fails(tmp_path: Path, what: str, said: str) -> None:
    done = image(tmp_path, FAILING.format(what=what)).fit()
    assert done.returncode == 1
    assert done.stdout.startswith("before\n")
    assert said in done.stdout + done.stderr


def test_a_process_that_fit_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    custom = """
        import os, subprocess

        def fit(X, y, output_dir, **kwargs):
            process = subprocess.Popen(["sleep", "600"], start_new_session=True)
            open(os.path.join(output_dir, "pid"), "w").write(str(process.pid))
    """
    made = image(tmp_path, custom)
    began = time.monotonic()
    made.fit_well()
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
    with pytest.raises(ProcessLookupError):
        os.kill(int((made.artifact / "pid").read_text()), 0)


SECRETIVE = """
    import pandas as pd
    from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface

    class CustomTask(RegressionEstimatorInterface):
        def fit(self, X, y, output_dir=None, **kwargs):
            print("user", self.secrets["MINE"].username, "password", self.secrets["MINE"].password)

        def predict(self, X, **kwargs):
            raise ValueError("cannot log in with " + self.secrets["MINE"].password)
"""


def test_secrets_reach_the_task_and_no_log(tmp_path: Path) -> None:
    secrets = {"MINE": {"credentialType": "basic", "username": "ada", "password": "open sesame"}}
    made = image(tmp_path, SECRETIVE, secrets=secrets)
    assert made.fit_well().splitlines()[0] == "user ***** password *****"
    with made.serve() as server:
        assert server.refusal(NUMBERS) == "ERROR: predict (custom.py, line 10): ValueError: cannot log in with *****"
        server.process.terminate()
        assert server.process.stdout is not None
        assert "sesame" not in server.process.stdout.read()


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    made = image(tmp_path, MEAN)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "MINE").write_text("open sesame")
    done = made.fit(USER_SECRETS_MOUNT_PATH=str(tmp_path / "secrets"))
    assert done.returncode == 1
    assert done.stderr.startswith('The secret "MINE" is not a JSON object with a credentialType. Write it as ')


@both_pythons
def test_what_the_server_answers(tmp_path: Path, python: str) -> None:
    made = image(tmp_path, MEAN, python=python)
    made.fit_well()
    with made.serve() as server:
        for path in ("/", "/ping/", "/ping", "/health/"):
            assert server.get(path) == (200, {"message": "OK"})
        assert server.predict(NUMBERS) == [4.0] * 6
        raw = server.ask("POST", "/predict", NUMBERS.encode(), Content_Type="text/csv; charset=utf-8")
        assert raw == (200, '{"predictions": [4.0, 4.0, 4.0, 4.0, 4.0, 4.0]}')
        asks_first = b"POST /predict/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\na\n1\n"
        assert server.send(asks_first).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.fixture(scope="module")
def mean_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = image(tmp_path_factory.mktemp("image"), MEAN)
    made.fit_well()
    with made.serve() as server:
        yield server


@pytest.mark.parametrize(
    ("request_line", "headers", "body", "status", "message"),
    [
        pytest.param("GET /nowhere", "", b"", 404, "There is no such path; GET has", id="path"),
        pytest.param("GET /predict/", "", b"", 405, "/predict/ does not answer GET.", id="get"),
        pytest.param("POST /ping/", "", b"", 405, "/ping/ does not answer POST.", id="post"),
        pytest.param("DELETE /", "", b"", 501, "Unsupported method ('DELETE')", id="method"),
        pytest.param("POST /transform/", "Content-Length: 4", b"a\n1\n", 422, "ERROR: This is an estimator", id="kind"),
        pytest.param("POST /predict/", "", b"a\n1\n", 411, "The request needs a Content-Length.", id="no-length"),
        pytest.param(
            "POST /predict/", "Transfer-Encoding: chunked\r\nContent-Length: 4", b"", 411, "The request", id="chunked"
        ),
        pytest.param("POST /predict/", "Content-Length: -4", b"a\n1\n", 400, "The Content-Length is", id="negative"),
        pytest.param("POST /predict/", "Content-Length: ²", b"a\n1\n", 400, "The Content-Length is", id="no-digit"),
        pytest.param("POST /predict/", "Content-Length: 9", b"a\n1\n", 400, "The body is shorter", id="short"),
        pytest.param("POST /predict/", "Content-Length: 67108865", b"", 413, "The body is larger than 64", id="large"),
        pytest.param("POST /predict/", "Content-Length: " + "9" * 5000, b"", 413, "The body is larger", id="huge"),
        pytest.param(
            "POST /predict/", "Expect: 100-continue\r\nContent-Length: 67108865", b"", 413, "The body", id="asks-first"
        ),
        pytest.param(
            "POST /predict/",
            "Content-Type: application/json\r\nContent-Length: 2",
            b"{}",
            422,
            "ERROR: Send a CSV file as the form field X, or as a body of type text/csv.",
            id="json",
        ),
        pytest.param(
            "POST /predict/",
            "Content-Type: multipart/form-data; boundary=ab12\r\nContent-Length: 4",
            b"a\n1\n",
            400,
            "The body is no multipart/form-data: its boundary does not occur.",
            id="no-boundary",
        ),
        pytest.param("POST /predict/", "Content-Length: 0", b"", 422, "ERROR: data: EmptyDataError", id="empty"),
        pytest.param("POST /predict/", "Content-Length: 2", b"\xff\n", 422, "ERROR: data: UnicodeDecode", id="binary"),
    ],
)
def test_what_the_server_refuses(
    mean_server: Server, request_line: str, headers: str, body: bytes, status: int, message: str
) -> None:
    head = "\r\n".join(filter(None, [request_line + " HTTP/1.1", "Host: here", headers])) + "\r\n\r\n"
    answer = mean_server.send(head.encode("latin-1") + body)
    head_of_answer, _, text = answer.partition(b"\r\n\r\n")
    assert head_of_answer.split()[1] == str(status).encode()
    assert json.loads(text)["message"].startswith(message)
    assert mean_server.get("/ping/")[0] == 200


def test_a_form_without_the_field(mean_server: Server) -> None:
    body = form({"Y": NUMBERS, "x": NUMBERS})
    answer = mean_server.ask("POST", "/predict/", body, Content_Type='multipart/form-data; boundary="ab12"')
    assert answer == (422, '{"message": "ERROR: There is no form field X with a CSV file."}')


@settings(max_examples=150, deadline=None)
@given(head=st.binary(max_size=60), kind=st.binary(max_size=40), body=st.binary(max_size=200))
def test_no_bytes_end_the_server(mean_server: Server, head: bytes, kind: bytes, body: bytes) -> None:
    mean_server.send(head + body)
    mean_server.send(
        b"POST /predict/ HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=%s\r\nContent-Length: %d\r\n\r\n%s"
        % (kind, len(body) + len(kind) * 2 + 8, b"--" + kind + body + b"\r\n--" + kind + b"--")
    )
    assert mean_server.get("/ping/") == (200, {"message": "OK"})


PICKY = """
    import os
    import pandas as pd

    def fit(X, y, output_dir, **kwargs):
        pass

    def load_model(code_dir):
        return "model"

    def score(data, model, positive_class_label, negative_class_label, **kwargs):
        print("asked for", positive_class_label, negative_class_label)
        case = data["case"].iloc[0]
        if case == "exits":
            raise SystemExit("no more")
        if case == "raises":
            raise ValueError("the case is odd")
        rows = pd.DataFrame({"False": [0.25] * len(data), "extra": "x", "True": 0.75})
        return {
            "good": rows,
            "short": rows.iloc[1:],
            "other": rows.rename(columns={"True": "maybe"}),
            "missing": rows.assign(true=float("nan")).drop(columns="True"),
            "text": rows.assign(**{"True": "high"}),
            "none": None,
        }[case]
"""


@both_pythons
def test_probabilities_by_label_and_what_can_go_wrong(tmp_path: Path, python: str) -> None:
    made = image(tmp_path, PICKY, "binary", python=python, POSITIVE_CLASS_LABEL="1", NEGATIVE_CLASS_LABEL="0")
    with made.serve() as server:
        assert server.predict("case\ngood\ngood\n") == [{"1": 0.75, "0": 0.25}] * 2
        assert server.refusal("case\nraises\n") == "ERROR: score (custom.py, line 17): ValueError: the case is odd"
        assert server.refusal("case\nexits\n") == "ERROR: score (custom.py, line 15): SystemExit: no more"
        assert server.refusal("case\nshort\nshort\n") == "ERROR: score: ContractError: 1 rows came back for 2."
        assert server.refusal("case\nother\n").endswith("The predictions have the columns False, extra, maybe.")
        assert server.refusal("case\ntext\n").startswith("ERROR: score: ValueError: could not convert string to float")
        assert "score returned None; the platform takes a pandas DataFrame." in server.refusal("case\nnone\n")
        assert server.predict("case\nmissing\n") == [{"1": None, "0": 0.25}]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stdout is not None
        log = server.process.stdout.read()
        assert server.process.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert log.startswith("asked for 1 0\nPOST /predict/: 200 in ")
    assert 'File "custom.py", line 17, in score\n' in log
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_task_that_reads_its_data_itself_and_a_model_among_its_files(tmp_path: Path) -> None:
    custom = """
        import os
        import pandas as pd

        def init(code_dir):
            print("init", sorted(os.listdir(code_dir)))

        def read_input_data(input_filename):
            return pd.read_csv(input_filename).rename(columns=str.upper)

        def load_model(code_dir):
            return open("factor.txt").read()

        def score(data, model, **kwargs):
            return pd.DataFrame({"any name": data["A"] * float(model)})
    """
    made = image(tmp_path, custom, files={"factor.txt": "10"})
    with made.serve(ARTIFACT_DIRECTORY="") as server:
        assert server.predict(NUMBERS) == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    (made.artifact / "factor.txt").write_text("100")
    with made.serve() as server:
        assert server.predict(NUMBERS) == [100.0, 200.0, 300.0, 400.0, 500.0, 600.0]
    assert (tmp_path / "code" / "factor.txt").read_text() == "10"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({}, "load_model (custom.py, line 10) failed.", id="no-model"),
        pytest.param({"PORT": "80x"}, "The port 80x (PORT, ADDRESS) is not a number up to 65535.", id="port"),
        pytest.param(
            {"TARGET_TYPE": "multiclass"},
            "Neither POSITIVE_CLASS_LABEL and NEGATIVE_CLASS_LABEL nor CLASS_LABELS_FILE are set.",
            id="labels",
        ),
    ],
)
def test_a_server_that_cannot_start(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    made = image(tmp_path, MEAN)
    done = subprocess.run(
        made.command("serve"), env=made.environment(**variables), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert said in done.stdout + done.stderr


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    made = image(tmp_path, MEAN)
    made.fit_well()
    with made.serve() as server:
        done = subprocess.run(
            made.command("serve"),
            env=made.environment(ADDRESS="127.0.0.1", PORT=str(server.port)),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stdout == f"cannot listen on 127.0.0.1:{server.port}: Address already in use\n"


def test_the_environments_start_their_programs_alike() -> None:
    folders = sorted(path.parent for path in (CHECKOUT / "environments").glob("*/env_info.json"))
    assert [folder.name for folder in folders] == ["python3", "python3_sklearn", "python3_xgboost"]
    for name in ("Dockerfile", "fit.sh", "start_server.sh"):
        assert len({(folder / name).read_text() for folder in folders}) == 1
