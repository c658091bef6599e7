"""Judge how the stages ran: limits, fit and its artifact, loading in a fresh process, and the scoring hook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.archives import regular_files
from harness.checks.engine import Outcome, failed, not_reached, passed, skipped_because, warning
from harness.checks.outputs import whole_output
from harness.checks.wording import counted, excerpt, listed, named, seconds_text, size_text
from harness.records import CheckStatus
from harness.runs import LeftByFit, RunResult, StageResult, StageStatus, TaskError

if TYPE_CHECKING:
    from harness.checks.evidence import Evidence
    from harness.tasks.model import Task

# The platform stores no larger artifact.
LARGEST_ARTIFACT_BYTES = 10 * 1024**3
# What the platform loads when there is no load_model hook, at the top of the folder, in any case of letters.
LOADED_SUFFIXES = (".pkl", ".pth", ".h5", ".onnx")
# What a model is commonly saved as; wider than what the platform loads by itself.
MODEL_SUFFIXES = (
    *LOADED_SUFFIXES,
    ".pickle",
    ".joblib",
    ".pt",
    ".keras",
    ".hdf5",
    ".npy",
    ".npz",
    ".dill",
    ".cbm",
    ".bst",
)
# What a scoring process does before it has a model.
LOADING_PLACES = ("secrets", "import", "init", "load_model", "load")
LONGEST_SOURCE_LINE = 4_000
_NOT_KEPT = {
    "link": "a link that leads out",
    "special": "no regular file",
    "path": "a path that is too long",
    "replaced": "removed, or something else put in its place",
}


def judge_memory_limit(evidence: Evidence) -> Outcome:
    """Fail where a stage was ended for its memory; else say which stage used the most."""
    stages = _limited_stages(evidence.run)
    if not stages:
        return not_reached("nothing ran")
    limit = size_text(evidence.memory_bytes)
    killed = _first_with(stages, StageStatus.OUT_OF_MEMORY)
    top = killed or max(stages, key=lambda stage: stage.ended.peak_memory_bytes)
    peak = size_text(top.ended.peak_memory_bytes)
    details = {
        "stage": top.name,
        "peakMemoryBytes": top.ended.peak_memory_bytes,
        "limitBytes": evidence.memory_bytes,
    }
    if killed:
        place = _where_it_was(evidence.task, killed)
        said = error_text(killed.error) if killed.error else ""
        asked = "memory" in said.lower() and top.ended.peak_memory_bytes <= evidence.memory_bytes
        how = f"asked for more memory than there is ({said})" if asked else "was killed"
        return failed(
            f"{killed.name} {how} at {peak} (limit {limit}){place}",
            "Use less memory (fewer copies, smaller types, sparse or batched work), or raise the limit with --memory.",
            **details,
        )
    return passed(f"at most {peak} of {limit} ({top.name})", **details)


def judge_time_limit(evidence: Evidence) -> Outcome:
    """Fail where a stage was ended for its time; else say which stage took the longest."""
    stages = _limited_stages(evidence.run)
    if not stages:
        return not_reached("nothing ran")
    limit = seconds_text(evidence.timeout_seconds)
    killed = _first_with(stages, StageStatus.TIMEOUT)
    top = killed or max(stages, key=lambda stage: stage.ended.seconds)
    took = seconds_text(top.ended.seconds)
    details = {"stage": top.name, "seconds": top.ended.seconds, "limitSeconds": evidence.timeout_seconds}
    if killed:
        return failed(
            f"{killed.name} was killed after {took} (limit {limit}){_where_it_was(evidence.task, killed)}",
            "Look for an endless loop or a wait for input or network, or raise the limit with --timeout.",
            **details,
        )
    return passed(f"at most {took} of {limit} ({top.name})", **details)


def judge_fit(evidence: Evidence) -> Outcome:
    """Fail where fit raised, crashed or ended its process."""
    run = evidence.run
    if run is None:
        return not_reached("fit did not run")
    if run.fit is None:
        return worker_failure(evidence) or not_reached("fit did not run")
    if run.fit.passed:
        return passed(f"in {seconds_text(run.fit.ended.seconds)}", seconds=run.fit.ended.seconds)
    return stage_failure(evidence.task, run.fit)


def judge_artifact(evidence: Evidence) -> Outcome:
    """Judge what fit left: something, not too large, and no more than one file that the platform would load itself.

    An artifact directory that stays empty is a failure where a model lies elsewhere (an old one among the task's
    files, or one that fit has just written into the code folder), because scoring would then use that one. What cannot
    be kept, such as a link that leads out, is a failure where the model does not load, else a warning.
    """
    run = evidence.run
    if run is None:
        return not_reached("fit did not run")
    files = dict(_files_with_sizes(run.artifact_folder))
    total = max(sum(files.values()), run.left.total_bytes if run.left else 0)
    details: dict[str, Any] = {"files": sorted(files)[:100], "fileCount": len(files), "totalBytes": total}
    most = min(LARGEST_ARTIFACT_BYTES, run.most_bytes or LARGEST_ARTIFACT_BYTES)
    if total > most:
        return _left_too_much(total, most, files, details)
    outcome = _judge_files(evidence, files, details) if files else _judge_empty_artifact(evidence, details)
    if run.left is not None and run.left.left_out and (outcome.status is CheckStatus.PASSED or not files):
        return _left_what_nobody_keeps(run, run.left, details)
    return outcome


def _judge_files(evidence: Evidence, files: Mapping[str, int], details: dict[str, Any]) -> Outcome:
    elsewhere = _models_elsewhere(evidence)
    if elsewhere and not any(_is_model(name) for name in files):
        return _left_elsewhere(f"no model in output_dir, only {named(sorted(files))}", elsewhere, details)
    candidates = _loaded_candidates(evidence.task, files)
    if len(candidates) > 1 and _platform_picks_the_file(evidence.task):
        return failed(
            f"there are {counted(len(candidates), 'file')} that could be the model: {named(candidates)}; "
            "without a load_model hook the platform refuses to choose",
            "Leave one of them at the top of the folder, or define load_model(code_dir).",
            candidates=candidates,
            **details,
        )
    return passed(f"{named(sorted(files))}, {size_text(sum(files.values()))}", **details)


def _left_too_much(total: int, most: int, files: Mapping[str, int], details: dict[str, Any]) -> Outcome:
    whose = "the platform stores" if most == LARGEST_ARTIFACT_BYTES else "there is room for"
    largest = max(files, key=lambda name: files[name], default=None)
    which = f"; the largest file is {named([largest])} with {size_text(files[largest])}" if largest else ""
    return failed(
        f"fit left {size_text(total)}, {whose} {size_text(most)} at most{which}",
        "Save the model without training data, or compressed.",
        **details,
    )


def _left_what_nobody_keeps(run: RunResult, left: LeftByFit, details: dict[str, Any]) -> Outcome:
    """Fail where the model did not load either: that is what it lacks."""
    told = listed([f"{named([thing.path])} ({_NOT_KEPT[thing.reason]})" for thing in left.left_out])
    judge = warning if run.scoring is None or _came_to_scoring(run.scoring) else failed
    return judge(
        f"fit left what is not kept: {told}",
        "Leave regular files in output_dir, and nothing else.",
        leftOut=[thing.model_dump() for thing in left.left_out],
        **details,
    )


def judge_load(evidence: Evidence) -> Outcome:
    """Fail where the scoring process could not import the code, or not load the model from the artifact alone."""
    run = evidence.run
    if run is None:
        return not_reached("scoring did not run")
    scoring = run.scoring
    if scoring is None:
        return worker_failure(evidence) or not_reached("scoring did not run")
    if _came_to_scoring(scoring):
        return passed(
            f"{scoring.reported.model_source or 'loaded'}, in {seconds_text(scoring.reported.load_seconds)}",
            modelSource=scoring.reported.model_source,
            seconds=scoring.reported.load_seconds,
        )
    outcome = stage_failure(evidence.task, scoring)
    left = _mentioned_artifact(scoring.error, run.artifact_folder)
    if left is None or outcome.cause is not None:
        return outcome
    return failed(
        f"the model only loads from the path where fit saved it: {outcome.message}",
        f"Open {named([left])} relative to the folder that load_model receives, not by the path that fit received.",
        **outcome.details,
    )


def judge_scoring(evidence: Evidence) -> Outcome:
    """Fail where the scoring hook raised, crashed, ended its process or returned nothing for all rows."""
    run = evidence.run
    if run is None:
        return not_reached("scoring did not run")
    scoring = run.scoring
    if scoring is None:
        return not_reached("scoring did not run")
    if not scoring.passed:
        return stage_failure(evidence.task, scoring)
    request = scoring.request("whole")
    if request is not None and request.error is not None:
        return error_outcome(evidence.task, scoring, request.error)
    output = whole_output(evidence)
    if request is None or output is None:
        return failed("the scoring hook returned nothing", "Return a DataFrame with a row for each row of the input.")
    return passed(f"{counted(output.rows, 'row')} in {seconds_text(request.seconds)}", seconds=request.seconds)


def stage_failure(task: Task, stage: StageResult) -> Outcome:
    """Say why a stage did not pass: the task's own error, a signal, or an end of its own accord.

    A stage that was killed for its time or memory is the limit's failure, and skipped here.
    """
    if stage.status is StageStatus.TIMEOUT:
        return skipped_because("time_limit")
    if stage.status is StageStatus.OUT_OF_MEMORY:
        return skipped_because("memory_limit")
    if stage.status is StageStatus.CRASHED:
        signal = stage.ended.signal or f"exit code {stage.ended.exit_code}"
        return failed(
            f"{stage.name} crashed with {signal}{_where_it_was(task, stage)}: compiled code ended the process, and "
            "Python could not raise an error",
            "Look at the stage's log; libraries that do not fit together and wrong array types are common causes.",
            **_ending(stage),
        )
    if stage.status is StageStatus.EXITED:
        return failed(
            f"{stage.name} ended its own process with exit code {stage.ended.exit_code} (sys.exit, os._exit or "
            f"KeyboardInterrupt){_where_it_was(task, stage)}",
            "Raise an exception where something is wrong, and return where nothing is.",
            **_ending(stage),
        )
    if stage.error is None:
        where = _where_it_was(task, stage)
        return failed(f"{stage.name} failed without saying why{where}", "Look at the stage's log.", **_ending(stage))
    return error_outcome(task, stage, stage.error)


def error_outcome(task: Task, stage: StageResult, error: TaskError) -> Outcome:
    """Say what the task's code raised or returned wrongly, with its own line and, in the details, the traceback."""
    remedy = error.remedy or f"Correct {task.code_file}; the whole traceback is in the log of {stage.name}."
    return failed(describe_error(task, error), remedy, **_ending(stage), error=error_details(error))


