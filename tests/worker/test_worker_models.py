"""Models that are loaded and applied without hooks of the task."""

from __future__ import annotations

from pathlib import Path

import pytest
from worker_driver import FIT, NUMBERS, PYTHONS, TARGET, YES_NO, run_task, score


def fit_with(expression: str, saving: str = "pickle.dump(model, open(output_dir + '/model.pkl', 'wb'))") -> str:
    return f"""
import pickle, joblib

def fit(X, y, output_dir, **kwargs):
    model = {expression}
    {saving}
"""


# An object of the task's own that has what scikit-learn's have is applied like them.
OWN_MODEL = """
import numpy

class Mean:
    def __init__(self, mean):
        self.mean = mean
        self.weights = numpy.arange(10)

    def predict(self, X):
        return numpy.full(len(X), self.mean)

    def transform(self, X):
        return X.to_numpy() - self.mean

    def get_feature_names_out(self):
        return numpy.array(["first", "second"])
"""


@pytest.mark.parametrize("python", PYTHONS)
def test_a_classifier_maps_its_classes_onto_the_labels(tmp_path: Path, python: str) -> None:
    custom = "from sklearn.dummy import DummyClassifier\n" + fit_with("DummyClassifier(strategy='prior').fit(X, y)")
    run = run_task(
        tmp_path,
        custom,
        python=python,
        preload=("sklearn.dummy",),
        targetType="multiclass",
        classLabels=["2", "1", "0"],
        inputs={"X.csv": NUMBERS, "y.csv": "target\n0\n0\n0\n1\n1\n2\n"},
    )
    assert run.output()["columns"] == ["0", "1", "2"]
    assert run.numbers()[0] == pytest.approx([3 / 6, 2 / 6, 1 / 6])
    assert run.ready["imported"] == ["numpy", "pandas", "sklearn.dummy"]


@pytest.mark.parametrize(
    ("saving", "source"),
    [
        pytest.param("pickle.dump(model, open(output_dir + '/model.PKL', 'wb'))", "file model.PKL", id="pickle"),
        pytest.param("joblib.dump(model, output_dir + '/m.joblib')", "file m.joblib", id="joblib"),
        pytest.param("joblib.dump(model, output_dir + '/m.pkl', compress=3)", "file m.pkl", id="joblib-called-pkl"),
    ],
)
def test_a_regressor_predicts_from_its_file(tmp_path: Path, saving: str, source: str) -> None:
    run = run_task(tmp_path, OWN_MODEL + fit_with("Mean(y.mean())", saving))
    assert run.result("predict")["modelSource"] == source
    assert run.output()["columns"] == ["Predictions"]
    assert run.numbers()[0] == [4.0]


def test_a_transformer_of_scikit_learn_is_applied_directly(tmp_path: Path) -> None:
    custom = "from sklearn.preprocessing import OneHotEncoder\n" + fit_with("OneHotEncoder().fit(X)")
    run = run_task(tmp_path, custom, targetType="transform", inputs={"X.csv": "a\nx\ny\nx\n"})
    output = run.output()
    assert (output["kind"], output["rows"], len(output["columns"])) == ("sparse", 3, 2)
    assert run.file("whole.mtx").read_text().startswith("%%MatrixMarket")


def test_columns_of_a_dense_transform_keep_their_names(tmp_path: Path) -> None:
    custom = OWN_MODEL + fit_with("Mean(2)")
    run = run_task(tmp_path, custom, targetType="transform", inputs={"X.csv": "a,b\n0,5\n4,7\n"})
    assert run.output()["columns"] == ["first", "second"]
    assert run.numbers() == [[-2.0, 3.0], [2.0, 5.0]]


