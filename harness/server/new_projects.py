"""Make a project of an uploaded file, and give it its target."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from harness.errors import HarnessError
from harness.server.contents import Contents
from harness.server.data_sets import Target, read_data_set, read_target
from harness.server.errors import Invalid
from harness.server.records.projects import Aim, ModeNumber, Stage
from harness.server.state import ServerState
from harness.server.store import jobs, projects
from harness.server.store.tables import Project
from harness.server.store.users import Caller
from harness.server.uploads.forms import UploadedFile
from harness.server.uploads.paths import UnsafePath, check_path

INVALID = "Invalid request."
DEFAULT_FILE_NAME = "data.csv"


def make_project(state: ServerState, caller: Caller, name: str, file: UploadedFile) -> str:
    """Add a project with the uploaded data and return the job that stands for its making, which is done.

    Raises Invalid where the file cannot be read as a table.
    """
    file_name = _file_name(file.file_name)
    with under_its_name(state.contents, file.content.sha256, file_name, field="file") as path:
        data = read_data_set(path)
    with state.database.write() as session:
        project = projects.create_project(session, caller.id, projects.NewProject(name, file_name, file.content, data))
        return jobs.add_done_job(session, projects.KIND, project.id, caller.id, _place(project)).id


def aim_project(state: ServerState, caller: Caller, project_id: str, aim: Aim) -> str:
    """Give a project its target and return the job that stands for it, which is done.

    Raises Invalid where it has one, and where the column, the metric or the positive class cannot be had.
    """
    with state.database.read() as session:
        project = projects.get_project(session, caller, project_id)
        _judge(project, aim)
    target = metric = None
    if aim.target is not None:
        with under_its_name(state.contents, project.sha256, project.file_name, field="target") as path:
            target = read_target(path, aim.target, aim.target_type)
        target = _with_positive_class(target, aim)
        metric = _choose_metric(target, aim)
    with state.database.write() as session:
        project = projects.get_project(session, caller, project_id, lock=True)
        _judge(project, aim)
        projects.set_target(project, target, ModeNumber[aim.mode.name], metric)
        return jobs.add_done_job(session, projects.KIND, project.id, caller.id, _place(project)).id


@contextmanager
def under_its_name(contents: Contents, sha256: str, file_name: str, *, field: str) -> Iterator[Path]:
    """Give a stored file a path that ends in its name, to read it: messages show the name, and it promises a format.

    A HarnessError in the block becomes Invalid on `field`, without the folder that only we know.
    """
    with tempfile.TemporaryDirectory(prefix="harness-project-") as folder:
        path = Path(folder, file_name)
        path.symlink_to(contents.path(sha256).absolute())
        try:
            yield path
        except HarnessError as error:
            text = str(error).replace(f"{folder}/", "")
            raise Invalid(text, errors={field: text}) from error


def _file_name(sent: str | None) -> str:
    """Return the last part of the name that the client gave, which may be a path of its own system."""
    name = PurePosixPath((sent or "").replace("\\", "/")).name or DEFAULT_FILE_NAME
    try:
        return check_path(name)
    except UnsafePath as error:
        raise Invalid(f"The name of the file {error}", errors={"file": f"its name {error}"}) from error


def _judge(project: Project, aim: Aim) -> None:
    errors: dict[str, str] = {}
    if project.stage != Stage.AIM:
        chosen = f"the target {project.target!r}" if project.target else "no target, for it is unsupervised"
        raise Invalid(f"The project has {chosen} already; make another project for another target.")
    if aim.unsupervised_mode and (aim.target is not None or aim.target_type is not None):
        errors["unsupervisedMode"] = "goes without target and targetType"
    if not aim.unsupervised_mode and aim.target is None:
        errors["target"] = "is required"
    if aim.featurelist_id not in (None, project.featurelist_id):
        errors["featurelistId"] = f"there is one featurelist, {project.featurelist_id}"
    if errors:
        raise Invalid(INVALID, errors=errors)


def _with_positive_class(target: Target, aim: Aim) -> Target:
    if aim.positive_class is None:
        return target
    wanted = str(aim.positive_class)
    found = [label for label in target.class_labels if _same_label(label, wanted)]
    if not found:
        known = f"the classes are {' and '.join(target.class_labels)}" if target.class_labels else "is for two classes"
        raise Invalid(INVALID, errors={"positiveClass": known})
    negative = next(label for label in target.class_labels if label != found[0])
    return Target(target.name, target.target_type, (found[0], negative))


def _same_label(label: str, wanted: str) -> bool:
    """Return whether both mean the same class: 1 and 1.0 do."""
    try:
        return label == wanted or math.isclose(float(label), float(wanted))
    except ValueError:
        return False


def _choose_metric(target: Target, aim: Aim) -> str:
    known = projects.metrics_of(target.target_type)
    if aim.metric is not None and aim.metric not in known:
        raise Invalid(INVALID, errors={"metric": f"{target.target_type} has {', '.join(known)}"})
    return aim.metric or known[0]


def _place(project: Project) -> str:
    return f"projects/{project.id}/"
