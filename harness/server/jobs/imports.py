"""The job of a version from a repository: its files are fetched, kept, and made a version of."""

from __future__ import annotations

from collections.abc import Iterator

from harness.cache import make_folder
from harness.errors import HarnessError
from harness.server.job_queue import JobKind, Work, nothing_to_note
from harness.server.new_versions import VersionOrder, make_version, read_required_metadata
from harness.server.records.versions import VersionFromRepository
from harness.server.sources import Checkout, SourceKind, fetch, without_credentials
from harness.server.state import ServerState
from harness.server.store.repositories import find_repository
from harness.server.store.tables import Repository
from harness.server.store.users import get_caller
from harness.server.store.versions import NewItem

KIND = "versionFromRepository"


def import_kind(state: ServerState) -> JobKind:
    """Return what the making of a version from a repository does on this server."""

    def do(work: Work) -> str | None:
        wanted = VersionFromRepository.model_validate(work.payload["version"])
        with state.database.read() as session:
            repository = find_repository(session, wanted.repository_id)
            caller = get_caller(session, work.user_id)
        if repository is None or caller is None:
            raise HarnessError("the repository is gone", remedy="Choose another one.")
        order = VersionOrder(
            is_major=wanted.is_major_update,
            on_latest=work.payload["onLatest"],
            base_environment_id=wanted.base_environment_id,
            network=wanted.outbound_network_policy,
            required_metadata=read_required_metadata(wanted.required_metadata, wanted.required_metadata_values, {}),
        )
        with fetch(
            repository.location,
            SourceKind(repository.kind),
            wanted.ref,
            wanted.source_path,
            cancellation=work.cancellation,
            parent=make_folder(state.work_folder),
        ) as checkout:
            items = list(_keep(state, repository, checkout))
        version = make_version(state, caller, work.subject, order, items)
        return f"customTasks/{work.subject}/versions/{version.id}/"

    return JobKind(do, nothing_to_note, nothing_to_note)


def _keep(state: ServerState, repository: Repository, checkout: Checkout) -> Iterator[NewItem]:
    for file in checkout.files:
        content = state.contents.put_file(file.disk_path)
        yield NewItem(
            file_path=file.path_in_task,
            sha256=content.sha256,
            size_bytes=content.size_bytes,
            file_source=repository.kind,
            commit_sha=checkout.commit_sha,
            ref=checkout.ref,
            repository_file_path=file.path_in_repository,
            repository_location=without_credentials(repository.location),
            repository_name=repository.name,
        )
