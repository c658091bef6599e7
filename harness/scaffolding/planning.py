"""Which files a new task has, with which text; nothing is written here.

The code is that of a bundled sample task, the data is the bundled sample that fits it.
"""

from __future__ import annotations

from pathlib import Path

from harness.bundled_files import bundled_folder
from harness.data import SampleData, choose_sample
from harness.environments import find_environment
from harness.scaffolding.model import Style
from harness.tasks import read_metadata
from harness.vocabulary import TargetType

ENVIRONMENT = "python3_sklearn"
DATA_FILE = "data.csv"
METADATA_FILE = "model-metadata.yaml"

_SAMPLES = {
    (TargetType.BINARY, Style.FUNCTIONS): "binary_functions",
    (TargetType.BINARY, Style.CLASS): "binary_class",
    (TargetType.REGRESSION, Style.FUNCTIONS): "regression_functions",
    (TargetType.REGRESSION, Style.CLASS): "regression_row_weights",
    (TargetType.MULTICLASS, Style.FUNCTIONS): "multiclass_functions",
    (TargetType.MULTICLASS, Style.CLASS): "multiclass_class",
    (TargetType.ANOMALY, Style.FUNCTIONS): "anomaly_functions",
    (TargetType.ANOMALY, Style.CLASS): "anomaly_isolation_forest",
    (TargetType.TRANSFORM, Style.FUNCTIONS): "transform_one_hot_sparse",
    (TargetType.TRANSFORM, Style.CLASS): "transform_imputer_class",
}
_OWN_FILES = ("README.md", METADATA_FILE)

# The comment that stands above a line of the metadata.
_COMMENTS = {
    "hyperparameters:": "# What users of the task can set; fit receives the values in `parameters`.",
    "typeSchema:": (
        "# Which data the task takes, and for a transform also which it gives. The platform stops a training where\n"
        "# the data is another. data_types: NUM, CAT, TXT, DATE and others, with EQUALS for one and IN for a list."
    ),
}

_IGNORED = f"""\
# What belongs to this folder and not into the upload, in the syntax of .gitignore.
{DATA_FILE}
Makefile
"""
_MAKEFILE = """\
HARNESS ?= harness

.PHONY: test bundle

test:
	$(HARNESS) validate .

bundle:
	$(HARNESS) bundle .
"""


def plan_task(name: str, target_type: TargetType, style: Style) -> dict[str, str]:
    """Return the text of each file of a new task, by its path in the folder, sorted."""
    sample = bundled_folder("sample_tasks") / _SAMPLES[target_type, style]
    data = choose_sample(target_type, read_metadata(sample / METADATA_FILE).type_schema)
    files = {
        file.name: file.read_text(encoding="utf-8")
        for file in sample.iterdir()
        if file.is_file() and file.name not in _OWN_FILES
    }
    files |= {
        ".harnessignore": _IGNORED,
        "Makefile": _MAKEFILE,
        "README.md": _readme(name, target_type, data),
        DATA_FILE: _csv(data),
        METADATA_FILE: _metadata(sample / METADATA_FILE, name, data),
    }
    return dict(sorted(files.items()))


def _metadata(sample: Path, name: str, data: SampleData) -> str:
    """Return the sample's metadata with another name, data, comments and the environment with scikit-learn."""
    lines = []
    for line in sample.read_text(encoding="utf-8").splitlines():
        key = line.partition(":")[0]
        if line in _COMMENTS:
            lines.append(f"\n{_COMMENTS[line]}")
        if key == "name":
            lines.append(_yaml_line(key, name))
        elif key == "environmentID":
            lines.append(_yaml_line(key, find_environment(ENVIRONMENT).id))
        else:
            lines.append(line)
        if key == "description":
            lines.append(_validation(data))
    return "\n".join(lines) + "\n"


def _validation(data: SampleData) -> str:
    text = f"\n# The data that `harness validate` takes.\nvalidation:\n  input: {DATA_FILE}"
    return text if data.target is None else f"{text}\n  {_yaml_line('targetName', str(data.target.name))}"


def _yaml_line(key: str, value: str) -> str:
    import yaml

    return yaml.safe_dump({key: value}, allow_unicode=True, width=10_000).rstrip("\n")


def _csv(data: SampleData) -> str:
    table = data.features if data.target is None else data.features.assign(**{str(data.target.name): data.target})
    return table.to_csv(index=False, lineterminator="\n")


def _readme(name: str, target_type: TargetType, data: SampleData) -> str:
    target = "There is no target" if data.target is None else f"The target is the column `{data.target.name}`"
    return f"""\
# {name}

A custom task of target type {target_type}. It starts as a working example: `custom.py` is what you change.

    make test      # validates this folder
    make bundle    # writes the zip to upload, beside this folder

`{DATA_FILE}` is sample data: {data.source.removeprefix("bundled sample ")}. {target}.
Put your own in its place, and name it and its target under `validation` in `{METADATA_FILE}`.
`.harnessignore` keeps it out of the upload. Packages that the environment lacks go into a `requirements.txt`;
`harness deps .` judges it.
"""
