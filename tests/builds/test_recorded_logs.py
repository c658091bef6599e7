"""Every recorded log of a failing build is explained: category, package, line and related lines are those of case.toml.

tools/record_build_logs.py has recorded them with real installers. Keys of case.toml: category; package; line; related
(line numbers, or package names of those without a line); replacement; says (texts that summary or suggestion hold);
at_least (texts that the evidence holds); needs_exit_code (the log alone does not tell). A key that
is a table has values by installer, with `default` for the others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.builds.diagnosis import BuildLog, Declared, Facts, diagnose
from harness.builds.diagnosis.categories import MEANINGS

CASES = Path(__file__).parent / "logs"


def recorded() -> Iterator[Any]:
    for case in sorted(CASES.glob("*/case.toml")):
        for log in sorted(case.parent.glob("*.log")):
            yield pytest.param(case.parent, log.stem, id=f"{case.parent.name}-{log.stem}")


def expected(case: Path, installer: str) -> dict[str, Any]:
    told = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
    return {key: value.get(installer, value.get("default")) if isinstance(value, dict) else value
            for key, value in told.items() if key != "record"}  # fmt: skip


@pytest.mark.parametrize("knows_exit_code", [True, False], ids=["", "without exit code"])
@pytest.mark.parametrize(("case", "installer"), [*recorded()])
def test_the_log_is_explained(case: Path, installer: str, *, knows_exit_code: bool) -> None:
    right = expected(case, installer)
    codes = tomllib.loads((case / "exit-codes.toml").read_text(encoding="utf-8"))
    constraints = case / "constraints.txt"
    facts = Facts(
        Declared.read(case / "requirements.txt"),
        Declared.read(constraints) if constraints.exists() else Declared(),
        codes[installer] if knows_exit_code or right.get("needs_exit_code") else None,
    )
    diagnosis = diagnose(BuildLog.of((case / f"{installer}.log").read_bytes()), facts)
    assert diagnosis.category == right["category"], diagnosis
    assert diagnosis.line_number == right.get("line"), diagnosis
    if "package" in right:
        assert diagnosis.package_name == right["package"]
    if "related" in right:
        assert [one.line_number or one.package_name for one in diagnosis.related] == right["related"]
    if "replacement" in right:
        assert diagnosis.replacement == right["replacement"]
    told = f"{diagnosis.summary} {diagnosis.suggestion}"
    assert [text for text in right.get("says", []) if text not in told] == []
    assert [text for text in right.get("at_least", []) if text not in "\n".join(diagnosis.evidence)] == []


def test_every_category_has_a_recorded_log() -> None:
    told = [tomllib.loads(file.read_text(encoding="utf-8"))["category"] for file in CASES.glob("*/case.toml")]
    assert set(MEANINGS) <= {name for one in told for name in (one.values() if isinstance(one, dict) else [one])}