def describe_error(task: Task, error: TaskError) -> str:
    """Return `fit raised ValueError: … (custom.py line 12: x = float(y))`.

    An error without a traceback was not raised by the task: it says what is wrong by itself.
    """
    raised = f"{error.where} raised {error_text(error)}" if error.traceback else excerpt(error.message or error.type)
    return f"{raised}{source_place(task, error.line)}"


def error_text(error: TaskError) -> str:
    """Return `ValueError: could not convert string to float: 'a'` in one line."""
    return excerpt(str(error))


def error_details(error: TaskError) -> dict[str, Any]:
    """Return an error of the task's code as JSON, its traceback whole."""
    return error.model_dump(mode="json", by_alias=True)


def source_place(task: Task, line: int | None) -> str:
    """Return ` (custom.py line 12: x = float(y))`, or nothing where the line is not known."""
    if line is None:
        return ""
    source = _source_line(task.folder / task.code_file, line)
    return f" ({task.code_file} line {line}{': ' + source if source else ''})"


def _where_it_was(task: Task, stage: StageResult) -> str:
    """Return ` in score (custom.py line 12: …)` for a process that ended early, as far as it is known."""
    during = stage.error.where if stage.error else stage.ended.during
    line = stage.error.line if stage.error else stage.ended.line
    return f"{f' in {during}' if during else ''}{source_place(task, line)}"


