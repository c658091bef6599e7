from pathlib import Path

import pytest

from harness.builds.plan import plan_build
from harness.environments import find_environment
from harness.requirements import parse_requirements


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    return tmp_path / "requirements.txt"


def test_the_digest_is_of_what_is_installed_and_not_of_how_it_is_written(requirements: Path) -> None:
    digests = []
    for text in (
        "six>=1.16\nPyArrow==26.0.1\n",
        "# needed\npyarrow == 26.0.1  # tables\n\nsix >= 1.16\n",
        "six>=1.17\n",
    ):
        requirements.write_text(text)
        digests.append(plan_build(find_environment(None), parse_requirements(requirements)).digest)
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_another_environment_is_another_build(requirements: Path) -> None:
    requirements.write_text("six\n")
    read = parse_requirements(requirements)
    plans = [plan_build(find_environment(name), read).digest for name in ("python3", "python3_sklearn")]
    assert plans[0] != plans[1]


@pytest.mark.parametrize(
    ("line", "package", "expected"),
    [
        pytest.param("PyArrow==26.0.1", "pyarrow", True, id="case"),
        pytest.param("scikit_learn>=1", "scikit-learn", True, id="spelling"),
        pytest.param("pyarrow-hotfix", "pyarrow", False, id="longer name"),
        pytest.param("pyarrow[x]; python_version > '3'", "pyarrow", True, id="extras and marker"),
        pytest.param("", "numpy", True, id="of the base environment"),
    ],
)
def test_a_plan_knows_the_packages_it_asks_for(line: str, package: str, expected: bool, requirements: Path) -> None:
    requirements.write_text(line)
    plan = plan_build(find_environment("python3_sklearn"), parse_requirements(requirements))
    assert plan.names_package(package) is expected
