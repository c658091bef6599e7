from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from harness.findings import Severity
from harness.records import TargetType
from harness.tasks import HookReading, read_python_hooks, read_task

Read = Callable[..., HookReading]

FIT = "def fit(self, X, y, output_dir, **kwargs): ...\n"
PREDICT = "def predict(self, X, **kwargs): ...\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_text(custom: str, target_type: TargetType | None = None, **others: str) -> HookReading:
        files = {"custom.py": custom, **others}
        for name, text in files.items():
            (tmp_path / name).write_text(dedent(text), encoding="utf-8")
        return read_python_hooks(tmp_path, "custom.py", files, target_type)

    return read_text


def task_class(body: str, interface: str = "RegressionEstimatorInterface") -> str:
    """Write a CustomTask whose body starts in line 3."""
    return (
        f"from datarobot_drum.custom_task_interfaces import {interface}\n"
        f"class CustomTask({interface}):\n{indent(body, '    ')}"
    )


def test_a_class_is_read_with_its_interface_methods_and_lines(read: Read) -> None:
    reading = read(
        """\
        import pandas as pd
        from datarobot_drum.custom_task_interfaces import BinaryEstimatorInterface

        class CustomTask(BinaryEstimatorInterface):
            def fit(self, X, y, parameters, row_weights, **kwargs): ...
            def predict_proba(self, X, **kwargs): ...
            def helper(self): ...
            def save(self, artifact_directory): ...
            @classmethod
            def load(cls, artifact_directory): ...
        """
    )
    assert reading.findings == ()
    assert reading.hooks.interface == "class"
    assert reading.hooks.interface_class == "BinaryEstimatorInterface"
    assert reading.hooks.names == ("fit", "predict_proba", "save", "load")
    assert reading.hooks.lines == {"CustomTask": 4, "fit": 5, "predict_proba": 6, "save": 8, "load": 10}
    assert reading.hooks.imports == ("pandas",)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(
            "from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface as R\nclass CustomTask(R):",
            id="alias",
        ),
        pytest.param(
            "try:\n    from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface as R\n"
            "except ImportError:\n    R = object\nclass CustomTask(R):",
            id="with-a-fallback",
        ),
        pytest.param(
            "import datarobot_drum.custom_task_interfaces as cti\nclass CustomTask(cti.RegressionEstimatorInterface):",
            id="module-alias",
        ),
        pytest.param(
            "import datarobot_drum.custom_task_interfaces\n"
            "class CustomTask(datarobot_drum.custom_task_interfaces.RegressionEstimatorInterface):",
            id="whole-module",
        ),
        pytest.param(
            "from datarobot_drum import custom_task_interfaces\n"
            "class CustomTask(custom_task_interfaces.RegressionEstimatorInterface):",
            id="module-from-package",
        ),
        pytest.param(
            "from datarobot_drum.custom_task_interfaces import *\nclass CustomTask(RegressionEstimatorInterface):",
            id="star",
        ),
        pytest.param(
            "from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface\n"
            "class Middle(RegressionEstimatorInterface): ...\n"
            "class CustomTask(Middle):",
            id="class-between",
        ),
        pytest.param(
            "from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface\n"
            "Base = RegressionEstimatorInterface\n"
            "class CustomTask(object, Base):",
            id="assigned-base",
        ),
        pytest.param("from base import Base\nclass CustomTask(Base):", id="module-of-the-task"),
        pytest.param("import base\nclass CustomTask(base.Base):", id="attribute-of-a-module-of-the-task"),
        pytest.param(
            "try:\n    from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface\n"
            "except ImportError:\n    raise\n"
            "class CustomTask(RegressionEstimatorInterface):",
            id="in-try",
        ),
    ],
)
def test_ways_to_name_the_interface(read: Read, head: str) -> None:
    base = (
        "from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface\n"
        "class Base(RegressionEstimatorInterface): ...\n"
    )
    reading = read(f"{head}\n{indent(FIT + PREDICT, '    ')}", **{"base.py": base})
    assert reading.findings == ()
    assert reading.hooks.interface_class == "RegressionEstimatorInterface"
    assert reading.hooks.names == ("fit", "predict")


def test_methods_of_a_class_between_count(read: Read) -> None:
    base = "class Base:\n    def fit(self, **kwargs): ...\n    def predict(self, X, **kwargs): ...\n"
    text = (
        "from base import Base\nfrom datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface\n"
        "class CustomTask(Base, RegressionEstimatorInterface): ...\n"
    )
    reading = read(text, **{"base.py": base})
    assert (reading.hooks.names, reading.findings) == (("fit", "predict"), ())


def test_a_class_imported_from_a_module_of_the_task_is_read_there(read: Read) -> None:
    reading = read(
        "from mine import MyTask as CustomTask\n", **{"mine.py": task_class(FIT).replace("CustomTask", "MyTask")}
    )
    assert reading.hooks.interface_class == "RegressionEstimatorInterface"
    [finding] = reading.findings
    assert 'no method "predict"' in finding.message


