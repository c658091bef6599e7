"""How hooks are called: both styles, every target type, on the newest and the oldest Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from worker_driver import FIT, NUMBERS, PYTHONS, WHOLE, YES_NO, run_task, score

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


@both_pythons
def test_regression_functions(tmp_path: Path, python: str) -> None:
    run = run_task(tmp_path, MEAN, python=python)
    assert run.statuses == {"fit": "passed", "predict": "passed"}
    assert run.exit_code == 0
    assert run.numbers() == [[4.0]] * 6
    assert run.file("whole.csv").read_text().splitlines() == ["Predictions", *["4.0"] * 6]
    assert run.result("predict")["hooks"] == ["fit", "load_model", "score"]
    assert run.result("predict")["modelSource"] == "load_model hook"
    assert [event["event"] for event in run.events] == [
        "ready",
        "stageStarted",
        "stageEnded",
        "stageStarted",
        "stageEnded",
        "ended",
    ]


@both_pythons
def test_everything_that_fit_gets_for_a_binary_target(tmp_path: Path, python: str) -> None:
    custom = """
        import os, pickle

        def init(code_dir):
            print("init", os.path.basename(code_dir), os.path.basename(os.getcwd()))

        def fit(X, y, output_dir, class_order, row_weights, parameters):
            print("X", list(X.columns), X.shape)
            print("y", y.name, sorted(set(y)))
            print("order", class_order, "weights", row_weights.tolist(), "parameters", parameters)
            with open(output_dir + "/model.pkl", "wb") as stream:
                pickle.dump("any", stream)

        def score(data, model, **kwargs):
            import pandas as pd
            print("score", model, sorted(kwargs.items()))
            return pd.DataFrame({"yes": [0.25] * len(data), "no": 0.75})

        def post_process(predictions, model):
            return predictions[["no", "yes"]]
    """
    run = run_task(
        tmp_path,
        custom,
        python=python,
        targetType="binary",
        classLabels=["yes", "no"],
        parameters={"alpha": 0.5},
        inputs={"X.csv": NUMBERS, "y.csv": YES_NO, "weights.csv": "w\n1\n2\n1\n2\n1\n2\n"},
    )
    fit_log, score_log = run.log("fit").splitlines(), run.log("predict").splitlines()
    assert fit_log[1:-1] == [
        "init code code",
        "X ['a', 'b'] (6, 2)",
        "y target ['no', 'yes']",
        "order ['yes', 'no'] weights [1, 2, 1, 2, 1, 2] parameters {'alpha': 0.5}",
    ]
    assert score_log[1:-1] == [
        "init model model",
        "score any [('negative_class_label', 'no'), ('positive_class_label', 'yes'), ('target_type', 'binary')]",
    ]
    assert run.output()["columns"] == ["no", "yes"]
    assert run.numbers()[0] == [0.75, 0.25]
    assert run.result("predict")["modelSource"] == "file model.pkl"


def test_a_multiclass_task_gets_all_labels(tmp_path: Path) -> None:
    custom = """
        import os, pathlib
        import pandas as pd

        def fit(X, y, output_dir, class_order, row_weights, **kwargs):
            print(class_order, row_weights, y.dtype.kind, kwargs)
            print(pathlib.Path(os.environ["CLASS_LABELS_FILE"]).read_text().split())

        def load_model(code_dir):
            return None

        def score(data, model, target_type, class_labels):
            return pd.DataFrame([[0.2, 0.3, 0.5]] * len(data), columns=class_labels)
    """
    run = run_task(
        tmp_path,
        custom,
        targetType="multiclass",
        classLabels=["1", "2", "3"],
        inputs={"X.csv": NUMBERS, "y.csv": "kind\n1\n2\n3\n1\n2\n3\n"},
    )
    assert run.log("fit").splitlines()[1:-1] == [
        "['1', '2', '3'] None i {'parameters': {}}",
        "['1', '2', '3']",
    ]
    assert run.output()["columns"] == ["1", "2", "3"]


def test_an_anomaly_task_has_no_target(tmp_path: Path) -> None:
    custom = """
        import pandas as pd

        def fit(X, y, output_dir, class_order=None, **kwargs):
            print(y, class_order)

        def load_model(code_dir):
            return 7

        def score(data, model, **kwargs):
            return pd.DataFrame({"score": data["a"] / model})
    """
    run = run_task(tmp_path, custom, targetType="anomaly", inputs={"X.csv": "a\n7\n14\n"})
    assert run.log("fit").splitlines()[1] == "None None"
    assert run.numbers() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("signature", "printed"),
    [
        pytest.param("transform(data, model)", "no target", id="two-arguments"),
        pytest.param("transform(data, model, target)", "target target 6", id="three-arguments"),
    ],
)
def test_transform_functions(tmp_path: Path, signature: str, printed: str) -> None:
    custom = f"""
        import pandas as pd

        def fit(X, y, output_dir, **kwargs):
            X.mean().to_json(output_dir + "/means.json")

        def load_model(code_dir):
            return pd.read_json(code_dir + "/means.json", typ="series")

        def {signature}:
            given = locals().get("target")
            print("no target" if given is None else "target %s %d" % (given.name, len(given)))
            return data - model
    """
    run = run_task(tmp_path, custom, FIT, score(name="transform"), targetType="transform")
    assert run.statuses == {"fit": "passed", "transform": "passed"}
    assert run.numbers(stage="transform")[0] == [-2.5, -1.5]
    assert printed in run.log("transform")


def test_an_estimator_transforms_before_fit_and_before_score(tmp_path: Path) -> None:
    custom = """
        import pandas as pd

        def transform(data, model):
            assert model is None
            return data * 10

        def fit(X, y, output_dir, **kwargs):
            print("fitted on", X["a"].tolist())

        def load_model(code_dir):
            return 1

        def score(data, model, **kwargs):
            return pd.DataFrame({"Predictions": data["a"]})
    """
    run = run_task(tmp_path, custom)
    assert "fitted on [10, 20, 30, 40, 50, 60]" in run.log("fit")
    assert run.numbers()[:2] == [[10.0], [20.0]]


@pytest.mark.parametrize(
    ("parameter", "reading"),
    [
        pytest.param("input_filename", "pd.read_csv(input_filename)", id="by-file-name"),
        pytest.param("input_binary_data", "pd.read_csv(io.BytesIO(input_binary_data))", id="by-content"),
    ],
)
def test_a_task_that_reads_its_own_data(tmp_path: Path, parameter: str, reading: str) -> None:
    custom = f"""
        import io
        import pandas as pd

        def read_input_data({parameter}):
            return {reading}.assign(c=1)

        def fit(X, y, output_dir, **kwargs):
            print(list(X.columns))

        def load_model(code_dir):
            return None

        def score(data, model, **kwargs):
            return pd.DataFrame({{"Predictions": data["b"] + data["c"]}})
    """
    run = run_task(tmp_path, custom, FIT, score(WHOLE, {"id": "two", "rows": [4, 0], "edit": None}))
    assert "['a', 'b', 'c']" in run.log("fit")
    assert run.numbers("whole") == [[3.0], [2.0], [6.0], [4.0], [10.0], [2.0]]
    assert run.numbers("two") == [[10.0], [3.0]]


CLASS_TASK = """
    import pandas as pd
    from datarobot_drum.custom_task_interfaces import {interface}
    from datarobot_drum.drum.common import get_drum_logger

    class CustomTask({interface}):
        def fit(self, X, y, output_dir=None, class_order=None, row_weights=None, parameters=None, **kwargs):
            self.order = class_order
            self.kind = None if y is None else y.dtype.kind
            self.scratch = object
            self.log_message("fitted with %s" % parameters)
            get_drum_logger("mine").info("and logged")
            return self

        {method}
