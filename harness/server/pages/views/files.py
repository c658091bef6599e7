"""One file of a version, with an address for every line: `#L12`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from harness.server import routes
from harness.server.errors import NotFound
from harness.server.pages.highlighting import show_file
from harness.server.pages.rendering import render
from harness.server.pages.visits import Visitor
from harness.server.requests import State, TaskId, VersionId
from harness.server.store.versions import items_of

router = APIRouter(prefix="/tasks/{customTaskId}/versions/{customTaskVersionId}/files")
FILE_NOT_FOUND = "The version has no such file."


@router.get("/{path:path}")
def show(
    request: Request, state: State, visitor: Visitor, task_id: TaskId, version_id: VersionId, path: str
) -> Response:
    """Show a file's content, its syntax coloured; what is no text is named as such and not sent."""
    version = routes.versions.retrieve_version(state, visitor, task_id, version_id)
    task = routes.tasks.retrieve_task(state, visitor, task_id)
    with state.database.read() as session:
        item = next((item for item in items_of(session, version_id) if item.file_path == path), None)
    if item is None:
        raise NotFound(FILE_NOT_FOUND)
    with state.contents.open(item.sha256) as content:
        shown = show_file(item.file_path, item.size_bytes, content)
    return render(request, "file.html", task=task, version=version, item=item, shown=shown)
