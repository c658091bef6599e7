"""What the platform's images are told by environment variables, with a sentence for each thing that is missing.

Source: fit.sh of the platform's public drop-in environments. A variable that is set to nothing counts as not set.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from .job import CLASSIFICATION, ESTIMATORS, Job, parse_job

FORMATS = ("csv", "mtx", "arrow")
TARGET_TYPES = (*ESTIMATORS, "transform")
SUPERVISED = (*CLASSIFICATION, "regression")
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - a server in a container is asked from outside of it
DEFAULT_PORT = 8080
HIGHEST_PORT = 65535


class ContractBroken(Exception):
    """The image was not told all that it needs; `problems` has a sentence for each thing."""

    def __init__(self, problems: List[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class ServerAddress(NamedTuple):
    """Where the prediction server listens; with port 0 the system chooses one."""

    host: str
    port: int


def read_fit_job(variables: Mapping[str, str]) -> Job:
    """Return the job of a fit; class labels are None where they are to be found in the target."""
    contract = _Contract(variables)
    target_type = contract.target_type()
    data_format = contract.data_format()
    code_folder = contract.folder("CODEPATH", "CODE_DIR")
    input_folder = contract.folder("INPUT_DIRECTORY")
    if input_folder:
        contract.needs_file(input_folder, "X." + data_format)
        if data_format == "mtx":
            contract.needs_file(input_folder, "X.colnames")
        if target_type in SUPERVISED:
            contract.needs_file(input_folder, "y.csv")
    job = _job(
        codeDirectory=code_folder,
        inputDirectory=input_folder,
        artifactDirectory=contract.new_folder("ARTIFACT_DIRECTORY"),
        targetType=target_type,
        dataFormat=data_format,
        classLabels=contract.class_labels(target_type),
        parameters=contract.parameters(input_folder),
        secretsDirectory=contract.optional_folder("USER_SECRETS_MOUNT_PATH"),
    )
    contract.insist()
    return job


def read_serve_job(variables: Mapping[str, str], model_folder: str) -> Job:
    """Return the job of a prediction server; its artifact folder is empty where the artifact lies with the code.

    model_folder: where code and artifact may be put together.
    """
    contract = _Contract(variables)
    target_type = contract.target_type()
    job = _job(
        codeDirectory=contract.folder("CODEPATH", "CODE_DIR"),
        artifactDirectory=contract.optional_folder("ARTIFACT_DIRECTORY") or "",
        modelDirectory=model_folder,
        targetType=target_type,
        classLabels=contract.class_labels(target_type, required=True),
        secretsDirectory=contract.optional_folder("USER_SECRETS_MOUNT_PATH"),
    )
    contract.insist()
    return job


def server_address(variables: Mapping[str, str]) -> ServerAddress:
    """Return the address of the variables ADDRESS (`host` or `host:port`) and PORT, which counts more."""
    host, _, port = variables.get("ADDRESS", "").partition(":")
    port = variables.get("PORT") or port or str(DEFAULT_PORT)
    if not port.isdecimal() or int(port) > HIGHEST_PORT:
        raise ContractBroken(["The port %s (PORT, ADDRESS) is not a number up to %d." % (port, HIGHEST_PORT)])
    return ServerAddress(host or EVERY_ADDRESS, int(port))


def is_label_count(target_type: str, count: int) -> bool:
    return count == 2 if target_type == "binary" else count >= 2


def _job(**told: Any) -> Job:
    """Return a job with these fields of the job line; the others are for the host's own runs."""
    others = {"inputDirectory": "", "modelDirectory": "", "outputDirectory": "", "dataFormat": "csv", "stages": []}
    return parse_job(json.dumps({**others, **told}).encode("utf-8"))


class _Contract:
    """Reads the variables one by one, and collects what is wrong."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: List[str] = []

    def insist(self) -> None:
        """Raise ContractBroken where anything was wrong."""
        if self._problems:
            raise ContractBroken(self._problems)

    def target_type(self) -> str:
        found = self._value("TARGET_TYPE")
        if found not in TARGET_TYPES:
            told = "is %s" % found if found else "is not set"
            self._problems.append("TARGET_TYPE %s; it must be one of %s." % (told, ", ".join(TARGET_TYPES)))
        return found

    def data_format(self) -> str:
        extension = self._value("TRAINING_DATA_EXTENSION") or ".csv"
        if extension[1:] not in FORMATS or extension[0] != ".":
            known = ", ".join("." + name for name in FORMATS)
            self._problems.append("TRAINING_DATA_EXTENSION is %s; it must be one of %s." % (extension, known))
        return extension[1:]

    def folder(self, *names: str) -> str:
        """Return the folder that the first of these variables names; it must be there."""
        name = next((name for name in names if self._value(name)), None)
        if name is None:
            self._problems.append("%s is not set." % " or ".join(names))
            return ""
        return self.optional_folder(name) or ""

    def optional_folder(self, name: str) -> Optional[str]:
        path = self._value(name)
        if path and not os.path.isdir(path):
            self._problems.append("%s is %s, which is no folder." % (name, path))
        return os.path.abspath(path) if path else None

    def new_folder(self, name: str) -> str:
        """Return the folder that a variable names, made where it is not there yet."""
        path = self._value(name)
        if path:
            try:
                os.makedirs(path, exist_ok=True)
            except OSError as error:
                self._problems.append("%s is %s, which cannot be made: %s." % (name, path, error.strerror))
        return self.folder(name)

    def needs_file(self, folder: str, name: str) -> None:
        if not os.path.isfile(os.path.join(folder, name)):
            self._problems.append("There is no %s in INPUT_DIRECTORY (%s)." % (name, folder))

    def class_labels(self, target_type: str, required: bool = False) -> Optional[List[str]]:
        """Return the labels of a classification: (positive, negative), or those of the file."""
        if target_type not in CLASSIFICATION:
            return None
        names = ("POSITIVE_CLASS_LABEL", "NEGATIVE_CLASS_LABEL")
        pair = [label for label in map(self._value, names) if label]
        labels = pair or self._labels_of_file()
        if len(pair) == 1:
            self._problems.append("Only one of %s and %s is set." % names)
        elif labels is None and required:
            self._problems.append("Neither %s and %s nor CLASS_LABELS_FILE are set." % names)
        elif labels is not None and not is_label_count(target_type, len(labels)):
            self._problems.append("There are %d class labels, which is not %s." % (len(labels), target_type))
        return labels

    def _labels_of_file(self) -> Optional[List[str]]:
        path = self._value("CLASS_LABELS_FILE")
        if not path:
            return None
        try:
            with open(path, encoding="utf-8") as stream:
                return [line for line in stream.read().splitlines() if line]
        except (OSError, ValueError) as error:
            self._problems.append("CLASS_LABELS_FILE is %s, which cannot be read: %s." % (path, error))
            return None

    def parameters(self, input_folder: str) -> Dict[str, Any]:
        """Return what parameters.json holds, nothing where it is not there."""
        path = os.path.join(input_folder, "parameters.json")
        if not os.path.exists(path):
            return {}
        try:
            with open(path, encoding="utf-8") as stream:
                document = json.load(stream)
        except (OSError, ValueError) as error:
            self._problems.append("%s cannot be read: %s." % (path, error))
            return {}
        if not isinstance(document, dict):
            self._problems.append("%s must hold one JSON object." % path)
        return document

    def _value(self, name: str) -> str:
        return self._variables.get(name, "")
