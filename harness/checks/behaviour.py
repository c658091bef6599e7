"""Judge, as warnings, what a task does beside its work: at import, while loading, to its input and to other files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.checks.engine import Outcome, not_reached, passed, skipped, warning
from harness.checks.outputs import answered_requests, blocks, read_numbers, read_sparse, request_name, whole_output
from harness.checks.wording import counted, excerpt, listed, named, seconds_text
from harness.runs import Output, StageResult

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.checks.evidence import Evidence

LONGEST_IMPORT_SECONDS = 2.0
LONGEST_LOAD_SECONDS = 10.0


def judge_input_preserved(evidence: Evidence) -> Outcome:
    """Warn where the scoring hook changes the DataFrame that it is given."""
    answered = [request for request in answered_requests(evidence) if request.output is not None]
    if not answered:
        return not_reached("there is no output")
    changing = [request.id for request in answered if request.output and not request.output.input_preserved]
    if changing:
        return warning(
            f"the hook changed the DataFrame that it was given (with {request_name(changing[0])})",
            "Work on a copy: data = data.copy().",
            requests=changing[:100],
        )
    return passed("unchanged")


def judge_import_work(evidence: Evidence) -> Outcome:
    """Warn of work that is done when the code is imported: processes, connections, files, or simply time."""
    stages = _stages(evidence)
    if not stages:
        return not_reached("nothing ran")
    activity = list(dict.fromkeys(act for stage in stages for act in stage.reported.import_activity))
    slowest = max(stages, key=lambda stage: stage.reported.import_seconds)
    seconds = slowest.reported.import_seconds
    is_slow = seconds > LONGEST_IMPORT_SECONDS
    took = f"importing the code took {seconds_text(seconds)} in {slowest.name}"
    if not activity and not is_slow:
        return passed(took, seconds=seconds)
    acts = f"importing the code {listed([excerpt(act, 100) for act in activity])}" if activity else ""
    return warning(
        "; ".join(part for part in (acts, took if is_slow else "") if part),
        "Move work into fit or load_model: the code is imported again for every process.",
        activity=activity[:100],
        seconds=seconds,
    )


def judge_load_time(evidence: Evidence) -> Outcome:
    """Warn where the model takes long to load."""
    scoring = evidence.run.scoring if evidence.run else None
    if scoring is None:
        return not_reached("scoring did not run")
    seconds = scoring.reported.load_seconds
    if seconds > LONGEST_LOAD_SECONDS:
        return warning(
            f"loading took {seconds_text(seconds)} (more than {LONGEST_LOAD_SECONDS:.0f} s)",
            "Keep less in the artifact: every prediction server loads it when it starts.",
            seconds=seconds,
        )
    return passed(seconds_text(seconds), seconds=seconds)


def judge_outside_writes(evidence: Evidence) -> Outcome:
    """Warn of files written anywhere but in the artifact directory: the platform keeps none of them."""
    stages = _stages(evidence)
    if not stages:
        return not_reached("nothing ran")
    written = {path: stage.name for stage in reversed(stages) for path in stage.reported.outside_writes}
    if not written:
        return passed("none")
    places = [f"{excerpt(path, 120)} ({stage})" for path, stage in sorted(written.items())]
    return warning(
        f"{counted(len(written), 'file')} written outside the artifact directory: {listed(places)}",
        "Write to output_dir in fit, and to temporary files elsewhere.",
        paths=sorted(written)[:100],
    )


def judge_working_directory(evidence: Evidence) -> Outcome:
    """Warn where the task changes the working directory, which other code of the process relies on."""
    stages = _stages(evidence)
    if not stages:
        return not_reached("nothing ran")
    changing = [stage.name for stage in stages if stage.reported.working_directory_changed]
    if changing:
        return warning(
            f"the working directory was changed in {listed(changing)}",
            "Build paths from code_dir or output_dir instead of calling os.chdir.",
            stages=changing,
        )
    return passed("unchanged")


def judge_target_leak(evidence: Evidence) -> Outcome:
    """Warn where a transform's output has the target in it, by name or by value: models would learn the answer."""
    output = whole_output(evidence)
    data = evidence.data
    if output is None or data is None:
        return not_reached("there is no output")
    target = data.target
    if target is None:
        return skipped("the data has no target")
    name = str(target.name)
    leaking = [f'"{name}" (the target\'s name)'] if name in output.columns else []
    equal = [column for column in _columns_equal_to(output, _codings(target)) if column != name]
    leaking += [f'"{column}" (the target\'s values)' for column in equal]
    if leaking:
        return warning(
            f"{counted(len(leaking), 'output column')} with the target: {listed(leaking)}",
            "Leave the target out of what transform returns.",
            columns=equal + [name] * (name in output.columns),
            target=name,
        )
    return passed(f"{named([name])} is not among {counted(len(output.columns), 'column')}")


def _codings(target: pd.Series) -> list[np.ndarray]:
    """Return (rows,) arrays that a column with the target's values would equal; none for a constant target.

    Numbers as they are; classes as 0, 1, 2... in sorted order, and two classes the other way round too.
    """
    import numpy as np
    import pandas as pd

    codes, classes = pd.factorize(target.astype(str), sort=True)
    if len(classes) < 2:
        return []
    codings: list[np.ndarray] = []
    if pd.api.types.is_numeric_dtype(target):
        codings.append(target.to_numpy(dtype=float, na_value=np.nan))
    elif len(classes) < len(target):
        codings.append(codes.astype(float))
    if len(classes) == 2:
        codings += [codes.astype(float), 1.0 - codes]
    return codings


def _columns_equal_to(output: Output, codings: Iterable[np.ndarray]) -> list[str]:
    import numpy as np

    wanted = [coding for coding in codings if len(coding) == output.rows]
    if output.kind == "sparse":
        return _sparse_columns_equal_to(output, wanted)
    values = read_numbers(output)
    candidates = np.zeros(values.shape[1], dtype=bool)
    for coding in wanted:
        equal = np.ones(values.shape[1], dtype=bool)
        for start, block in blocks(values):
            equal &= (block == coding[start : start + len(block), None]).all(axis=0)
            if not equal.any():
                break
        candidates |= equal
    names = output.numeric_columns
    return [names[number] for number in np.flatnonzero(candidates)]


def _sparse_columns_equal_to(output: Output, codings: Iterable[np.ndarray]) -> list[str]:
    """Find the columns by their products: only where x.y = x.x = y.y are two vectors the same."""
    import numpy as np

    matrix = read_sparse(output).astype(float)
    squares = np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel()
    found = np.zeros(matrix.shape[1], dtype=bool)
    for coding in codings:
        square = float(coding @ coding)
        found |= np.isclose(squares, square, rtol=1e-12) & np.isclose(matrix.T @ coding, square, rtol=1e-12)
    return [output.columns[number] for number in np.flatnonzero(found)]


def _stages(evidence: Evidence) -> list[StageResult]:
    return list(evidence.run.stages) if evidence.run else []
