"""The environment variables and small files that the platform's images give to a task."""

from __future__ import annotations

import json
import os
from typing import Dict

from .data import EXTENSIONS
from .job import Job

LABELS_FILE = "class_labels.txt"
PARAMETERS_FILE = "parameters.json"


def write_input_files(job: Job) -> None:
    """Add to the input folder what the images have there and the host has not written: labels, parameters."""
    if job.target_type == "multiclass" and job.class_labels:
        _write_new(os.path.join(job.input_folder, LABELS_FILE), "".join(label + "\n" for label in job.class_labels))
    _write_new(os.path.join(job.input_folder, PARAMETERS_FILE), json.dumps(job.parameters))


def _write_new(path: str, text: str) -> None:
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)


def stage_variables(job: Job, code_folder: str) -> Dict[str, str]:
    """Return the variables of the platform's image contract, and the module path for processes of the task."""
    older = os.environ.get("PYTHONPATH")
    variables = {
        "CODE_DIR": code_folder,
        "CODEPATH": code_folder,
        "PYTHONPATH": code_folder + (os.pathsep + older if older else ""),
        "INPUT_DIRECTORY": job.input_folder,
        "ARTIFACT_DIRECTORY": job.artifact_folder,
        "TARGET_TYPE": job.target_type,
        "TRAINING_DATA_EXTENSION": EXTENSIONS[job.data_format],
    }
    if job.target_type == "binary" and job.class_labels:
        variables["POSITIVE_CLASS_LABEL"], variables["NEGATIVE_CLASS_LABEL"] = job.class_labels
    if job.target_type == "multiclass" and job.class_labels:
        variables["CLASS_LABELS_FILE"] = os.path.join(job.input_folder, LABELS_FILE)
    if job.secrets_folder:
        variables["USER_SECRETS_MOUNT_PATH"] = job.secrets_folder
    return variables
