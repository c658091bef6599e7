"""What an index knows makes a diagnosis more exact; the index here is a folder that pip would take for one."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.builds.model import Diagnosis
from harness.package_index import PackageIndex, Target, open_index
from harness.remedies import improve
from harness.remedies.facts import ANSWERED
from harness.requirements import parse_requirements

BOOKWORM = Target.of("3.11", "x86_64")
CP311 = "cp311-cp311-manylinux2014_x86_64"
CP38 = "cp38-cp38-manylinux2014_x86_64"
HERE = "Python 3.11 on Linux (x86_64)"

# project -> its files, each with the attributes of its link and what its metadata needs.
PROJECTS: dict[str, dict[str, tuple[dict[str, str], list[str]]]] = {
    "numpy": {
        "numpy-1.19.5.tar.gz": ({}, []),
        f"numpy-1.19.5-{CP38}.whl": ({}, []),
        f"numpy-1.26.3-{CP311}.whl": ({}, []),
        f"numpy-1.26.4-{CP311}.whl": ({}, []),
        f"numpy-2.2.6-{CP311}.whl": ({}, []),
        f"numpy-2.4.0-{CP311}.whl": ({"data-yanked": "Wrong results."}, []),
        f"numpy-2.4.1-{CP311}.whl": ({}, []),
        "numpy-2.5.0-cp312-cp312-manylinux2014_x86_64.whl": ({"data-requires-python": ">=3.12"}, []),
    },
    "scipy": {
        "scipy-1.7.3.tar.gz": ({}, []),
        f"scipy-1.9.3-{CP311}.whl": ({}, ["numpy<1.26.0,>=1.18.5"]),
        f"scipy-1.13.0-{CP311}.whl": ({}, ["numpy<2.3,>=1.22.4"]),
        f"scipy-1.13.1rc1-{CP311}.whl": ({}, ["numpy"]),
    },
    "torch": {
        f"torch-2.1.0-{CP311}.whl": ({}, []),
        f"torch-2.1.1-{CP311}.whl": ({}, []),
    },
    "tensorflow": {f"tensorflow-1.15.0-{CP38}.whl": ({}, []), f"tensorflow-2.12.0-{CP311}.whl": ({}, [])},
    "scikit-learn": {f"scikit_learn-1.7.2-{CP311}.whl": ({}, [])},
    "lightning": {
        "lightning-1.6.0-py3-none-any.whl": ({}, ["torch>=1.8.*"]),
        "lightning-1.7.0-py3-none-any.whl": ({}, ["torch>=1.9.*"]),
        "lightning-1.9.0-py3-none-any.whl": ({}, ["torch>=1.10"]),
    },
    "psycopg2": {"psycopg2-2.8.6.tar.gz": ({}, [])},
    "psycopg2-binary": {
        f"psycopg2_binary-2.8.6-{CP38}.whl": ({}, []),
        f"psycopg2_binary-2.9.5-{CP311}.whl": ({}, []),
    },
    "opencv-python": {"opencv_python-4.8.0.74-cp37-abi3-manylinux2014_x86_64.whl": ({}, [])},
    "only-windows": {"only_windows-1.0-cp311-cp311-win_amd64.whl": ({}, [])},
    "plain": {"plain-1.0.tar.gz": ({}, []), "plain-1.2.tar.gz": ({}, [])},
    "uuid": {"uuid-1.30.tar.gz": ({}, [])},
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    folder = tmp_path_factory.mktemp("index")
    (folder / "files").mkdir()
    for project, files in PROJECTS.items():
        links = []
        for name, (attributes, needs) in files.items():
            written = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
            links.append(f'<a href="../../files/{name}#sha256={hash_of(name)}"{written}>{name}</a>')
            lines = ["Metadata-Version: 2.1", f"Name: {project}", *(f"Requires-Dist: {need}" for need in needs)]
            (folder / "files" / f"{name}.metadata").write_text("\n".join(lines) + "\n")
        (folder / "simple" / project).mkdir(parents=True)
        (folder / "simple" / project / "index.html").write_text(f"<!DOCTYPE html><body>{'<br>'.join(links)}</body>")
    environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": (folder / "simple").as_uri()}
    with open_index(environ, budget_seconds=600) as opened:
        yield opened


def hash_of(name: str) -> str:
    return f"{len(name):064d}"


Improve = Callable[..., Diagnosis]


@pytest.fixture
def improved(tmp_path: Path, index: PackageIndex) -> Improve:
    """Give a function that improves the diagnosis of a line (counted from 1) of a requirements file."""

    def ask(
        category: str,
        text: str,
        package: str | None = None,
        *,
        line_number: int | None = 1,
        evidence: tuple[str, ...] = (),
        constraints: tuple[str, ...] = (),
    ) -> Diagnosis:
        file = tmp_path / "requirements.txt"
        file.write_text(text)
        line = text.splitlines()[line_number - 1] if line_number else None
        diagnosis = Diagnosis(
            category=category,
            summary="It failed.",
            package_name=package or re.split(r"[^\w-]", line or "")[0],
            line_number=line_number,
            line=line,
            suggestion="Do something.",
            evidence=evidence,
        )
        return improve(diagnosis, parse_requirements(file), constraints, BOOKWORM, index=index)

    return ask


@pytest.mark.parametrize(
    ("category", "line", "replacement"),
    [
        pytest.param("no_such_package", "nunpy>=1.0  # fast", "numpy>=1.0", id="slip"),
        pytest.param(
            "no_such_package",
            'skleran[extra]==1.7.2 ; python_version > "3.8"',
            'scikit-learn[extra]==1.7.2 ; python_version > "3.8"',
            id="slip-with-extras-and-marker",
        ),
        pytest.param("no_such_package", "cv2==3.4", "opencv-python", id="import-name-drops-a-foreign-version"),
        pytest.param(
            "no_such_package", "cv2==4.1", "opencv-python==4.8.0.74", id="import-name-keeps-the-major-version"
        ),
        pytest.param("deprecated_package", "sklearn==0.0", "scikit-learn", id="given-up"),
        pytest.param(
            "deprecated_package", "tensorflow-gpu == 2.4.0", "tensorflow == 2.12.0", id="given-up-with-version"
        ),
        pytest.param("no_such_version", "numpy==1.26.9", "numpy==1.26.4", id="no-such-patch"),
        pytest.param("no_such_version", "numpy == 99", "numpy == 2.4.1", id="no-such-major"),
        pytest.param("no_such_version", "numpy>=3,<4  # new", "numpy>=2.4.1,<4", id="range-above-all"),
        pytest.param("no_such_version", "numpy<1", "numpy<=1.26.3", id="range-below-all"),
        pytest.param("no_such_version", "numpy~=1.99", "numpy==1.26.4", id="operator-that-the-platform-lacks"),
        pytest.param("no_such_version", "numpy >= 99", "numpy >= 2.4.1", id="blanks-stay"),
        pytest.param("no_such_version", "lightning==1.6.0", "lightning==1.9.0", id="installers-pass-over-it"),
        pytest.param(
            "no_compatible_wheel", "only-windows>=1", 'only-windows>=1 ; sys_platform == "win32"', id="other-system"
        ),
        pytest.param(
            "missing_compiler",
            "numpy \\\n  ==1.19.5 ; \\\n  python_version >= '3.7'  # old",
            "numpy   ==1.26.3 ;   python_version >= '3.7'",
            id="continued-line",
        ),
        pytest.param("no_such_version", "torch==2.1.0+cu118", "torch==2.1.0", id="local-build"),
        pytest.param("no_such_version", "plain==1.1", "plain==1.2", id="source-distributions-alone"),
        pytest.param("yanked_version", "numpy==2.4.0", "numpy==2.4.1", id="yanked"),
        pytest.param("python_version_mismatch", "numpy==2.5.0", "numpy==2.4.1", id="too-new-for-this-python"),
        pytest.param("no_compatible_wheel", "tensorflow==1.15.0", "tensorflow==2.12.0", id="wheels-for-old-pythons"),
        pytest.param("missing_compiler", "numpy>=1.19,<1.20", "numpy==1.26.3", id="range-of-sources"),
        pytest.param("broken_build_script", "scipy[test]==1.7.3", "scipy[test]==1.9.3", id="build-script"),
        pytest.param("missing_system_library", "psycopg2==2.8.6", "psycopg2-binary==2.9.5", id="built-beforehand"),
        pytest.param("invalid_package_metadata", "lightning==1.6.0", "lightning==1.9.0", id="malformed-metadata"),
    ],
)
def test_the_line_to_try_next(category: str, line: str, replacement: str, improved: Improve) -> None:
    assert improved(category, line).replacement == replacement


def test_what_an_import_name_stands_for_is_said(improved: Improve) -> None:
    found = improved("no_such_package", "cv2")
    assert found.suggestion == "Write `opencv-python`: that is the package which `cv2` stands for."


def test_a_module_of_python_needs_no_line(improved: Improve) -> None:
    for category, name in (("no_such_package", "collections"), ("broken_build_script", "uuid")):
        found = improved(category, name)
        assert found.replacement is None
        assert str(found.suggestion).startswith("Remove the line: ")


def test_a_name_that_is_meant_and_there_already_is_not_written_twice(improved: Improve) -> None:
    found = improved("no_such_package", "scikit-learn\nskleran\n", "skleran", line_number=2)
    assert found.replacement is None
    assert found.suggestion == "Remove the line: `scikit-learn`, which is meant, stands on line 1."


def test_a_name_near_none_may_be_private(improved: Improve) -> None:
    found = improved("no_such_package", "acme-features==1.0")
    assert found.replacement is None
    assert "your own organisation" in str(found.suggestion)


def test_the_name_that_a_given_up_project_points_to_is_taken_from_its_words(improved: Improve) -> None:
    found = improved("deprecated_package", "torch-nightly", evidence=("please install 'torch' instead", "use 'x-y-z'"))
    assert found.replacement == "torch"


def test_the_nearest_versions_are_named(improved: Improve) -> None:
    found = improved("no_such_version", "numpy==1.26.9")
    assert found.summary == (
        "The index of this machine has no release of numpy 1.26.9; its releases go from 1.19.5 to 2.5.0."
    )
    assert found.suggestion == (
        f"Ask for numpy 1.26.4, the nearest version with a wheel for {HERE}. The nearest newer one is 2.2.6."
    )


def test_the_reason_of_a_withdrawal_is_told(improved: Improve) -> None:
    assert (
        improved("yanked_version", "numpy==2.4.0").summary == "numpy 2.4.0 was withdrawn by its authors: wrong results."
    )


def test_what_wheels_there_are_is_told(improved: Improve) -> None:
    found = improved("no_compatible_wheel", "tensorflow==1.15.0")
    assert found.summary == (
        f"It failed. tensorflow 1.15.0 has no wheel for {HERE}: its wheels are for CPython 3.8 on Linux, and there is "
        "no source distribution."
    )


@pytest.mark.parametrize(
    ("line", "category"),
    [
        pytest.param("tensorflow==1.15.0", "no_compatible_wheel", id="no-wheel"),
        pytest.param("numpy==2.5.0", "python_version_mismatch", id="other-python"),
    ],
)
def test_a_version_that_exists_and_does_not_fit_is_of_the_more_specific_kind(
    line: str, category: str, improved: Improve
) -> None:
    assert improved("no_such_version", line).category == category


def test_a_project_with_nothing_for_this_platform_is_not_missing(improved: Improve) -> None:
    found = improved("no_such_package", "only-windows")
    assert found.category == "no_compatible_wheel"
    assert "CPython 3.11 on Windows" in found.summary


@pytest.mark.parametrize("category", ["no_such_package", "no_such_version"])
def test_log_and_index_may_disagree(category: str, improved: Improve) -> None:
    found = improved(category, "numpy==1.26.4")
    assert found.category == category
    assert found.replacement is None
    assert found.summary.startswith(f"It failed. But the index of this machine has a wheel of numpy 1.26.4 for {HERE}")
    assert str(found.suggestion).startswith("Build again")


def test_a_log_of_another_index_is_believed(improved: Improve) -> None:
    of_another = "Could not find a version that satisfies the requirement numpy==1.26.9 (from versions: 3.0, 4.0)"
    assert improved("no_such_version", "numpy==1.26.9", evidence=(of_another,)).summary == "It failed."
    of_this = of_another.replace("3.0, 4.0", "1.26.3, 2.4.1")
    assert improved("no_such_version", "numpy==1.26.9", evidence=(of_this,)).replacement == "numpy==1.26.3"


def test_pre_releases_are_taken_only_by_name(improved: Improve) -> None:
    found = improved("no_such_version", "scipy>1.13.0")
    assert found.summary.startswith("Only pre-releases of scipy satisfy the line: 1.13.1rc1.")
    assert found.suggestion == "Ask for scipy 1.13.1rc1 by name, or for 1.13.0, the nearest final release."
    assert found.replacement == "scipy==1.13.1rc1"


def test_constraints_and_other_lines_are_kept(improved: Improve) -> None:
    pinned = ("numpy==2.2.6",)
    assert improved("no_such_version", "numpy==1.26.9", constraints=pinned).replacement == "numpy==2.2.6"
    found = improved("broken_build_script", "scipy==1.7.3", constraints=pinned)
    assert found.replacement == "scipy==1.13.0"
    assert str(found.suggestion).endswith("that goes with `numpy==2.2.6`.")
    assert improved("broken_build_script", "scipy==1.7.3\nnumpy<1.20\n").replacement == "scipy==1.9.3"
    nothing_fits = improved("broken_build_script", "scipy==1.7.3\nnumpy==1.15\n")
    assert nothing_fits.replacement is None
    assert "scipy 1.9.3, for one, needs `numpy<1.26.0,>=1.18.5`" in str(nothing_fits.suggestion)


def test_newer_build_code_is_tried_where_there_are_no_wheels(improved: Improve) -> None:
    found = improved("broken_build_script", "plain==1.0")
    assert found.replacement == "plain==1.2"
    assert "whether it builds only a build tells" in str(found.suggestion)
    assert improved("missing_compiler", "plain==1.0").replacement is None


def test_the_advice_of_the_log_stays_where_no_release_will_do(improved: Improve) -> None:
    found = improved("missing_compiler", "plain==1.0")
    assert found.suggestion == "Do something."
    assert found.summary == (
        "It failed. plain 1.0 has a source distribution and no wheels. The index of this machine has no release of "
        f"plain with a wheel for {HERE}."
    )


@pytest.mark.parametrize("category", ["missing_compiler", "python_version_mismatch", "yanked_version"])
def test_a_version_that_only_another_index_has_is_left_to_the_log(category: str, improved: Improve) -> None:
    assert improved(category, "numpy==7.7").summary == "It failed."


def test_no_hash_is_replaced(improved: Improve) -> None:
    wheel = f"numpy-1.26.4-{CP311}.whl"
    other = improved("hash_mismatch", f"numpy==1.26.4 --hash=sha256:{'a' * 64}")
    assert other.replacement is None
    assert f"`sha256:{hash_of(wheel)}` for {wheel}" in str(other.suggestion)
    told = improved("hash_mismatch", f"numpy==1.26.4 --hash=sha256:{'a' * 64}", evidence=(f"Got {hash_of(wheel)}",))
    assert f"The build downloaded {wheel} as that index has it." in str(told.suggestion)
    same = improved("hash_mismatch", f"numpy==1.26.4 --hash=sha256:{hash_of(wheel)}")
    assert str(same.suggestion).startswith("The recorded hash is the one that the index of this machine has")
    foreign = improved("hash_mismatch", f"numpy==1.19.5 --hash=sha256:{hash_of(f'numpy-1.19.5-{CP38}.whl')}")
    assert f"The line records numpy-1.19.5-{CP38}.whl alone" in str(foreign.suggestion)
    assert improved("no_such_version", f"numpy==1.26.9 --hash=sha256:{'a' * 64}").replacement is None


def test_a_package_on_no_line_gets_no_replacement(improved: Improve) -> None:
    found = improved(
        "missing_compiler", "pandas\n", "numpy", line_number=None, evidence=("Building numpy-1.19.5.tar.gz",)
    )
    assert found.replacement is None
    assert "A line `numpy==1.26.3` chooses it" in str(found.suggestion)
    of_another = improved("missing_compiler", "pandas==1.0\n", "numpy", evidence=("Building numpy-1.19.5.tar.gz",))
    assert of_another.replacement is None


@pytest.mark.parametrize("category", ["unknown", "none", "network_unreachable", "conflicting_lines"])
def test_of_other_failures_an_index_knows_nothing(category: str, improved: Improve) -> None:
    found = improved(category, "numpy==1.26.9")
    assert (found.summary, found.suggestion, found.replacement) == ("It failed.", "Do something.", None)


@pytest.mark.parametrize("category", sorted(ANSWERED))
def test_without_an_index_a_diagnosis_stays_as_it_is(category: str, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("numpy==9\n")
    diagnosis = Diagnosis(category=category, summary="It failed.", package_name="numpy", line_number=1, line="numpy==9")
    with open_index({"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}) as unreachable:
        assert improve(diagnosis, parse_requirements(file), (), BOOKWORM, index=unreachable) == diagnosis


def test_the_index_of_this_machine_helps(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("pandas==1.3.5\nskleran>=1.3\nattrs==21.1.0\n")
    requirements = parse_requirements(file)
    lines = file.read_text().splitlines()

    def replacement(category: str, package: str, line_number: int) -> str | None:
        diagnosis = Diagnosis(
            category=category, summary="", package_name=package, line_number=line_number, line=lines[line_number - 1]
        )
        return improve(diagnosis, requirements, (), BOOKWORM, index=opened).replacement

    with open_index(budget_seconds=120) as opened:
        assert replacement("missing_compiler", "pandas", 1) == "pandas==1.5.0"
        assert replacement("no_such_package", "skleran", 2) == "scikit-learn>=1.3"
        assert replacement("yanked_version", "attrs", 3) == "attrs==21.2.0"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    name=st.sampled_from([*PROJECTS, "nope", "collections", "cv2"]),
    rest=st.text(max_size=20)
    | st.from_regex(r"(\[x\])?((==|>=|<|~=|!=|===)[0-9a-z.+*!]{1,8},?){0,2}( ;.*| #.*)?", fullmatch=True),
    category=st.sampled_from(sorted(ANSWERED)),
    evidence=st.text(max_size=40),
)
def test_no_line_is_too_odd(
    name: str, rest: str, category: str, evidence: str, tmp_path: Path, index: PackageIndex
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{name}{rest}\n", encoding="utf-8")
    diagnosis = Diagnosis(
        category=category, summary="numpy", package_name=name, line_number=1, line=name + rest, evidence=(evidence,)
    )
    found = improve(diagnosis, parse_requirements(file), ("numpy==2.2.6",), BOOKWORM, index=index)
    if found.replacement is not None:
        file.write_text(found.replacement, encoding="utf-8")
        assert len(parse_requirements(file).dependencies) == 1
