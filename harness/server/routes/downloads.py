"""Files that are sent: a version as a zip, contents as they are."""

from __future__ import annotations

from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy.orm import Session

from harness.server.bundles import stream_zip
from harness.server.state import ServerState
from harness.server.store.versions import items_of


def download_version(state: ServerState, session: Session, task_id: str, version_id: str) -> StreamingResponse:
    """Return a version's files as a zip, sent while it is made."""
    files = [(item.file_path, item.sha256, item.size_bytes, item.created) for item in items_of(session, version_id)]
    chunks, size = stream_zip(files, state.contents)
    headers = {"Content-Disposition": f"attachment;filename=model-{task_id}-version-{version_id}.zip"}
    if size is not None:
        headers["Content-Length"] = str(size)
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)


def download_content(state: ServerState, sha256: str, *, name: str, media_type: str) -> FileResponse:
    """Return a content under a name. The client takes all that follows `filename=` for the name."""
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return FileResponse(state.contents.path(sha256), media_type=media_type, headers=headers)