"""
PROBABILITIES = """def predict_proba(self, X, **kwargs):
            print(sorted(kwargs))
            return pd.DataFrame([[0.5, 0.5]] * len(X), columns=self.order)"""
PREDICTIONS = """def predict(self, X, **kwargs):
            print(sorted(kwargs))
            return pd.DataFrame({"Predictions": X["a"]})"""
FEATURES = """def transform(self, X):
            return X * 2"""


@pytest.mark.parametrize(
    ("interface", "target_type", "method", "first_row", "keywords"),
    [
        pytest.param(
            "BinaryEstimatorInterface",
            "binary",
            PROBABILITIES,
            [0.5, 0.5],
            "['negative_class_label', 'positive_class_label', 'target_type']",
            id="binary",
        ),
        pytest.param(
            "MulticlassEstimatorInterface",
            "multiclass",
            PROBABILITIES,
            [0.5, 0.5],
            "['class_labels', 'target_type']",
            id="multiclass",
        ),
        pytest.param(
            "RegressionEstimatorInterface", "regression", PREDICTIONS, [1.0], "['target_type']", id="regression"
        ),
        pytest.param("AnomalyEstimatorInterface", "anomaly", PREDICTIONS, [1.0], "['target_type']", id="anomaly"),
        pytest.param("TransformerInterface", "transform", FEATURES, [2.0, 4.0], "", id="transform"),
    ],
)
def test_a_class_task(
    tmp_path: Path, interface: str, target_type: str, method: str, first_row: list[float], keywords: str
) -> None:
    classified = target_type in {"binary", "multiclass"}
    inputs = {"X.csv": NUMBERS} if target_type == "anomaly" else {"X.csv": NUMBERS, "y.csv": YES_NO}
    run = run_task(
        tmp_path,
        CLASS_TASK.format(interface=interface, method=method),
        targetType=target_type,
        classLabels=["yes", "no"] if classified else None,
        inputs=inputs,
        parameters={"depth": 3},
    )
    assert run.statuses == {"fit": "passed", "predict": "passed"}
    assert run.result("fit")["interface"] == "class"
    assert run.numbers()[0] == first_row
    assert keywords in run.log("predict")
    assert "fitted with {'depth': 3}" in run.log("fit")
    assert "and logged" in run.log("fit")
    assert [file.name for file in run.artifact.iterdir()] == ["drum_artifact.pkl"]


@both_pythons
def test_a_class_that_leaves_attributes_out_of_its_artifact(tmp_path: Path, python: str) -> None:
    custom = """
        import os
        import pandas as pd
        from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface

        class CustomTask(RegressionEstimatorInterface):
            def fit(self, X, y, **kwargs):
                self.mean = y.mean()
                self.network = lambda: None  # no pickle can hold it

            def save(self, artifact_directory):
                with open(os.path.join(artifact_directory, "network.txt"), "w") as stream:
                    stream.write("layers")
                self.save_task(artifact_directory, exclude=["network"])
                assert self.network is not None

            @classmethod
            def load(cls, artifact_directory):
                task = cls.load_task(artifact_directory)
                assert task.network is None
                with open(os.path.join(artifact_directory, "network.txt")) as stream:
                    task.network = stream.read()
                return task

            def predict(self, X, **kwargs):
                return pd.DataFrame({self.network: [self.mean] * len(X)})
    """
    run = run_task(tmp_path, custom, python=python)
    assert run.statuses == {"fit": "passed", "predict": "passed"}
    assert run.output()["columns"] == ["layers"]
    assert run.numbers()[0] == [4.0]


def test_the_platforms_own_package_wins_over_the_stand_in(tmp_path: Path) -> None:
    custom = """
        from datarobot_drum.custom_task_interfaces import ORIGIN

        def fit(X, y, output_dir, **kwargs):
            print(ORIGIN)
    """
    package = tmp_path / "installed" / "datarobot_drum" / "custom_task_interfaces"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").write_text("ORIGIN = 'the real one'\n")
    run = run_task(tmp_path / "run", custom, FIT, variables={"PYTHONPATH": str(tmp_path / "installed")})
    assert "the real one" in run.log("fit")


def test_modules_of_the_task_win_over_modules_of_the_worker_and_preloaded_ones(tmp_path: Path) -> None:
    custom = """
        import outputs, models, job, colorsys
        from parts import inner

        def fit(X, y, output_dir, **kwargs):
            print(outputs.NAME, models.NAME, job.NAME, colorsys.NAME, inner.NAME)
    """
    names = ("outputs", "models", "job", "colorsys")
    files = {f"{name}.py": f"NAME = 'own {name}'\n" for name in names}
    files |= {"parts/__init__.py": "", "parts/inner.py": "NAME = 'own inner'\n"}
    run = run_task(tmp_path, custom, FIT, files=files, preload=("colorsys",))
    assert "own outputs own models own job own colorsys own inner" in run.log("fit")


def test_what_the_images_promise_is_in_the_environment(tmp_path: Path) -> None:
    custom = """
        import os, subprocess, sys

        def fit(X, y, output_dir, **kwargs):
            here = os.path.dirname(os.path.abspath(__file__))
            assert os.environ["CODE_DIR"] == os.environ["CODEPATH"] == os.getcwd() == here == sys.path[0]
            assert os.environ["ARTIFACT_DIRECTORY"] == output_dir
            assert sorted(os.listdir(os.environ["INPUT_DIRECTORY"])) == ["X.csv", "parameters.json", "y.csv"]
            for name in ("TARGET_TYPE", "TRAINING_DATA_EXTENSION", "POSITIVE_CLASS_LABEL", "NEGATIVE_CLASS_LABEL"):
                print(name, os.environ[name])
            print([name for name in os.environ if name.startswith("HARNESS_")])
            subprocess.run([sys.executable, "-c", "import neighbour"], check=True)
    """
    run = run_task(
        tmp_path,
        custom,
        FIT,
        files={"neighbour.py": "print('found from a process')\n"},
        variables={"HARNESS_NETWORK": "none"},
        targetType="binary",
        classLabels=["yes", "no"],
        inputs={"X.csv": NUMBERS, "y.csv": YES_NO},
    )
    assert run.statuses == {"fit": "passed"}, run.log("fit")
    assert run.log("fit").splitlines()[1:-1] == [
        "TARGET_TYPE binary",
        "TRAINING_DATA_EXTENSION .csv",
        "POSITIVE_CLASS_LABEL yes",
        "NEGATIVE_CLASS_LABEL no",
        "[]",
        "found from a process",
    ]