@pytest.mark.parametrize(
    ("custom", "message", "remedy"),
    [
        pytest.param(
            "def fit(X, y, output_dir, **kwargs):\n    open(output_dir + '/notes.txt', 'w').close()\n",
            "There is no model file (.pkl, .pth, .h5, .onnx) among the task's files and what fit left: "
            "custom.py, notes.txt.",
            "Save the model into output_dir in fit, or define load_model(code_dir).",
            id="none",
        ),
        pytest.param(
            "def fit(X, y, output_dir, **kwargs):\n"
            "    [open(output_dir + name, 'w').close() for name in ('/a.pkl', '/b.H5')]\n",
            "There are several model files: a.pkl, b.H5. The platform cannot tell which is the model.",
            "Keep one of them, or define load_model(code_dir) and load them there.",
            id="several",
        ),
        pytest.param(
            "def fit(X, y, output_dir, **kwargs):\n    open(output_dir + '/net.onnx', 'w').close()\n",
            "Loading an .onnx model needs onnxruntime, which the environment lacks.",
            "Add onnxruntime to requirements.txt.",
            id="library-is-missing",
        ),
        pytest.param(
            fit_with("{'weights': 1}"),
            "The model is a builtins.dict, which has no predict "
            "and is of no library that the platform applies by itself.",
            "Define score(data, model, **kwargs).",
            id="unknown-object",
        ),
    ],
)
def test_models_that_cannot_be_used(tmp_path: Path, custom: str, message: str, remedy: str) -> None:
    run = run_task(tmp_path, custom)
    assert run.statuses == {"fit": "passed", "predict": "failed"}
    assert run.error("predict")["message"] == message
    assert run.error("predict")["remedy"] == remedy


def test_a_model_file_that_is_no_pickle_is_the_tasks_error(tmp_path: Path) -> None:
    custom = "def fit(X, y, output_dir, **kwargs):\n    open(output_dir + '/m.pkl', 'w').write('junk')\n"
    run = run_task(tmp_path, custom)
    assert run.statuses["predict"] == "failed"
    assert run.error("predict")["where"] == "load_model"


def test_a_library_that_counts_classes_is_read_by_the_numbers_in_the_labels(tmp_path: Path) -> None:
    package = """
        class Booster:
            def predict(self, data):
                return [0.9] * len(data.rows)

        class DMatrix:
            def __init__(self, rows):
                self.rows = rows
    """
    custom = "import xgboost\n" + fit_with("xgboost.Booster()")
    run = run_task(
        tmp_path,
        custom,
        FIT,
        score(),
        files={"xgboost.py": package},
        targetType="binary",
        classLabels=["0", "1"],
        inputs={"X.csv": NUMBERS, "y.csv": "t\n0\n1\n0\n1\n0\n1\n"},
    )
    assert run.output()["columns"] == ["0", "1"]
    assert run.numbers()[0] == pytest.approx([0.1, 0.9])


def test_a_classifier_that_takes_counts_only_has_its_columns_in_the_order_of_the_labels(tmp_path: Path) -> None:
    package = """
        class XGBClassifier:
            classes_ = [0, 1]

            def predict_proba(self, data):
                return [[0.9, 0.1]] * len(data)
    """
    run = run_task(
        tmp_path,
        "import xgboost\n" + fit_with("xgboost.XGBClassifier()"),
        FIT,
        score(),
        files={"xgboost.py": package},
        targetType="binary",
        classLabels=["benign", "malignant"],
        inputs={"X.csv": NUMBERS, "y.csv": "t\n" + "benign\nmalignant\n" * 3},
    )
    assert run.output()["columns"] == ["benign", "malignant"]
    assert run.numbers()[0] == pytest.approx([0.9, 0.1])


def test_a_stale_model_in_the_task_folder_is_not_hidden(tmp_path: Path) -> None:
    custom = fit_with("1", "pickle.dump(model, open(output_dir + '/new.pkl', 'wb'))")
    run = run_task(tmp_path, custom, files={"old.pkl": ""}, inputs={"X.csv": NUMBERS, "y.csv": TARGET})
    assert "new.pkl, old.pkl" in run.error("predict")["message"]


def test_a_classifier_without_probabilities_is_named(tmp_path: Path) -> None:
    custom = OWN_MODEL + fit_with("Mean(1)")
    run = run_task(
        tmp_path, custom, targetType="binary", classLabels=["yes", "no"], inputs={"X.csv": NUMBERS, "y.csv": YES_NO}
    )
    assert "custom.Mean, which has no predict_proba" in run.error("predict")["message"]
