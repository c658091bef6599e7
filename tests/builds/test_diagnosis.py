"""The logs are what uv 0.13 and pip 23 printed for these requirements."""

import pytest

from harness.builds.diagnosis import diagnose_build
from harness.records import Dependency

LINES = tuple(
    Dependency(package_name=name, constraints=(), line=line, line_number=number)
    for number, (name, line) in enumerate(
        [
            ("numpyy", "numpyy"),
            ("numpy", "numpy==1.26.4"),
            ("pandas", "pandas==3.1.1"),
            ("tensorflow", "tensorflow==1.15"),
        ],
        start=1,
    )
)
UNSATISFIABLE = "we can conclude that your requirements are unsatisfiable."


@pytest.mark.parametrize(
    ("log", "category", "package", "line_number"),
    [
        pytest.param(
            f"Because numpyy was not found in the package registry and you require numpyy, {UNSATISFIABLE}",
            "no_such_package",
            "numpyy",
            1,
            id="no such package",
        ),
        pytest.param(
            "ERROR: Could not find a version that satisfies the requirement numpyy (from versions: none)\n"
            "ERROR: No matching distribution found for numpyy",
            "no_such_package",
            "numpyy",
            1,
            id="no such package, pip",
        ),
        pytest.param(
            "ERROR: Could not find a version that satisfies the requirement numpy==99.1 (from versions: 1.26.4)\n"
            "ERROR: No matching distribution found for numpy==99.1",
            "no_such_version",
            "numpy",
            2,
            id="no such version, pip",
        ),
        pytest.param(
            "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection "
            "broken by 'NewConnectionError': Failed to establish a new connection: [Errno 101]'\n"
            "ERROR: Could not find a version that satisfies the requirement numpyy (from versions: none)",
            "network_unreachable",
            None,
            None,
            id="an index out of reach, which pip takes for an empty one",
        ),
        pytest.param(
            "ERROR: Cannot install -r requirements.txt (line 3) and numpy==1.26.4 because these package versions have "
            "conflicting dependencies.\n\nThe conflict is caused by:\n    The user requested numpy==1.26.4\n"
            "    pandas 3.1.1 depends on numpy>=2.0.2\n",
            "conflicting_lines",
            "pandas",
            3,
            id="conflict through a dependency, pip",
        ),
        pytest.param(
            "Collecting pandas==3.1.1\nCollecting tensorflow==1.15\n      Error: pg_config executable not found.\n"
            "error: subprocess-exited-with-error",
            "missing_system_library",
            "tensorflow",
            4,
            id="a build that needs a library, pip",
        ),
        pytest.param(
            f"Because there is no version of numpy==99.1 and you require numpy==99.1, {UNSATISFIABLE}",
            "no_such_version",
            "numpy",
            2,
            id="no such version",
        ),
        pytest.param(
            "Because pandas>=3.1.1 depends on numpy{python_full_version < '3.14'}>=2.0.2 and you require "
            "numpy==1.26.4, we can conclude that your requirements and pandas>=3.1.1 are incompatible.",
            "conflicting_lines",
            "pandas",
            3,
            id="conflict through a dependency",
        ),
        pytest.param(
            "Because tensorflow==1.15.0 has no wheels with a matching Python ABI tag (e.g., `cp311`) and you require "
            f"tensorflow==1.15, {UNSATISFIABLE}",
            "no_compatible_wheel",
            "tensorflow",
            4,
            id="no wheel",
        ),
        pytest.param(
            f"Because you require pandas{{python_full_version < '4'}}==2.1.1 and pandas==2.2.0, {UNSATISFIABLE}",
            "duplicate_requirement",
            "pandas",
            3,
            id="two lines of one package",
        ),
        pytest.param(
            "error: Request failed after 3 retries in 9.1s\n  cause: client error (Connect)\n  cause: tcp connect "
            "error\n  cause: Connection refused (os error 111)",
            "network_unreachable",
            None,
            None,
            id="no network",
        ),
        pytest.param("error: something nobody has seen before", "unknown", None, None, id="unknown"),
    ],
)
def test_the_cause_and_its_line_are_found(
    log: str, category: str, package: str | None, line_number: int | None
) -> None:
    diagnosis = diagnose_build(log.splitlines(), LINES)
    assert (diagnosis.category, diagnosis.package_name, diagnosis.line_number) == (category, package, line_number)
    assert diagnosis.evidence
    assert diagnosis.suggestion


def test_a_conflict_names_the_other_line() -> None:
    log = "Because pandas>=3.1.1 depends on numpy>=2.0.2 and you require numpy==1.26.4, we can conclude that"
    (other,) = diagnose_build([log], LINES).related
    assert (other.package_name, other.line_number) == ("numpy", 2)


def test_the_paragraph_names_file_line_and_remedy() -> None:
    log = "Because numpyy was not found in the package registry and you require numpyy"
    assert diagnose_build([log], LINES).as_paragraph() == (
        "requirements.txt:1: `numpyy`: There is no package named numpyy on the package index. "
        "Correct the name: the name to install may differ from the name to import."
    )
