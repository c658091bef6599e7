"""The task of an image, called as in the stages of a run, and told about on standard output."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import time
from dataclasses import replace
from typing import Any, Dict, List, Optional, Tuple

from .data import Inputs, read_inputs
from .environment import stage_variables
from .image_entry_contract import is_label_count
from .job import Job, Request
from .problems import TaskProblem, call_hook, describe
from .processes import only_here
from .progress import Progress
from .task import MODULE, find_code_file, load_task, prepare_module_path

EVERYTHING = Request(id="request", rows=None, edit=None)


class ImageTask:
    """The task whose code lies in `folder`, which becomes the working folder."""

    def __init__(self, job: Job, folder: str, secrets: Dict[str, Any], progress: Progress) -> None:
        self.job = job
        self.task: Any = None
        self._folder = folder
        self._secrets = secrets
        self._progress = progress
        self._code_file: Optional[str] = None

    def fit(self) -> bool:
        """Fit and leave the artifact; tell whether that went well."""
        began = time.monotonic()
        try:
            self._progress.enter("data")
            inputs = self._training_data()
            self._import()
            self.task.fit(inputs)
        except BaseException as error:
            self.tell(error)
            return False
        left = ", ".join(sorted(os.listdir(self.job.artifact_folder))) or "nothing"
        print("fit passed after %.2f s; it left in ARTIFACT_DIRECTORY: %s" % (time.monotonic() - began, left))
        return True

    def load(self) -> bool:
        """Load the model; tell whether that went well."""
        try:
            self._import()
            self.task.load(self._folder)
        except BaseException as error:
            self.tell(error)
            return False
        return True

    def apply(self, csv: bytes) -> Tuple[Any, Any]:
        """Return the rows that a CSV file holds as the hooks get them, and what these make of them.

        Raises what the hooks raise, and what pandas does where the file is none.
        """
        with tempfile.TemporaryDirectory(prefix="request-") as folder:
            with open(os.path.join(folder, "X.csv"), "wb") as stream:
                stream.write(csv)
            self._progress.enter("data")
            inputs = read_inputs(folder, "csv")
            given = self.task.given(inputs, EVERYTHING)
            return given, self.task.apply(given, inputs, EVERYTHING)

    def tell(self, error: BaseException) -> str:
        """Print what went wrong with the task's own traceback; return it in one sentence."""
        record = describe(error, self._progress.where, self._folder, self._code_file)
        place = record["where"] if record["line"] is None else "%(where)s (custom.py, line %(line)d)" % record
        said = "%s: %s: %s" % (place, record["type"], record["message"])
        shown = "%s%s failed." % (record["traceback"], place) if record["traceback"] else said
        print(" ".join(filter(None, [shown, record["remedy"]])), file=sys.stderr)
        return said

    def _training_data(self) -> Inputs:
        """Read the input folder, and set the class labels to those of the target where nobody told any."""
        job = self.job
        inputs = read_inputs(job.input_folder, job.data_format)
        if job.target_type == "anomaly":
            inputs = replace(inputs, target=None)
        if job.is_classification and job.class_labels is None:
            self.job = replace(job, class_labels=_labels_of(inputs.target, job.target_type))
        return inputs

    def _import(self) -> None:
        os.chdir(self._folder)
        variables = stage_variables(self.job, self._folder)
        os.environ.update({name: variables[name] for name in ("CODE_DIR", "CODEPATH", "PYTHONPATH")})
        self._progress.enter("import")
        self._code_file = find_code_file(self._folder)
        prepare_module_path(self._code_file)
        with only_here():
            module = importlib.import_module(MODULE)
        self.task = load_task(module, self.job, self._progress, self._secrets)
        if callable(getattr(module, "init", None)):
            self._progress.enter("init")
            call_hook("init", module.init, self._folder)


def _labels_of(target: Any, target_type: str) -> List[str]:
    """Return the labels as text, sorted; of two the first is the positive one, as in the platform's runner."""
    labels = sorted({str(label) for label in target})
    if not is_label_count(target_type, len(labels)):
        raise TaskProblem(
            "The target has %d different values, which is not %s." % (len(labels), target_type),
            where="data",
            remedy="Correct TARGET_TYPE or y.csv.",
        )
    return labels
