"""What to try where a compiled module does not load with NumPy 2, decided on facts that are written by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from harness.builds.model import Diagnosis, RelatedLine
from harness.package_index import IndexFile, Metadata, Project, Target
from harness.remedies.facts import Facts, Question
from harness.remedies.limits import read_limits
from harness.remedies.lines import find_line
from harness.remedies.remedy import decide
from harness.requirements import parse_requirements

BOOKWORM = Target.of("3.11", "x86_64")
BEFORE_NUMPY_2 = datetime(2023, 9, 1, tzinfo=UTC)
AFTER_NUMPY_2 = datetime(2024, 9, 1, tzinfo=UTC)


def wheel(name: str, published: datetime | None = None) -> IndexFile:
    file = f"{name}-cp311-cp311-manylinux2014_x86_64.whl"
    _, version, _, tags = parse_wheel_filename(file)
    return IndexFile(file, version, tags, upload_time=published)


NUMPY = Project.of("numpy", [wheel("numpy-1.26.4"), wheel("numpy-2.2.6")])
OLD = Project.of("parts", [wheel("parts-1.0", BEFORE_NUMPY_2)])
LATER = Project.of("parts", [wheel("parts-1.1", BEFORE_NUMPY_2), wheel("parts-1.2", AFTER_NUMPY_2)])


def explained(
    tmp_path: Path,
    text: str,
    *,
    package: str = "parts",
    needs: dict[str, str] | None = None,
    constraints: tuple[str, ...] = (),
) -> Diagnosis:
    """Decide what helps parts 1.0, of which there are the later releases 1.1 and 1.2."""
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    requirements = parse_requirements(file)
    line_number = next(n for n, line in enumerate(text.splitlines(), start=1) if line.startswith(package))
    diagnosis = Diagnosis(
        category="binary_incompatibility",
        summary=f"{package} was compiled for another NumPy.",
        package_name=package,
        line_number=line_number,
        related=(RelatedLine(package_name="numpy"),),
        suggestion="Do something.",
    )
    limits = read_limits(requirements, constraints, (), BOOKWORM, line_number)
    question = Question(diagnosis, find_line(requirements, line_number), limits, BOOKWORM)
    metadata = {Version(version): Metadata((Requirement(need),)) for version, need in (needs or {}).items()}
    facts = Facts(
        project=OLD,
        asked=Version("1.0"),
        fitting=LATER.releases,
        candidates=LATER.releases,
        metadata=metadata,
        numpy=NUMPY,
    )
    return decide(question, facts)


def test_the_first_release_after_numpy_2_is_tried_and_told_as_a_sign(tmp_path: Path) -> None:
    found = explained(tmp_path, "parts==1.0\n")
    assert found.replacement == "parts==1.2"
    assert found.suggestion == (
        "Ask for parts 1.2: it was published after NumPy 2.0, though the index of this machine does not tell against "
        "which NumPy it was built. Or: write `numpy<2` on a line of its own, which brings NumPy 1.26.4."
    )


def test_metadata_that_names_numpy_2_is_the_better_sign(tmp_path: Path) -> None:
    found = explained(tmp_path, "parts==1.0\n", needs={"1.1": "numpy<2.3,>=1.23"})
    assert found.replacement == "parts==1.1"
    assert str(found.suggestion).startswith("Ask for parts 1.1: its metadata names NumPy 2.")
    assert explained(tmp_path, "parts==1.0\n", needs={"1.1": "numpy<2"}).replacement == "parts==1.2"


def test_a_numpy_that_the_environment_keeps_is_not_bounded(tmp_path: Path) -> None:
    found = explained(tmp_path, "parts==1.0\n", constraints=("numpy==2.2.6",))
    assert found.replacement == "parts==1.2"
    assert "numpy<2" not in str(found.suggestion)


def test_the_line_of_numpy_itself_gets_the_bound(tmp_path: Path) -> None:
    assert explained(tmp_path, "parts\nnumpy>=1.20  # fast\n", package="numpy").replacement == "numpy<2"
    kept = explained(tmp_path, "parts\nnumpy\n", package="numpy", constraints=("numpy==2.2.6",))
    assert (kept.replacement, kept.suggestion) == (None, "Do something.")


def test_what_cannot_load_the_numpy_that_stays_is_passed_over(tmp_path: Path) -> None:
    """A build failure of parts 1.0: 1.1 has a wheel and lets NumPy 2.2.6 stay, but was compiled before NumPy 2."""
    file = tmp_path / "requirements.txt"
    file.write_text("parts==1.0\n")
    requirements = parse_requirements(file)
    diagnosis = Diagnosis(category="missing_compiler", summary="No compiler.", package_name="parts", line_number=1)
    metadata = {Version(version): Metadata((Requirement("numpy>=1.20"),)) for version in ("1.1", "1.2")}
    source = Project.of("parts", [IndexFile("parts-1.0.tar.gz", Version("1.0"), None)])
    facts = Facts(source, (), Version("1.0"), LATER.releases, LATER.releases, metadata)

    def replacement(*installed: str) -> str | None:
        limits = read_limits(requirements, (), installed, BOOKWORM, 1)
        return decide(Question(diagnosis, find_line(requirements, 1), limits, BOOKWORM), facts).replacement

    assert replacement() == "parts==1.1"
    assert replacement("numpy==1.26.4") == "parts==1.1"
    assert replacement("numpy==2.2.6") == "parts==1.2"