@pytest.mark.parametrize(
    ("interface", "body", "fragment", "remedy"),
    [
        pytest.param("BinaryEstimatorInterface", FIT + PREDICT, '"predict_proba"', "def predict_proba", id="binary"),
        pytest.param("MulticlassEstimatorInterface", FIT, '"predict_proba"', "self, X, **kwargs", id="multiclass"),
        pytest.param("RegressionEstimatorInterface", FIT, '"predict"', "def predict(", id="regression"),
        pytest.param("AnomalyEstimatorInterface", FIT, '"predict"', "def predict(", id="anomaly"),
        pytest.param("TransformerInterface", FIT, '"transform"', "def transform(self, X)", id="transformer"),
        pytest.param("RegressionEstimatorInterface", PREDICT, '"fit"', "def fit(self, X, y", id="fit"),
    ],
)
def test_a_missing_method(read: Read, interface: str, body: str, fragment: str, remedy: str) -> None:
    [finding] = read(task_class(body, interface)).findings
    assert (finding.severity, finding.line) == (Severity.ERROR, 2)
    assert fragment in finding.message
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("body", "line", "fragment"),
    [
        pytest.param("def fit(self, X, y): ...\n" + PREDICT, 3, '"output_dir", "class_order"', id="fit-short"),
        pytest.param("def fit(self, X, y, alpha, **kwargs): ...\n" + PREDICT, 3, 'requires "alpha"', id="fit-extra"),
        pytest.param("def fit(X, y, **kwargs): ...\n" + PREDICT, 3, '"X" in the first place', id="fit-without-self"),
        pytest.param("def fit(): ...\n" + PREDICT, 3, 'no "self"', id="fit-without-parameters"),
        pytest.param("async def fit(self, **kwargs): ...\n" + PREDICT, 3, "coroutine", id="fit-async"),
        pytest.param(FIT + "def predict(self, X): ...\n", 4, 'does not take "target_type"', id="predict-no-kwargs"),
        pytest.param(FIT + "def predict(self, **kwargs): ...\n", 4, "0 positional arguments", id="predict-no-data"),
        pytest.param(FIT + PREDICT + "def __init__(self, alpha): ...\n", 5, 'requires "alpha"', id="init"),
        pytest.param(FIT + PREDICT + "def save(self): ...\n", 5, "takes 0 positional", id="save"),
        pytest.param(FIT + PREDICT + "def load(self, directory): ...\n", 5, "called on the class", id="load"),
    ],
)
def test_a_method_that_cannot_be_called(read: Read, body: str, line: int, fragment: str) -> None:
    [finding] = read(task_class(body)).findings
    assert (finding.severity, finding.line, finding.column) == (Severity.ERROR, line, 5)
    assert fragment in finding.message


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("def fit(self, X, y, output_dir, class_order, row_weights, parameters): ...\n", id="named"),
        pytest.param("@staticmethod\ndef fit(X, y, **kwargs): ...\n", id="static"),
        pytest.param("@timed\ndef fit(anything): ...\n", id="decorated"),
        pytest.param("fit = other\n", id="assigned"),
        pytest.param(FIT + "def __init__(self, alpha=1): ...\n", id="init-with-default"),
        pytest.param(FIT + "def predict_proba(self): ...\n", id="not-called-for-regression"),
    ],
)
def test_methods_that_can_be_called(read: Read, body: str) -> None:
    assert read(task_class(body + PREDICT)).findings == ()


def test_the_labels_are_given_by_keyword_too(read: Read) -> None:
    body = FIT + "def predict_proba(self, X, target_type): ...\n"
    [finding] = read(task_class(body, "BinaryEstimatorInterface")).findings
    assert '"positive_class_label" and "negative_class_label"' in finding.message


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        pytest.param("class CustomTask:\n" + indent(FIT, "    "), "no base", id="no-base"),
        pytest.param(
            "from sklearn.base import BaseEstimator\nclass CustomTask(BaseEstimator):\n" + indent(FIT, "    "),
            "sklearn.base.BaseEstimator",
            id="foreign-base",
        ),
        pytest.param(
            "from datarobot_drum.custom_task_interfaces import CustomTaskInterface\n"
            "class CustomTask(CustomTaskInterface):\n" + indent(FIT, "    "),
            "CustomTaskInterface",
            id="general-interface",
        ),
        pytest.param("CustomTask = 5\n", "something else", id="number"),
    ],
)
def test_a_class_without_interface(read: Read, text: str, fragment: str) -> None:
    [finding] = read(text).findings
    assert finding.severity is Severity.ERROR
    assert fragment in finding.message


def test_methods_that_a_foreign_base_may_bring_are_not_missed(read: Read) -> None:
    text = (
        "from mixins import Predicting\n"
        "from datarobot_drum.custom_task_interfaces import RegressionEstimatorInterface\n"
        "class CustomTask(Predicting, RegressionEstimatorInterface): ...\n"
    )
    assert read(text).findings == ()


def test_functions_beside_the_class_are_never_called(read: Read) -> None:
    text = task_class(FIT + PREDICT) + "def init(code_dir): ...\ndef score(data, model): ...\n"
    [finding] = read(text).findings
    assert (finding.severity, finding.line) == (Severity.WARNING, 6)
    assert '"score" is never called' in finding.message


@pytest.mark.parametrize("name", ["customTask", "Custom_Task", "CustomTasks", "MyTask"])
def test_a_class_with_another_name_is_named(read: Read, name: str) -> None:
    [finding] = read(task_class(FIT + PREDICT).replace("CustomTask(", f"{name}(")).findings
    assert (finding.severity, finding.line) == (Severity.ERROR, 2)
    assert f'"{name}"' in finding.message
    assert finding.remedy == "Rename it to CustomTask."


def test_the_target_type_decides_which_output_is_needed(tmp_path: Path) -> None:
    (tmp_path / "custom.py").write_text(
        "from datarobot_drum.custom_task_interfaces import BinaryEstimatorInterface\n\n\n"
        "class CustomTask(BinaryEstimatorInterface):\n"
        "    def fit(self, X, y, **kwargs):\n        pass\n\n"
        "    def predict(self, X, **kwargs):\n        return X\n"
    )
    (tmp_path / "model-metadata.yaml").write_text("name: Mean\ntype: training\ntargetType: regression\n")
    (finding,) = read_task(tmp_path).findings
    assert finding.severity is Severity.WARNING
    assert "BinaryEstimatorInterface, but model-metadata.yaml has targetType regression" in finding.message
