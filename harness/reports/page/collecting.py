"""Draw and quote a validation while its files are there: everything on the page that is not in the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from harness.archives import star_out
from harness.checks.labels import match_labels
from harness.checks.outputs import predictions, whole_output
from harness.records import CheckResult, TargetType
from harness.reports.page.batch_figures import describe_batches
from harness.reports.page.logs import choose_lines, read_lines
from harness.reports.page.model import Chart, DataFigures, Figures, Log, OutputFigures, Span
from harness.reports.page.rendering import load_templates
from harness.reports.page.wording import plain_line
from harness.reports.versions import installed_versions

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from harness.checks import Evidence
    from harness.data.model import SampleData
    from harness.runs import Output


class Drawing:
    """The figures of one validation. Those of the data are begun beside the run, which needs neither."""

    def __init__(self) -> None:
        self._data: Future[DataFigures] | None = None

    def begin(self, pool: Executor, data: SampleData) -> None:
        """Let the pool do what the page needs and the run does not change."""
        pool.submit(load_templates)
        self._data = pool.submit(_describe_data, data)

    def finish(self, evidence: Evidence, checks: Sequence[CheckResult], secrets: Iterable[str] = ()) -> Figures:
        """Return the figures of a validation as far as it came; values that a task has damaged are told, not raised."""
        hidden = tuple(secrets)
        build = evidence.build
        return Figures(
            data=self._data.result() if self._data else None,
            output=_output(evidence),
            batch=_batch(evidence, checks),
            logs=tuple(_logs(evidence, hidden)),
            spans=tuple(_spans(evidence)),
            installed=installed_versions(build.log) or {} if build else {},
            installer=build.installer if build else "",
        )


def _describe_data(data: SampleData) -> DataFigures:
    from harness.reports.page.profile import describe_data

    return describe_data(data)


def _output(evidence: Evidence) -> OutputFigures | None:
    output = whole_output(evidence)
    if output is None:
        return None
    try:
        if evidence.target_type is TargetType.TRANSFORM:
            from harness.reports.page.column_figures import describe_columns

            return describe_columns(evidence.data, output)
        return _scores(evidence, output)
    except (OSError, ValueError) as error:
        # The task's process wrote these files, so they may hold anything.
        return OutputFigures(notes=(f"The output cannot be drawn: {plain_line(str(error))}.",))


def _scores(evidence: Evidence, output: Output) -> OutputFigures:
    """Return the figures of an estimator's output; raises ValueError, with the reason, where it cannot be drawn."""
    import numpy as np

    from harness.reports.page.class_figures import class_numbers, describe_classes
    from harness.reports.page.number_figures import describe_anomaly, describe_regression

    values = predictions(evidence, output)
    if not values.size:
        raise ValueError("it has no numbers")
    usable = np.isfinite(values).all(axis=1)
    if not usable.any():
        raise ValueError("every row has missing or infinite values")
    spoilt = int((~usable).sum())
    notes = (f"{spoilt:,} of {len(values):,} rows have missing or infinite values and are left out.",) if spoilt else ()
    target = evidence.data.target if evidence.data and evidence.data.target is not None else None
    if target is not None and len(target) != len(values):
        target = None
    labels = evidence.data.class_labels if evidence.data else None
    if evidence.target_type is TargetType.ANOMALY:
        figures = describe_anomaly(values[usable, 0])
    elif evidence.target_type is TargetType.REGRESSION:
        figures = describe_regression(values[usable, 0], None if target is None else _numbers(target)[usable])
    else:
        places = match_labels(output.columns[: len(labels)], labels) if labels else None
        if labels is None or places is None or values.shape[1] != len(labels):
            raise ValueError("its columns are not the class labels")
        ordered = values[usable][:, [places[label] for label in labels]]
        actual = None if target is None else class_numbers(target, labels)[usable]
        figures = describe_classes(ordered, labels, actual)
    return replace(figures, notes=(*notes, *figures.notes))


def _numbers(target: pd.Series) -> np.ndarray:
    import pandas as pd

    numbers: np.ndarray = pd.to_numeric(target, errors="coerce").to_numpy(dtype=float, na_value=float("nan"))
    return numbers


def _batch(evidence: Evidence, checks: Sequence[CheckResult]) -> Chart | None:
    try:
        return describe_batches(evidence, checks)
    except (OSError, ValueError):
        return None  # what cannot be read is what the check says


def _logs(evidence: Evidence, secrets: Iterable[str]) -> Iterator[Log]:
    """Yield the build's log and each stage's, as in logs.tar.gz."""
    if evidence.build is not None:
        diagnosis = evidence.build.diagnosis
        lines = star_out(evidence.build.log, secrets).splitlines()
        yield choose_lines("build", enumerate(lines, start=1), diagnosis.evidence if diagnosis else ())
    for stage in evidence.run.stages if evidence.run else ():
        if stage.log_file.is_file() and not stage.log_file.is_symlink():
            yield choose_lines(stage.name, read_lines(stage.log_file, secrets))


def _spans(evidence: Evidence) -> Iterator[Span]:
    """Yield the build, where it was made now, and the stages, in seconds from the first one's beginning."""
    found: list[tuple[str, datetime, float]] = []
    if evidence.build is not None and not evidence.build.cached:
        found.append(("dependency build", evidence.build.started, evidence.build.seconds))
    for stage in evidence.run.stages if evidence.run else ():
        started = datetime.fromisoformat(stage.ended.started_at)
        found.append((stage.name, started, stage.ended.seconds))
    begin = min((started for _, started, _ in found), default=None)
    for name, started, seconds in found:
        assert begin is not None
        after = (started - begin).total_seconds()
        yield Span(name, round(after, 3), round(after + seconds, 3))
