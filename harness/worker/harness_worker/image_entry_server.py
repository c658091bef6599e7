"""A small prediction server with the routes and answers of the platform's own.

One request at a time, in the main thread: hooks are not made for threads, and some libraries insist on the main one.
Source: the prediction server of the platform's runner; a transform is answered as plain CSV here.
"""

from __future__ import annotations

import json
import socketserver
import sys
import time
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import pandas as pd

from .credentials import Mask
from .image_entry_contract import ServerAddress
from .image_entry_task import ImageTask
from .models import PREDICTION_COLUMN, standard_label
from .problems import TaskProblem

LARGEST_BODY_BYTES = 64 * 1024**2
# How long a client may keep the others waiting with its body, or with taking its answer.
CLIENT_PATIENCE_SECONDS = 60
_MOST_DIGITS = 20
FIELD = "X"
RAW_TYPES = ("text/csv", "text/plain", "application/octet-stream")
ALIVE_PATHS = ("/", "/ping/", "/health/")
INFO_PATH = "/info/"
JSON = "application/json"
CSV = "text/csv; charset=utf-8"


class Refused(Exception):
    """The request gets no prediction: HTTP status, and the reason in a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def serve(task: ImageTask, address: ServerAddress, mask: Mask) -> bool:
    """Load the model and answer requests for ever; False where the model or the address cannot be had."""
    if not task.load():
        return False
    try:
        server = _Server(address, _Handler)
    except OSError as error:
        print("cannot listen on %s:%d: %s" % (*address, error.strerror), file=sys.stderr)
        return False
    with server:
        server.task = task
        server.mask = mask
        print("listening on http://%s:%d" % server.server_address)
        server.serve_forever()
    return True


class _Server(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    task: ImageTask
    mask: Mask

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """Say in one line that a client is gone; no request may end the server."""
        print("a request was not answered: %r" % sys.exc_info()[1], file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    # With 1.0, clients that send "Expect: 100-continue" would wait for a second. Connections are not kept all the same.
    protocol_version = "HTTP/1.1"
    timeout = CLIENT_PATIENCE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        path = self._normal_path()
        if path in ALIVE_PATHS:
            self._answer_json(200, {"message": "OK"})
        elif path == INFO_PATH:
            self._answer_json(200, self._info())
        else:
            self._refuse_path(path, "GET", (*ALIVE_PATHS, INFO_PATH), _APPLICATIONS)

    def do_POST(self) -> None:
        path = self._normal_path()
        if path not in _APPLICATIONS:
            self._refuse_path(path, "POST", _APPLICATIONS, (*ALIVE_PATHS, INFO_PATH))
            return
        began = time.monotonic()
        try:
            status, kind, body = self._apply(_APPLICATIONS[path], self._csv())
        except Refused as refused:
            status, kind, body = refused.status, JSON, self._message(str(refused))
        self._answer(status, kind, body)
        print("POST %s: %d in %.3f s" % (path, status, time.monotonic() - began))

    def handle_expect_100(self) -> bool:
        """Let a client that asks first send its body only where it is of use."""
        try:
            self._length()
        except Refused as refused:
            self._answer_json(refused.status, {"message": str(refused)})
            return False
        return super().handle_expect_100()

    def send_error(self, code: int, message: Optional[str] = None, explain: Optional[str] = None) -> None:
        """Answer what is no HTTP, or a method that nobody expects, in our own form."""
        self._answer_json(code, {"message": message or explain or self.responses.get(code, ("", ""))[0]})

    def log_message(self, *_: Any) -> None:
        """Say nothing: checks of the server's health come every few seconds."""

    def _normal_path(self) -> str:
        path = self.path.partition("?")[0]
        return path if path.endswith("/") else path + "/"

    def _apply(
        self, application: Callable[[ImageTask, bytes], Tuple[str, bytes]], csv: bytes
    ) -> Tuple[int, str, bytes]:
        """Return the answer's status, content type and body; what a hook raises makes a 422."""
        try:
            return (200, *application(self.server.task, csv))
        except Refused:
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return 422, JSON, self._message("ERROR: " + self.server.task.tell(error))

    def _csv(self) -> bytes:
        """Return the file of the request: its field X, or the whole body."""
        length = self._length()
        kind = self.headers.get_content_type() if self.headers["Content-Type"] else RAW_TYPES[0]
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refused(400, "The body is shorter than its Content-Length.")
        if kind == "multipart/form-data":
            return read_form_field(body, self.headers.get_boundary(), FIELD)
        if kind not in RAW_TYPES:
            raise Refused(
                422, "ERROR: Send a CSV file as the form field %s, or as a body of type %s." % (FIELD, RAW_TYPES[0])
            )
        return body

    def _length(self) -> int:
        length = self.headers["Content-Length"]
        if length is None or self.headers["Transfer-Encoding"]:
            raise Refused(411, "The request needs a Content-Length.")
        if not (length.isascii() and length.isdecimal()):
            raise Refused(400, "The Content-Length is no number.")
        if len(length) > _MOST_DIGITS or int(length) > LARGEST_BODY_BYTES:
            raise Refused(413, "The body is larger than %d MiB." % (LARGEST_BODY_BYTES // 1024**2))
        return int(length)

    def _info(self) -> Dict[str, Any]:
        task = self.server.task
        return {
            "language": "python",
            "targetType": task.job.target_type,
            "codeDir": task.job.code_folder,
            "interface": task.task.interface,
            "hooks": task.task.names,
            "modelSource": task.task.model_source,
            "pythonVersion": "%d.%d.%d" % sys.version_info[:3],
        }

    def _refuse_path(self, path: str, method: str, own: Any, others: Any) -> None:
        if path in others:
            self._answer_json(405, {"message": "%s does not answer %s." % (path, method)})
        else:
            self._answer_json(404, {"message": "There is no such path; %s has %s." % (method, ", ".join(own))})

    def _message(self, text: str) -> bytes:
        return json.dumps({"message": self.server.mask.clean(text)}).encode("utf-8")

    def _answer_json(self, status: int, document: Dict[str, Any]) -> None:
        self._answer(status, JSON, json.dumps(document).encode("utf-8"))

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        # A connection that is kept would keep everybody else waiting.
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def read_form_field(body: bytes, boundary: Optional[str], name: str) -> bytes:
    """Return what a multipart/form-data body holds under a name. Raises Refused where there is no such field."""
    delimiter = b"\r\n--" + (boundary or "").encode("utf-8", "replace")
    if not boundary or delimiter[2:] not in body:
        raise Refused(400, "The body is no multipart/form-data: its boundary does not occur.")
    # The first delimiter has no line before it; what comes before and after all delimiters is no part.
    for part in (b"\r\n" + body).split(delimiter)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        headers = BytesParser().parsebytes(head.lstrip(), headersonly=True)
        if headers.get_param("name", header="Content-Disposition") == name:
            return content
    raise Refused(422, "ERROR: There is no form field %s with a CSV file." % name)


def _predict(task: ImageTask, csv: bytes) -> Tuple[str, bytes]:
    job = task.job
    if not job.is_estimator:
        raise Refused(422, "ERROR: This is a transform; ask /transform/.")
    given, predictions = task.apply(csv)
    _require_same_rows(given, predictions, "score")
    labels = job.class_labels if job.is_classification else None
    values = _values(predictions, labels)
    answers: List[Any] = (
        values[:, 0].tolist() if labels is None else [dict(zip(labels, row)) for row in values.tolist()]  # noqa: B905
    )
    return JSON, json.dumps({"predictions": answers}).encode("utf-8")


def _transform(task: ImageTask, csv: bytes) -> Tuple[str, bytes]:
    if task.job.is_estimator:
        raise Refused(422, "ERROR: This is an estimator; ask /predict/.")
    given, features = task.apply(csv)
    _require_same_rows(given, features, "transform")
    frame = features if isinstance(features, pd.DataFrame) else pd.DataFrame.sparse.from_spmatrix(features)
    return CSV, frame.to_csv(index=False).encode("utf-8")


_APPLICATIONS = {"/predict/": _predict, "/transform/": _transform}


def _require_same_rows(given: Any, returned: Any, hook: str) -> None:
    if isinstance(given, pd.DataFrame) and returned.shape[0] != len(given):
        raise TaskProblem(
            "%d rows came back for %d." % (returned.shape[0], len(given)),
            where=hook,
            remedy="Return one row for each row of the data.",
        )


def _values(predictions: pd.DataFrame, labels: Optional[List[str]]) -> np.ndarray:
    """Return numbers, one column a label in their order, or the one column of other predictions; None for NaN."""
    if labels is None:
        if predictions.shape[1] != 1:
            raise _wrong_columns(predictions, [PREDICTION_COLUMN])
        positions = [0]
    else:
        positions = _label_positions(predictions, labels)
    numbers = predictions.iloc[:, positions].astype(float).to_numpy()
    return np.where(np.isfinite(numbers), numbers, None)


def _label_positions(predictions: pd.DataFrame, labels: List[str]) -> List[int]:
    """Return which column belongs to each label: the one of that name, else the one that the platform takes for it."""
    names = [str(name) for name in predictions.columns]
    standard = [standard_label(name) for name in names]
    positions = []
    for label in labels:
        if label in names:
            positions.append(names.index(label))
        elif standard_label(label) in standard:
            positions.append(standard.index(standard_label(label)))
        else:
            raise _wrong_columns(predictions, labels)
    return positions


def _wrong_columns(predictions: pd.DataFrame, wanted: List[str]) -> TaskProblem:
    return TaskProblem(
        "The predictions have the columns %s." % ", ".join(map(str, predictions.columns)),
        where="score",
        remedy="Return the columns %s." % ", ".join(wanted),
    )
