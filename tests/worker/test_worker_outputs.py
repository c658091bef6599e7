"""What a scoring hook returned, as the host reads it; and the requests that it answers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from worker_driver import FIT, PYTHONS, WHOLE, run_task, score

TRANSFORM = """
    import datetime
    import numpy as np
    import pandas as pd
    import scipy.sparse

    def fit(X, y, output_dir, **kwargs):
        pass

    def load_model(code_dir):
        return None

    def transform(data, model):
        {body}
"""
ALL_KINDS = """return pd.DataFrame({
            "number": [1, 2, 3],
            "missing": [0.5, None, float("inf")],
            "boolean": [True, False, True],
            "text": ["x", None, "x"],
            "date": pd.to_datetime(["2020-01-01", None, "2020-01-01"]),
            "moment": pd.to_datetime(["2020-01-01", None, "2020-01-01"]).tz_localize("Europe/Paris"),
            "duration": pd.to_timedelta(["1 days", None, "1 days"]),
            "complex": [1j, 2j, 3j],
            "category": pd.Categorical(["u", "v", "u"]),
            "objects": np.array([1, 2.5, None], dtype=object),
            "nothing": np.array([None, None, None], dtype=object),
            "lists": [[1], [2], [1]],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
        })"""


@pytest.mark.parametrize("python", PYTHONS)
def test_every_kind_of_column(tmp_path: Path, python: str) -> None:
    run = run_task(
        tmp_path,
        TRANSFORM.format(body=ALL_KINDS),
        targetType="transform",
        inputs={"X.csv": "a\n1\n2\n3\n"},
        python=python,
    )
    output = run.output()
    assert (output["kind"], output["rows"], output["inputPreserved"]) == ("frame", 3, True)
    assert dict(zip(output["columns"], output["columnKinds"], strict=True)) == {
        "number": "number",
        "missing": "number",
        "boolean": "boolean",
        "text": "text",
        "date": "date",
        "moment": "date",
        "duration": "date",
        "complex": "complex",
        "category": "text",
        "objects": "number",
        "nothing": "number",
        "lists": "other",
        "nullable": "number",
    }
    nan = math.nan
    assert np.array_equal(
        run.numbers(),
        [[1, 0.5, 1, 1, nan, 1], [2, nan, 0, 2.5, nan, nan], [3, math.inf, 1, nan, nan, 3]],
        equal_nan=True,
    )
    hashes = np.array(run.hashes(), dtype=np.uint64)
    assert hashes.shape == (3, 6)
    assert (hashes[0] == hashes[2]).all()
    assert hashes[1, :4].tolist() == [0, 0, 0, 0]
    assert (hashes[0] != hashes[1]).all()


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("body", "names"),
    [
        pytest.param("return scipy.sparse.csc_matrix(data.to_numpy() * 2)", ["0", "1", "2"], id="matrix"),
        pytest.param("return data * 2", ["x 1", "y", "z"], id="sparse-frame"),
    ],
)
def test_sparse_in_and_out(tmp_path: Path, python: str, body: str, names: list[str]) -> None:
    matrix = "%%MatrixMarket matrix coordinate real general\n4 3 3\n1 1 1.5\n3 2 2\n4 3 4\n"
    body = "assert all(isinstance(t, pd.SparseDtype) for t in data.dtypes), data.dtypes\n        " + body
    part = {"id": "part", "rows": [3, 0], "edit": None}
    run = run_task(
        tmp_path,
        TRANSFORM.format(body=body),
        FIT,
        score(WHOLE, part),
        python=python,
        targetType="transform",
        dataFormat="mtx",
        inputs={"X.mtx": matrix, "X.colnames": "x 1\ny\nz\n"},
    )
    output = run.output()
    assert (output["kind"], output["columns"], output["numbers"]) == ("sparse", names, None)
    assert scipy.sparse.load_npz(run.file(output["sparse"])).toarray().tolist() == [
        [3, 0, 0],
        [0, 0, 0],
        [0, 4, 0],
        [0, 0, 8],
    ]
    assert scipy.sparse.load_npz(run.file(run.output("part")["sparse"])).toarray().tolist() == [[0, 0, 8], [3, 0, 0]]
    assert output["table"] == "whole.mtx"
    assert run.output("part")["table"] is None


def test_arrow_data(tmp_path: Path) -> None:
    import pandas as pd

    folder = tmp_path / "made"
    folder.mkdir()
    pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}).to_feather(folder / "X.arrow")
    body = f"""assert list(data.columns) == ["a", "b"]
        return data[["a"]]

    import shutil, os
    shutil.copy({str(folder / "X.arrow")!r}, os.environ["INPUT_DIRECTORY"])
    """
    run = run_task(tmp_path / "run", TRANSFORM.format(body=body), targetType="transform", dataFormat="arrow", inputs={})
    assert run.numbers() == [[1.0], [2.0]]


def test_rows_and_edits_of_requests(tmp_path: Path) -> None:
    body = """print(list(data.index), data["n"].dtype.kind, data["n"].isna().all(), sorted(set(data["t"].astype(str))))
        return data[["n"]]"""
    rows = {"id": "rows", "rows": [3, 1], "edit": None}
    edits: list[dict[str, Any]] = [
        {"id": "missing", "rows": None, "edit": {"column": "n", "to": "missing"}},
        {"id": "unseen", "rows": None, "edit": {"column": "t", "to": "unseen"}},
        {"id": "empty", "rows": [0], "edit": {"column": "t", "to": "empty"}},
        {"id": "again", "rows": None, "edit": None},
    ]
    run = run_task(
        tmp_path,
        TRANSFORM.format(body=body),
        FIT,
        score(WHOLE, rows, *edits),
        targetType="transform",
        inputs={"X.csv": "n,t\n1,u\n2,v\n3,u\n4,w\n"},
    )
    assert run.log("predict").splitlines()[1:-1] == [
        "[0, 1, 2, 3] i False ['u', 'v', 'w']",
        "[0, 1] i False ['v', 'w']",
        "[0, 1, 2, 3] f True ['u', 'v', 'w']",
        "[0, 1, 2, 3] i False ['unseen category 1']",
        "[0] i False ['']",
        "[0, 1, 2, 3] i False ['u', 'v', 'w']",
    ]
    assert run.numbers("rows") == [[4.0], [2.0]]


def test_a_hook_that_changes_its_input_is_noticed_and_harms_no_later_request(tmp_path: Path) -> None:
    body = """data["a"] = data["a"] * 2
        return data"""
    run = run_task(
        tmp_path,
        TRANSFORM.format(body=body),
        FIT,
        score(WHOLE, {**WHOLE, "id": "again"}),
        targetType="transform",
        inputs={"X.csv": "a\n1\n2\n"},
    )
    assert run.output()["inputPreserved"] is False
    assert run.numbers("whole") == run.numbers("again") == [[2.0], [4.0]]


def test_missing_values_of_a_single_column_keep_their_rows(tmp_path: Path) -> None:
    custom = TRANSFORM.format(body="return data").replace("pass", "print(len(X), len(y), list(y.isna()), y.name)")
    run = run_task(
        tmp_path, custom, targetType="transform", inputs={"X.csv": "a\n1\n\n3\n", "y.csv": 'the target\n1\n""\n3\n'}
    )
    assert "3 3 [False, True, False] the target" in run.log("fit")
    assert run.output()["rows"] == 3


def test_forks_do_not_share_the_state_of_random_numbers(tmp_path: Path) -> None:
    body = """import random
        print(np.random.rand(), random.random())
        return data"""
    run = run_task(
        tmp_path,
        TRANSFORM.format(body=body),
        FIT,
        score(),
        score(name="again"),
        targetType="transform",
        inputs={"X.csv": "a\n1\n"},
    )
    first, second = (run.log(name).splitlines()[1].split() for name in ("predict", "again"))
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert run.output()["table"] == "whole.csv"
    assert run.output(stage="again")["table"] is None


def test_a_million_rows(tmp_path: Path) -> None:
    body = "return pd.DataFrame({'p': np.arange(1_000_000) / 7, 't': 'same'})"
    run = run_task(
        tmp_path,
        TRANSFORM.format(body=body),
        FIT,
        score(),
        targetType="transform",
        inputs={"X.csv": "a\n1\n"},
    )
    assert run.output()["rows"] == 1_000_000
    assert np.load(run.file("whole.numbers.npy"))[7, 0] == 1.0
    assert len(set(np.load(run.file("whole.hashes.npy"))[:, 0].tolist())) == 1
