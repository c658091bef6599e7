from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.findings import Finding, Severity
from harness.records import TargetType
from harness.tasks import HookReading, read_python_hooks

Read = Callable[..., HookReading]
FIT = "def fit(X, y, output_dir, **kwargs):\n    pass\n"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Give a function that reads the text of a custom.py, with further files by name."""

    def read_text(custom: str, target_type: TargetType | None = None, **others: str) -> HookReading:
        files = {"custom.py": custom, **others}
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(dedent(text), encoding="utf-8")
        return read_python_hooks(tmp_path, "custom.py", files, target_type)

    return read_text


def errors(reading: HookReading) -> list[Finding]:
    return [finding for finding in reading.findings if finding.severity is Severity.ERROR]


def test_all_function_hooks_are_found_with_their_lines(read: Read) -> None:
    reading = read(
        """\
        import pandas as pd

        def init(code_dir): ...
        def read_input_data(input_binary_data): ...
        def fit(X, y, output_dir, class_order, row_weights, parameters): ...
        def load_model(code_dir): ...
        def transform(data, model): ...
        def score(data, model, **kwargs): ...
        def post_process(predictions, model): ...
        """
    )
    assert reading.findings == ()
    assert reading.hooks.interface == "hooks"
    assert reading.hooks.interface_class is None
    assert reading.hooks.names == (
        "init",
        "read_input_data",
        "fit",
        "load_model",
        "transform",
        "score",
        "post_process",
    )
    assert reading.hooks.lines["fit"] == 5
    assert reading.hooks.lines["post_process"] == 9


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("from training import fit\n", id="imported"),
        pytest.param("from training import train as fit\n", id="imported-under-its-name"),
        pytest.param("import training\nfit = training.train\n", id="assigned"),
        pytest.param("fit: object = print\n", id="assigned-with-annotation"),
        pytest.param("fit, score = print, print\n", id="unpacked"),
        pytest.param("if True:\n    def fit(X, y, **kwargs): ...\n", id="in-if"),
        pytest.param("try:\n    from fast import fit\nexcept ImportError:\n    from slow import fit\n", id="in-try"),
        pytest.param("with open('a'):\n    def fit(**kwargs): ...\n", id="in-with"),
        pytest.param("fit = lambda **kwargs: None\n", id="lambda"),
        pytest.param("@decorated\ndef fit(anything): ...\n", id="decorated"),
        pytest.param("from other import *\n", id="maybe-starred"),
        pytest.param("def fit(*, X, y, output_dir, class_order, row_weights, parameters): ...\n", id="keyword-only"),
        pytest.param("def fit(X, y, output_dir, class_order=None, more=1, **_): ...\n", id="defaults"),
    ],
)
def test_ways_to_have_fit(read: Read, text: str) -> None:
    assert read(text).findings == ()


def test_hooks_starred_from_a_module_of_the_task_count(read: Read) -> None:
    reading = read("from training import *\n", **{"training.py": "def fit(**kwargs): ...\n"})
    assert (reading.hooks.names, reading.findings) == (("fit",), ())
    [finding] = read("from training import *\n", **{"training.py": "def other(): ...\n"}).findings
    assert 'no hook "fit"' in finding.message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("if __name__ == '__main__':\n    def fit(**kwargs): ...\n", id="main"),
        pytest.param("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import fit\n", id="typing"),
        pytest.param("def outer():\n    def fit(**kwargs): ...\n", id="nested"),
        pytest.param("class Model:\n    def fit(self, X, y): ...\n", id="method"),
        pytest.param("# def fit(): ...\n", id="comment"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_not_there_when_the_module_is_imported(read: Read, text: str) -> None:
    [finding] = read(text).findings
    assert 'no hook "fit"' in finding.message
    assert finding.severity is Severity.ERROR
    assert finding.file == "custom.py"


@pytest.mark.parametrize(
    ("text", "line", "column", "fragment"),
    [
        pytest.param("x = 1\ndef fit(:\n", 2, 9, "invalid syntax", id="invalid"),
        pytest.param("def fit(X:\n    pass\n", 1, 8, "'(' was never closed", id="open-bracket"),
        pytest.param("def fit(X)\n    pass\n", 1, 11, "expected ':'", id="no-colon"),
        pytest.param("def fit(X):\npass\n", 2, 1, "expected an indented block", id="no-indent"),
        pytest.param("print 'x'\n", 1, 1, "parentheses", id="python-2"),
        pytest.param("x = 1\x00\n", None, None, "null bytes", id="null-byte"),
    ],
)
def test_a_syntax_error_is_one_finding(
    read: Read, text: str, line: int | None, column: int | None, fragment: str
) -> None:
    reading = read(text)
    [finding] = reading.findings
    assert (finding.file, finding.line, finding.column) == ("custom.py", line, column)
    assert fragment in finding.message
    assert reading.hooks.names == ()


def test_a_file_in_another_encoding_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "custom.py").write_bytes("NAME = 'Müller'\n".encode("latin-1"))
    [finding] = read_python_hooks(tmp_path, "custom.py", ["custom.py"]).findings
    assert "utf-8" in finding.message


def test_a_declared_encoding_is_read(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\nNAME = 'Müller'\n" + FIT
    (tmp_path / "custom.py").write_bytes(text.encode("latin-1"))
    assert read_python_hooks(tmp_path, "custom.py", ["custom.py"]).findings == ()


def test_an_odd_escape_in_a_string_is_no_finding(read: Read) -> None:
    assert read("PATTERN = '\\d'\n" + FIT).findings == ()


def test_a_syntax_error_in_a_module_that_custom_py_imports_is_found(read: Read) -> None:
    reading = read("import helper\n" + FIT, **{"helper.py": "x = (\n", "unused.py": "x = (\n"})
    [finding] = reading.findings
    assert (finding.file, finding.line) == ("helper.py", 1)


@pytest.mark.parametrize(
    ("text", "fragment", "remedy"),
    [
        pytest.param(
            "def fit(X, y, output_dir): ...", '"class_order", "row_weights" and "parameters"', "**kwargs", id="3"
        ),
        pytest.param(
            "def fit(X, y, output_dir, class_order, row_weights): ...", 'not take "parameters"', "**kwargs", id="1"
        ),
        pytest.param("def fit(X, y, output_dir, alpha, **kwargs): ...", 'requires "alpha"', "a default", id="extra"),
        pytest.param(
            "def fit(X, y, *, alpha, beta, **kwargs): ...", 'requires "alpha" and "beta"', "them", id="kwonly"
        ),
        pytest.param(
            "def fit(data, target, output_dir, **kwargs): ...",
            'requires "data" and "target"',
            'Rename "data" to "X" and "target" to "y", or give',
            id="names-of-their-own",
        ),
        pytest.param("def fit(X, y, /, **kwargs): ...", 'requires "X" and "y"', "default", id="positional-only"),
        pytest.param("fit = lambda X, y: None", '"output_dir"', "**kwargs", id="lambda"),
        pytest.param("async def fit(**kwargs): ...", "coroutine", "async", id="async"),
        pytest.param("class fit: ...", "is a class", "def fit", id="class"),
    ],
)
def test_a_fit_that_cannot_be_called(read: Read, text: str, fragment: str, remedy: str) -> None:
    [finding] = read("\n\n" + text + "\n").findings
    assert (finding.severity, finding.line, finding.column) == (Severity.ERROR, 3, 1)
    assert fragment in finding.message
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("text", "target_type", "fragment"),
    [
        pytest.param("def score(data): ...", None, "takes 1 positional argument, but the platform gives 2", id="one"),
        pytest.param("def score(data, model): ...", None, 'does not take "target_type"', id="no-kwargs"),
        pytest.param(
            "def score(data, model, target_type): ...",
            TargetType.BINARY,
            '"positive_class_label" and "negative_class_label"',
            id="binary-labels",
        ),
        pytest.param(
            "def score(data, model, target_type): ...", TargetType.MULTICLASS, '"class_labels"', id="class-labels"
        ),
        pytest.param("def score(data, model, extra, **kwargs): ...", None, 'requires "extra"', id="three"),
        pytest.param("def transform(data): ...", None, "takes 1 positional argument, but", id="transform-one"),
        pytest.param("def transform(data, model, y, z): ...", None, 'requires "z"', id="transform-four"),
        pytest.param("def load_model(): ...", None, "takes 0 positional arguments", id="load-none"),
        pytest.param("def load_model(code_dir, name): ...", None, 'requires "name"', id="load-two"),
        pytest.param("def init(): ...", None, "takes 0 positional arguments", id="init-none"),
        pytest.param("async def score(data, model, **kwargs): ...", None, "coroutine", id="async"),
    ],
)
def test_other_hooks_that_cannot_be_called(
    read: Read, text: str, target_type: TargetType | None, fragment: str
) -> None:
    [finding] = read(FIT + text + "\n", target_type).findings
    assert (finding.severity, finding.line) == (Severity.ERROR, 3)
    assert fragment in finding.message


@pytest.mark.parametrize(
    ("text", "target_type"),
    [
        pytest.param("def score(data, model, target_type): ...", TargetType.REGRESSION, id="just-enough"),
        pytest.param("def score(*args, **kwargs): ...", TargetType.BINARY, id="anything"),
        pytest.param("def transform(X, transformer): ...", None, id="two"),
        pytest.param("def transform(X, transformer, y): ...", None, id="three"),
        pytest.param("def transform(X, transformer, y=None): ...", None, id="three-with-default"),
        pytest.param("def load_model(input_dir): ...", None, id="another-name"),
        pytest.param("def init(code_dir, **kwargs): ...", None, id="init"),
        pytest.param("def _predict(data): ...", None, id="private"),
        pytest.param("def predict(data): ...\ndef score(data, model, **kw): return predict(data)", None, id="used"),
        pytest.param("def predict(data): ...\ndef score(data, model, **kw): ...", None, id="hook-is-there"),
        pytest.param("def helper(x): ...\ndef clean_columns(x): ...", None, id="other-names"),
    ],
)
def test_hooks_that_can_be_called_and_functions_that_are_none(
    read: Read, text: str, target_type: TargetType | None
) -> None:
    assert read(FIT + text + "\n", target_type).findings == ()


@pytest.mark.parametrize(
    ("name", "hook"),
    [
        ("predict", "score"),
        ("predict_proba", "score"),
        ("Score", "score"),
        ("loadModel", "load_model"),
        ("load", "load_model"),
        ("tranform", "transform"),
        ("postprocess", "post_process"),
    ],
)
def test_a_function_with_nearly_the_name_of_a_hook_is_a_warning(read: Read, name: str, hook: str) -> None:
    [finding] = read(f"{FIT}def {name}(data, model): ...\n").findings
    assert (finding.severity, finding.line) == (Severity.WARNING, 3)
    assert f'"{name}"' in finding.message
    assert f'Rename it to "{hook}"' in finding.remedy


@pytest.mark.parametrize("name", ["Fit", "fit_model", "train", "FIT"])
def test_a_missing_fit_names_what_was_meant(read: Read, name: str) -> None:
    [finding] = read(f"\ndef {name}(X, y): ...\n").findings
    assert (finding.severity, finding.line) == (Severity.ERROR, 2)
    assert finding.remedy == f'Rename "{name}" to "fit".'


def test_a_relative_import_is_an_error(read: Read) -> None:
    [finding] = read("from .helper import x\n" + FIT, **{"helper.py": "x = 1\n"}).findings
    assert (finding.line, finding.column) == (1, 1)
    assert finding.remedy == 'Write "from helper import …".'


def test_imports_are_those_that_run_when_the_module_is_loaded(read: Read) -> None:
    reading = read(
        """\
        from __future__ import annotations
        import json, os.path
        import numpy as np
        import sklearn.linear_model
        from sklearn.pipeline import Pipeline
        from typing import TYPE_CHECKING
        from datarobot_drum import RuntimeParameters
        from helper import clean
        import package.part
        from package import other
        try:
            import xgboost
        except ImportError:
            xgboost = None
        if TYPE_CHECKING:
            import pandas as pd

        def fit(X, y, output_dir, **kwargs):
            import torch
        """,
        **{
            "helper.py": "import scipy.sparse\nimport package\n",
            "package/__init__.py": "import joblib\n",
            "package/part.py": "from . import deep\n",
            "package/other.py": "",
            "package/deep.py": "import lightgbm\nfrom .part import x\n",
        },
    )
    assert reading.findings == ()
    assert reading.hooks.imports[:4] == ("numpy", "sklearn.linear_model", "sklearn.pipeline", "xgboost")
    assert sorted(reading.hooks.imports[4:]) == ["joblib", "lightgbm", "scipy.sparse"]


def test_modules_that_import_each_other_come_to_an_end(read: Read) -> None:
    text = "from a import CustomTask\n"
    reading = read(text, **{"a.py": "from b import CustomTask\n", "b.py": "from a import CustomTask\n"})
    assert reading.hooks.interface == "class"


@given(text=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "custom.py").write_text(text, encoding="utf-8", errors="replace")
    assert read_python_hooks(tmp_path, "custom.py", ["custom.py"]).findings


def test_deep_nesting_is_a_finding(read: Read) -> None:
    assert len(errors(read("x = " + "-" * 100_000 + "1\n"))) == 1