def _source_line(file: Path, number: int) -> str:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for current, line in enumerate(lines, start=1):
                if current == number:
                    return excerpt(line[:LONGEST_SOURCE_LINE], 120)
    except OSError:
        return ""
    return ""


def _ending(stage: StageResult) -> dict[str, Any]:
    return {
        "stage": stage.name,
        "status": stage.status.value,
        "exitCode": stage.ended.exit_code,
        "signal": stage.ended.signal,
    }


def worker_failure(evidence: Evidence) -> Outcome | None:
    """Say why the worker itself could not do its work, None where it could."""
    run = evidence.run
    if run is None or run.error is None:
        return None
    if run.python_version is None:
        return failed(
            f"the task could not be started in {evidence.environment}: {excerpt(run.error)}",
            "Add numpy and pandas to the requirements.txt of the environment or of the task, or choose another with "
            "--env.",
        )
    return failed(
        f"the run was cut short: {excerpt(run.error)}",
        "Look for code that ends processes which it has not started, or that writes or removes files outside of "
        "output_dir.",
    )


def _limited_stages(run: RunResult | None) -> list[StageResult]:
    """Return the stages that the platform has too; the harness's own damaged input is not held to the limits."""
    if run is None:
        return []
    return [stage for stage in run.stages if stage is not run.robustness]


