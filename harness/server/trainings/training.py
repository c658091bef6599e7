"""Train one version of a task on one data set, for real, and say what came of it."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.archives import write_logs
from harness.backends import Cancellation
from harness.builds.log import timestamp
from harness.cache import make_folder
from harness.errors import HarnessError, Interrupted
from harness.output import REPORT_NAME, write_report
from harness.pipeline import validate
from harness.progress import Progress
from harness.reports.model import PAGE_NAME, Outputs, Report
from harness.reports.page import Page
from harness.reports.page.rendering import render_pages
from harness.server.trainings.metrics import Metrics, training_metrics
from harness.server.trainings.order import TARGET_TYPES, TrainingOrder
from harness.server.trainings.verdict import ending_check, why
from harness.workers import headstart

TRAINING_LOG = "training.log"


@dataclass(frozen=True, slots=True)
class Training:
    """A training that has come to its end.

    message: why it failed, in one paragraph; empty where it did not. metrics: those of the target type, by name.
    logs: logs.tar.gz. training_artifact: trainingArtifact.tar.gz, None where the training failed. report: report.json.
    page: report.html, None where the training did not come to a validation.
    """

    succeeded: bool
    message: str
    metrics: Metrics
    logs: Path
    training_artifact: Path | None
    report: Path
    page: Path | None = None


def train(folder: Path, order: TrainingOrder, output: Path, progress: Progress, cancellation: Cancellation) -> Training:
    """Build, fit and score a version as the platform would, and return how that went; its files are in `output`.

    folder: the version's files. What is wrong with them, with the data or with the order is a training that failed,
    and its logs say why. Raises Interrupted where it was cancelled; nothing that it has started is left then.
    """
    make_folder(output)
    places = (folder, order.data.parent)
    shown: list[Page] = []
    try:
        settings = order.settings(output)
        report = validate(folder, settings, progress, cancellation, keep_page=shown.append)
    except Interrupted:
        raise
    except HarnessError as error:
        return _not_begun(error, output, places)
    finally:
        # The version's files lie in this folder for one training only.
        headstart.forget(folder)
    ending = ending_check(report)
    assert report.archives.logs is not None
    logs, document = Path(report.archives.logs), output / REPORT_NAME
    page = _write_page(output, shown[0], ending is None, places)
    if ending is not None:
        return Training(False, why(ending, report), {}, logs, None, document, page)
    artifact = report.archives.training_artifact
    assert artifact is not None
    predictions = report.outputs.predictions
    metrics = training_metrics(
        Path(predictions) if predictions else None, settings.data_options, TARGET_TYPES[order.target_type]
    )
    return Training(True, "", metrics, logs, Path(artifact), document, page)


def _write_page(output: Path, page: Page, succeeded: bool, places: tuple[Path, ...]) -> Path:
    """Write report.html as it is kept, with links to what is kept beside it alone. places: folders to leave unsaid."""
    archives = page.report.archives
    kept = archives if succeeded else archives.model_copy(update={"training_artifact": None})
    report = page.report.model_copy(update={"archives": kept, "outputs": Outputs()})
    text = render_pages([replace(page, report=report)], output)
    for place in places:
        text = text.replace(f"{html.escape(str(place))}/", "")
    file = output / PAGE_NAME
    file.write_text(text, encoding="utf-8")
    return file


def _not_begun(error: HarnessError, output: Path, places: tuple[Path, ...]) -> Training:
    """Return a training that did not come to a run, with logs that say why. places: folders to leave unsaid."""
    message = str(error)
    for place in places:
        message = message.replace(f"{place}/", "").replace(f"{place}: ", "")
    log = f"{timestamp(datetime.now(UTC))} the training failed: {message}\n"
    logs = write_logs(output, {TRAINING_LOG: log})
    write_report(output, Report.of_error(error, 0.0))
    return Training(False, message, {}, logs, None, output / REPORT_NAME)
