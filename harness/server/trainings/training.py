"""Train one version of a task on one data set, for real, and say what came of it."""

from __future__ import annotations

from dataclasses import dataclass
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
from harness.reports.model import Report
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
    """

    succeeded: bool
    message: str
    metrics: Metrics
    logs: Path
    training_artifact: Path | None
    report: Path


def train(folder: Path, order: TrainingOrder, output: Path, progress: Progress, cancellation: Cancellation) -> Training:
    """Build, fit and score a version as the platform would, and return how that went; its files are in `output`.

    folder: the version's files. What is wrong with them, with the data or with the order is a training that failed,
    and its logs say why. Raises Interrupted where it was cancelled; nothing that it has started is left then.
    """
    make_folder(output)
    try:
        settings = order.settings(output)
        report = validate(folder, settings, progress, cancellation)
    except Interrupted:
        raise
    except HarnessError as error:
        return _not_begun(error, output, (folder, order.data.parent))
    finally:
        # The version's files lie in this folder for one training only.
        headstart.forget(folder)
    ending = ending_check(report)
    assert report.archives.logs is not None
    logs, document = Path(report.archives.logs), output / REPORT_NAME
    if ending is not None:
        return Training(False, why(ending, report), {}, logs, None, document)
    artifact = report.archives.training_artifact
    assert artifact is not None
    predictions = report.outputs.predictions
    metrics = training_metrics(
        Path(predictions) if predictions else None, settings.data_options, TARGET_TYPES[order.target_type]
    )
    return Training(True, "", metrics, logs, Path(artifact), document)


def _not_begun(error: HarnessError, output: Path, places: tuple[Path, ...]) -> Training:
    """Return a training that did not come to a run, with logs that say why. places: folders to leave unsaid."""
    message = str(error)
    for place in places:
        message = message.replace(f"{place}/", "").replace(f"{place}: ", "")
    log = f"{timestamp(datetime.now(UTC))} the training failed: {message}\n"
    logs = write_logs(output, {TRAINING_LOG: log})
    write_report(output, Report.of_error(error, 0.0))
    return Training(False, message, {}, logs, None, output / REPORT_NAME)