def _first_with(stages: Iterable[StageResult], status: StageStatus) -> StageResult | None:
    return next((stage for stage in stages if stage.status is status), None)


def _came_to_scoring(scoring: StageResult) -> bool:
    """Tell whether a scoring process had loaded its model, as far as is known of how it ended."""
    if scoring.passed:
        return True
    during = scoring.error.where if scoring.error else scoring.ended.during
    if during is None:
        return scoring.reported.model_source is not None or bool(scoring.reported.requests)
    return during not in LOADING_PLACES


def _judge_empty_artifact(evidence: Evidence, details: dict[str, Any]) -> Outcome:
    task = evidence.task
    written = _models_elsewhere(evidence)
    if written:
        return _left_elsewhere("nothing in output_dir", written, details)
    old = [file.path for file in task.files if "/" not in file.path and _is_model(file.path)]
    if old:
        return failed(
            f"fit left nothing in output_dir; scoring would use the old {named(old)} from the task's folder",
            "Save the model that fit has trained into output_dir.",
            old=old,
            **details,
        )
    if task.hooks.interface == "class" or "load_model" in task.hooks.names:
        return warning(
            "fit left nothing in output_dir, so scoring uses nothing that it learned",
            "Save what fit has learned into output_dir, if it learns anything.",
            **details,
        )
    return failed(
        "fit left nothing in output_dir",
        "Save the fitted model there, for example with pickle as os.path.join(output_dir, 'model.pkl').",
        **details,
    )


def _models_elsewhere(evidence: Evidence) -> list[str]:
    fit = evidence.run.fit if evidence.run else None
    return [path for path in (fit.reported.outside_writes if fit else ()) if _is_model(path)]


def _left_elsewhere(what: str, written: list[str], details: dict[str, Any]) -> Outcome:
    return failed(
        f"fit left {what}, it wrote {named(written)} instead",
        "Save the model with os.path.join(output_dir, ...): only what lies there is kept.",
        written=written,
        **details,
    )


def _is_model(path: str) -> bool:
    return path.lower().endswith(MODEL_SUFFIXES)


def _platform_picks_the_file(task: Task) -> bool:
    return task.hooks.interface == "hooks" and "load_model" not in task.hooks.names


def _loaded_candidates(task: Task, left: Iterable[str]) -> list[str]:
    """Return the files at the top of the scoring folder (the task's and fit's) that the platform would load."""
    together = {file.path for file in task.files} | set(left)
    return sorted(path for path in together if "/" not in path and path.lower().endswith(LOADED_SUFFIXES))


def _files_with_sizes(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield (path relative to the folder with `/`, bytes) of each regular file.

    Bytes of a name that are no UTF-8 are shown as question marks: a report could not hold them.
    """
    for name, file in regular_files(folder):
        yield name.encode("utf-8", "replace").decode(), file.stat().st_size


def _mentioned_artifact(error: TaskError | None, folder: Path) -> str | None:
    """Return the file that fit left and whose absolute path the error says is not there, None where it is another."""
    if error is None:
        return None
    if error.type not in ("FileNotFoundError", "NotADirectoryError") and "no such file" not in error.message.lower():
        return None
    mentioned = re.findall(r"""(/[^'"\n:]+)""", error.message)
    for name, _ in _files_with_sizes(folder):
        if any(path.rstrip().endswith(f"/{name}") for path in mentioned):
            return name
    return None
