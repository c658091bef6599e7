"""Versions: one of them with its files, its download, and the upload of a new one."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from harness.records import NetworkPolicy
from harness.server import routes
from harness.server.errors import Invalid
from harness.server.new_versions import VersionOrder, make_version, read_order
from harness.server.pages.file_trees import file_tree
from harness.server.pages.forms import INVALID, Fields, SentForm
from harness.server.pages.rendering import go_to, render
from harness.server.pages.rights import rights_on
from harness.server.pages.training_orders import suitable_projects, train_version
from harness.server.pages.uploads import FILES, FOLDER, chosen_files, sent_items
from harness.server.pages.visits import FORM_TOKEN, CurrentVisit, Visitor
from harness.server.requests import State, TaskId, VersionId
from harness.server.state import ServerState
from harness.server.store.access import Right, get_task
from harness.server.store.users import Caller
from harness.server.store.versions import items_of
from harness.server.uploads.forms import Form
from harness.server.uploads.multipart import receive_form

router = APIRouter(prefix="/tasks/{customTaskId}/versions")
ONE = "/{customTaskVersionId}"
ON_LATEST = "onLatest"
METADATA = "metadata."


@router.get("/new/")
def ask_for_new(request: Request, state: State, visitor: Visitor, task_id: TaskId) -> Response:
    """Ask for the files of a new version and where it shall run."""
    _judge_right(state, visitor, task_id)
    task = routes.tasks.retrieve_task(state, visitor, task_id)
    latest = task.latest_version
    values = {
        "baseEnvironmentId": (latest and latest.base_environment_id) or state.environments.default_id,
        "outboundNetworkPolicy": latest.outbound_network_policy if latest else NetworkPolicy.ISOLATED,
        "isMajorUpdate": "false" if latest else "true",
        **({f"{METADATA}{name}": value for name, value in latest.required_metadata.items()} if latest else {}),
    }
    return _show_new(request, state, visitor, task_id, Fields(values))


@router.post("/new/")
async def create(request: Request, state: State, visit: CurrentVisit, task_id: TaskId) -> Response:
    """Create a version of the files that are sent, by themselves or on top of the latest version's."""
    await run_in_threadpool(_judge_right, state, visit.caller, task_id)
    form = await receive_form(
        request,
        state.contents,
        most_bytes=state.settings.largest_upload_bytes,
        fields=frozenset(
            {FORM_TOKEN, ON_LATEST, "isMajorUpdate", "baseEnvironmentId", "maximumMemory", "outboundNetworkPolicy"}
            | {f"{METADATA}{name}" for name in _metadata_names(state)}
        ),
        files=frozenset({FILES, FOLDER}),
    )
    visit.check_form(form.one(FORM_TOKEN))

    def make() -> Response:
        try:
            version = make_version(state, visit.caller, task_id, _order(state, form), sent_items(form))
        except Invalid as refused:
            return _show_new(request, state, visit.caller, task_id, Fields(dict(form.fields)), refused)
        return go_to(f"/tasks/{task_id}/versions/{version.id}/")

    return await run_in_threadpool(make)


@router.get(f"{ONE}/")
def show(request: Request, state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId) -> Response:
    """Show a version: what it is made of, its files, and where it can be trained."""
    return _show(request, state, visitor, task_id, version_id)


@router.get(f"{ONE}/download/")
def download(state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId) -> Response:
    """Send the files of a version as a zip."""
    return routes.versions.download(state, visitor, task_id, version_id)


@router.post(f"{ONE}/train/")
def train(
    request: Request, state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId, form: SentForm
) -> Response:
    """Train the version in one of the visitor's projects."""
    try:
        with state.database.write() as session:
            model = train_version(session, visitor, task_id, version_id, form["projectId"])
    except Invalid as refused:
        return _show(request, state, visitor, task_id, version_id, refused)
    state.queue.wake()
    return go_to(f"/projects/{model.project_id}/models/{model.id}/")


def _judge_right(state: ServerState, visitor: Caller, task_id: str) -> None:
    with state.database.read() as session:
        get_task(session, visitor, task_id, Right.EDIT)


def _metadata_names(state: ServerState) -> set[str]:
    return {key.field_name for record in state.environments.records() for key in record.required_metadata_keys}


def _order(state: ServerState, form: Form) -> VersionOrder:
    """Return what a form asks for, read by the API's own reader. Raises Invalid."""
    fields = Fields(dict(form.fields))
    wanted: dict[str, str] = fields.given("isMajorUpdate", "baseEnvironmentId", "outboundNetworkPolicy")
    memory = fields.memory()
    if memory is not None:
        wanted["maximumMemory"] = str(memory)
    environment = state.environments.find_record(fields["baseEnvironmentId"])
    keys = [key.field_name for key in environment.required_metadata_keys] if environment else []
    if keys:
        values = {key: fields[f"{METADATA}{key}"] for key in keys if fields[f"{METADATA}{key}"]}
        wanted["requiredMetadata"] = json.dumps(values)
    on_latest = bool(fields[ON_LATEST])
    if not on_latest and not chosen_files(form):
        raise Invalid(INVALID, errors={FILES: "choose the files of the task, or its folder"})
    return read_order(Form(tuple(wanted.items()), ()), on_latest=on_latest)


def _show_new(
    request: Request,
    state: ServerState,
    visitor: Caller,
    task_id: str,
    form: Fields,
    refused: Invalid | None = None,
) -> Response:
    return render(
        request,
        "version_new.html",
        refused=refused,
        task=routes.tasks.retrieve_task(state, visitor, task_id),
        form=form,
        environments=state.environments.records(),
        policies=list(NetworkPolicy),
        most_bytes=state.settings.largest_upload_bytes,
    )


def _show(
    request: Request,
    state: ServerState,
    visitor: Caller,
    task_id: str,
    version_id: str,
    refused: Invalid | None = None,
) -> Response:
    version = routes.versions.retrieve_version(state, visitor, task_id, version_id)
    task = routes.tasks.retrieve_task(state, visitor, task_id)
    with state.database.read() as session:
        return render(
            request,
            "version.html",
            refused=refused,
            task=task,
            version=version,
            rights=rights_on(session, visitor, task_id),
            environment=state.environments.find_record(version.base_environment_id or ""),
            tree=file_tree(items_of(session, version_id)),
            projects=suitable_projects(session, visitor, task),
        )
