"""`harness.validate` as a script uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import harness

MEAN = """
import pickle
from pathlib import Path

import pandas as pd


def fit(X, y, output_dir, **kwargs):
    (Path(output_dir) / "model.pkl").write_bytes(pickle.dumps(float(y.mean())))


def load_model(code_dir):
    return pickle.loads((Path(code_dir) / "model.pkl").read_bytes())


def score(data, model, **kwargs):
    return pd.DataFrame({"Predictions": model + data["size"].fillna(0)})
"""


def test_texts_do_for_paths_and_words(make_task: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_task(MEAN)
    (folder / "model-metadata.yaml").unlink()
    (tmp_path / "data.csv").write_text("size,price\n" + "".join(f"{n},{n * 2}\n" for n in range(20)))
    report = harness.validate(
        str(folder),
        input=str(tmp_path / "data.csv"),
        target="price",
        target_type="regression",
        output=str(tmp_path / "out"),
    )
    assert report.passed
    assert report.exit_code == 0
    assert report.task is not None
    assert report.task.target_type == "regression"
    assert report.outputs.predictions is not None
    assert Path(report.outputs.predictions).read_text().splitlines()[:3] == ["Predictions", "19.0", "20.0"]
    saved = harness.Report.model_validate_json((tmp_path / "out" / "report.json").read_text())
    assert saved == report


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"target_type": "binry"}, "binary", id="target type"),
        pytest.param({"network": "OPEN"}, "ISOLATED", id="network"),
        pytest.param({"environment": "python3_sklern"}, "python3_sklearn", id="environment"),
        pytest.param({"backend": "podman"}, "venv", id="backend"),
        pytest.param({"target": "price"}, "--input", id="a target without data"),
        pytest.param({"class_labels": ("a", "b")}, "--input", id="labels without data"),
    ],
)
def test_mistaken_options_are_told(options: dict[str, str], expected: str, make_task: Callable[..., Path]) -> None:
    with pytest.raises(harness.HarnessError, match=expected):
        harness.validate(make_task(MEAN), **options)  # type: ignore[arg-type]


def test_importing_the_package_is_light() -> None:
    import subprocess
    import sys

    heavy = "import sys, harness; print([m for m in ('pandas', 'pydantic', 'typer', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
