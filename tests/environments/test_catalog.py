import json
from pathlib import Path

import pytest

from harness.environments import find_environment, list_environments
from harness.errors import HarnessError


def test_the_bundled_environments() -> None:
    assert [environment.short_name for environment in list_environments()] == [
        "python3",
        "python3_sklearn",
        "python3_xgboost",
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param("python3_sklearn", id="by name"),
        pytest.param("5e8c889607389fe0f466c72d", id="by the platform's id"),
        pytest.param(None, id="by default"),
    ],
)
def test_scikit_learn_is_found(wanted: str | None) -> None:
    environment = find_environment(wanted)
    assert environment.id == "5e8c889607389fe0f466c72d"
    assert environment.requirements_file is not None
    pinned = environment.requirements_file.read_text()
    assert all(f"{package}==" in pinned for package in ("numpy", "pandas", "scipy", "scikit-learn"))


def test_a_folder_of_the_same_form_is_an_environment(tmp_path: Path) -> None:
    info = {"id": "0123456789abcdef01234567", "name": "Ours", "requiredMetadataKeys": [{"fieldName": "REGION"}]}
    (tmp_path / "env_info.json").write_text(json.dumps(info))
    environment = find_environment(str(tmp_path))
    assert (environment.name, environment.python_version) == ("Ours", None)
    assert environment.required_metadata_keys == {"REGION": "REGION"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param('{"id": "x"', "env_info.json:1: is not valid JSON", id="cut short"),
        pytest.param("[]", "must hold one JSON object", id="a list"),
        pytest.param('{"id": "x"}', "name must be there", id="without a name"),
    ],
)
def test_a_broken_env_info_is_told(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "env_info.json").write_text(content)
    with pytest.raises(HarnessError, match=expected):
        find_environment(str(tmp_path))


def test_an_unknown_environment_names_the_nearest() -> None:
    with pytest.raises(HarnessError, match="Did you mean 'python3_sklearn'") as raised:
        find_environment("python3_sklern")
    assert "python3_xgboost" in raised.value.finding.remedy
