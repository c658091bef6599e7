"""Judge the dependency build, and say where it differs from the platform's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.builds.model import BuildResult
from harness.checks.engine import Outcome, failed, not_reached, passed, warning
from harness.checks.wording import excerpt, named, seconds_text
from harness.records import NetworkPolicy

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence


def judge_dependency_build(evidence: Evidence) -> Outcome:
    """Fail where the dependencies did not install, with the diagnosis where the log tells it."""
    build = evidence.build
    if build is None:
        return not_reached("the dependencies were not built")
    if build.succeeded:
        how = "already built" if build.cached else f"built in {seconds_text(build.seconds)}"
        return passed(how, cached=build.cached, seconds=build.seconds)
    return _describe_failure(build)


def judge_environment_notes(evidence: Evidence) -> Outcome:
    """Warn of what differs from the platform's own build and run: another Python version, a network within reach."""
    build, run = evidence.build, evidence.run
    if build is None:
        return not_reached("the dependencies were not built")
    notes = [*build.notes]
    has_begun = run is not None and run.python_version is not None
    if run is not None and has_begun and evidence.network is NetworkPolicy.ISOLATED and not run.isolated:
        notes.append("The run could reach the network: this system does not let the harness take it away.")
    if evidence.missing_credentials:
        keys = named(evidence.missing_credentials)
        notes.append(f"The metadata asks for credentials that were not given: {keys} (--user-secrets-mount-path).")
    if evidence.missing_metadata:
        keys = named(evidence.missing_metadata)
        notes.append(f"The environment requires metadata values that were not given: {keys} (--env-var NAME=VALUE).")
    if notes:
        return warning(" ".join(notes), notes=notes, pythonVersion=build.python_version)
    python = f"Python {build.python_version}" if build.python_version else ""
    network = ", without network" if run is not None and run.isolated else ""
    return passed(f"{python}{network}", pythonVersion=build.python_version)


def _describe_failure(build: BuildResult) -> Outcome:
    # The installer's: 0 where it is the import check that failed.
    ended = f" (exit code {build.exit_code})" if build.exit_code else ""
    diagnosis = build.diagnosis
    if diagnosis is None:
        last = next((line for line in reversed(build.log.splitlines()) if line.strip()), "")
        said = f": {excerpt(last)}" if last else ""
        return failed(f"the installer failed{ended}{said}", "Look at the build log.", exitCode=build.exit_code)
    return failed(
        f"{diagnosis.place}{diagnosis.summary.rstrip('.')}{ended}",
        diagnosis.fix or "Look at the build log.",
        exitCode=build.exit_code,
        diagnosis=diagnosis.to_json_dict(),
    )
