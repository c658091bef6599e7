import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.package_index import Target, nearest_projects, open_index
from harness.package_index.names import candidate_names, is_standard_library, prebuilt_names, real_name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("nunpy", "numpy", id="one-letter"),
        pytest.param("skleran", "scikit-learn", id="near-an-import-name"),
        pytest.param("panads", "pandas", id="letters-turned-round"),
        pytest.param("mathplotlib", "matplotlib", id="one-letter-too-many"),
        pytest.param("beautifulsop", "beautifulsoup4", id="near-a-given-up-name"),
        pytest.param("imbalancedlearn", "imbalanced-learn", id="hyphen-missing"),
        pytest.param("torch-vision", "torchvision", id="hyphen-too-many"),
        pytest.param("category_encoder", "category-encoders", id="singular-and-underscore"),
        pytest.param("python-lightgbm", "lightgbm", id="python-before"),
        pytest.param("redis-python", "redis", id="python-behind"),
        pytest.param("mongo", "pymongo", id="py-missing"),
        pytest.param("opencv", "opencv-python", id="python-missing"),
        pytest.param("cv2", "opencv-python", id="import-name"),
        pytest.param("Sklearn", "scikit-learn", id="import-name-in-capitals"),
        pytest.param("tensorflow_gpu", "tensorflow", id="given-up"),
    ],
)
def test_the_likeliest_name_comes_first(written: str, meant: str) -> None:
    assert candidate_names(written)[0] == meant


@pytest.mark.parametrize("name", ["acme-features", "internal-utils", "xyz-ml", "qq", "numpy", "collections", "", "-"])
def test_nothing_is_guessed_where_nothing_is_near(name: str) -> None:
    assert candidate_names(name) == ()


def test_what_python_itself_has_is_known() -> None:
    assert is_standard_library("collections")
    assert is_standard_library("Concurrent")
    assert not is_standard_library("numpy")


def test_projects_that_are_built_beforehand_are_known() -> None:
    assert prebuilt_names("psycopg2") == ("psycopg2-binary",)
    assert prebuilt_names("numpy") == ()


def test_only_names_that_the_index_has_with_a_fitting_release_are_proposed(tmp_path: Path) -> None:
    for name, file in {"numpy": "numpy-2.0.tar.gz", "sunpy": "sunpy-1.0-cp38-cp38-win_amd64.whl"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(f'<a href="{file}">{file}</a>')
    environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": tmp_path.as_uri()}
    with open_index(environ) as index:
        assert candidate_names("nunpy") == ("numpy", "sunpy")
        assert [project.name for project in nearest_projects("nunpy", index, Target.of("3.11"))] == ["numpy"]
        assert nearest_projects("panads", index, Target.of("3.11")) == ()


@given(st.text(max_size=80))
def test_no_name_is_too_odd(name: str) -> None:
    candidate_names(name)
    real_name(name)
    prebuilt_names(name)
