"""Explain a build whose packages are installed and cannot be imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.categories import rank
from harness.builds.diagnosis.declared import Declared
from harness.builds.diagnosis.diagnose import choose, explained
from harness.builds.diagnosis.model import Cause, Facts
from harness.builds.diagnosis.recognisers.imports import recognise_imports
from harness.builds.import_check import ModuleImport, Outcome
from harness.builds.model import BuildPlan, Diagnosis

PROOF_LINES = 3


def diagnose_imports(plan: BuildPlan, failures: Sequence[ModuleImport]) -> Diagnosis:
    """Return why the imports of what the task declares fail: the most specific of the causes, which names the others.

    failures: what `ImportCheck.failures` gives, one at least.
    """
    facts = Facts(Declared.of(plan.declared), Declared.of(plan.pinned), 0)
    found = [_diagnose(failure, facts) for failure in failures]
    told = min(found, key=lambda diagnosis: (rank(diagnosis.category), diagnosis.line_number or sys.maxsize))
    failed = failures[found.index(told)]
    others = dict.fromkeys(failure.name for failure in failures if failure.distribution != failed.distribution)
    if not others:
        return told
    names = " and ".join(f"`import {name}`" for name in others)
    more = f"Besides, {names} {'fails' if len(others) == 1 else 'fail'}: see the build log."
    return told.model_copy(update={"summary": f"{told.summary} {more}"})


def _diagnose(failure: ModuleImport, facts: Facts) -> Diagnosis:
    log = BuildLog.of(failure.said)
    causes = recognise_imports(log, facts)
    cause = choose(causes) if causes else _cause_of(failure)
    via = dict.fromkeys([failure.distribution, *cause.via])
    cause = replace(cause, package=cause.package or failure.distribution, via=tuple(via))
    shown = f"import {failure.name}: {failure.in_words()}"
    return explained(log, facts, replace(cause, evidence=tuple(dict.fromkeys([shown, *cause.evidence]))))


def _cause_of(failure: ModuleImport) -> Cause:
    """Return what can be said without knowing the error's words."""
    package = failure.distribution
    said = [line.strip() for line in failure.said.splitlines() if line.strip()]
    if failure.outcome is Outcome.CRASHED:
        begins = next((number for number, line in enumerate(said) if line.startswith("Fatal Python error")), 0)
        return Cause(
            "binary_incompatibility",
            f"`import {failure.name}` crashes the interpreter ({failure.signal}): a compiled module does not fit "
            + ("this processor." if failure.signal == "SIGILL" else "the other packages."),
            f"Ask for another release of {package}, or of the packages that it builds on.",
            0,
            tuple(said[begins : begins + PROOF_LINES]),
            package,
        )
    tail = tuple(said[-PROOF_LINES:])
    if "SyntaxError" in failure.kinds:
        return Cause(
            "import_error",
            f"{package} is not written for this Python: {failure.in_words()}.",
            f"Ask for a release of {package} that supports it.",
            0,
            tail,
            package,
        )
    category = "binary_incompatibility" if failure.is_binary else "import_error"
    return Cause(
        category,
        f"`import {failure.name}` fails: {failure.in_words().rstrip('.')}.",
        f"Ask for another release of {package}, or of the package that the error speaks of.",
        0,
        tail,
        package,
    )
