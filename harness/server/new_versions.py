"""Make a version of a task: from what was sent or fetched, on top of the latest version or by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.environments import Environment
from harness.records import NetworkPolicy
from harness.server.environments import version_id_of
from harness.server.errors import Invalid
from harness.server.judging import judge_files
from harness.server.records.common import LONGEST_VALUE, GivenMetadataValue, Memory, Text
from harness.server.state import ServerState
from harness.server.store import versions
from harness.server.store.access import Right, get_task
from harness.server.store.tables import TaskVersion, VersionItem
from harness.server.store.users import Caller
from harness.server.uploads.forms import Form

TRUE = ("true", "True")
FALSE = ("false", "False")
INVALID = "Invalid request."


@dataclass(frozen=True, slots=True)
class VersionOrder:
    """What a version shall be.

    base_environment_id, maximum_memory, network, required_metadata: None takes them from the version before where
    `on_latest`, else there is a default. delete: ids of that version's items.
    """

    is_major: bool
    on_latest: bool
    base_environment_id: str | None
    maximum_memory: int | None = None
    network: NetworkPolicy | None = None
    required_metadata: Mapping[str, str] | None = None
    delete: Sequence[str] = ()


def read_order(form: Form, *, on_latest: bool) -> VersionOrder:
    """Return what a form asks for; raises Invalid with a text for each field that is wrong."""
    errors: dict[str, str] = {}
    major = form.one("isMajorUpdate")
    if major not in (*TRUE, *FALSE):
        errors["isMajorUpdate"] = "is required" if major is None else "must be true or false"
    environment_id = form.one("baseEnvironmentId")
    if not environment_id:
        errors["baseEnvironmentId"] = "is required"
    network = form.one("outboundNetworkPolicy")
    if network is not None and network not in list(NetworkPolicy):
        errors["outboundNetworkPolicy"] = f"must be one of {', '.join(NetworkPolicy)}"
    memory = _read_memory(form.one("maximumMemory"), errors)
    metadata = read_required_metadata(
        _read_json(form.one("requiredMetadata"), "requiredMetadata", errors),
        _read_json(form.one("requiredMetadataValues"), "requiredMetadataValues", errors),
        errors,
    )
    if errors:
        raise Invalid(INVALID, errors=errors)
    return VersionOrder(
        is_major=major in TRUE,
        on_latest=on_latest,
        base_environment_id=environment_id,
        maximum_memory=memory,
        network=NetworkPolicy(network) if network else None,
        required_metadata=metadata,
        delete=form.all("filesToDelete"),
    )


def read_required_metadata(values: Any, entries: Any, errors: dict[str, str]) -> dict[str, str] | None:
    """Return the values by field name, from the object form, the list form, or both where they agree.

    None where neither is given. What is wrong goes into `errors`.
    """
    by_name: dict[str, str] | None = None
    if values is not None:
        try:
            by_name = TypeAdapter(dict[str, Text]).validate_python(values, strict=True)
        except ValidationError:
            errors["requiredMetadata"] = "must be an object of texts"
    listed: dict[str, str] | None = None
    if entries is not None:
        try:
            fields = TypeAdapter(list[GivenMetadataValue]).validate_python(entries)
        except ValidationError as error:
            errors["requiredMetadataValues"] = f"must be a list of fieldName and value: {error.errors()[0]['msg']}"
        else:
            listed = {field.field_name: field.value for field in fields}
            if len(listed) < len(fields):
                errors["requiredMetadataValues"] = "has a fieldName twice"
    # The document's examples have an empty object beside a list with values.
    if by_name and listed and by_name != listed:
        errors["requiredMetadata"] = "has other values than requiredMetadataValues"
    chosen = listed if listed is not None and not by_name else by_name
    too_long = [name for name, value in (chosen or {}).items() if not 0 < len(value) <= LONGEST_VALUE]
    if too_long:
        errors["requiredMetadataValues"] = f"{too_long[0]} must have 1 to {LONGEST_VALUE} characters"
    return chosen


def make_version(
    state: ServerState, caller: Caller, task_id: str, order: VersionOrder, sent: Sequence[versions.NewItem]
) -> TaskVersion:
    """Add a version to a task, and freeze the one that it was made from.

    Raises Invalid for what the platform refuses: an environment that is not there, values that it does not ask for,
    lines of requirements.txt. Nothing is left behind then.
    """
    # The files are judged outside of a transaction, so that others can write meanwhile; not to this task.
    with state.new_versions.of(task_id):
        with state.database.read() as session:
            task = get_task(session, caller, task_id, Right.EDIT)
            before = versions.latest_version(session, task)
            kept = versions.items_of(session, before.id) if before and order.on_latest else ()
            new = _resolve(state, order, before, kept, sent)
        with state.database.write() as session:
            task = get_task(session, caller, task_id, Right.EDIT, lock=True)
            version = versions.create_version(session, task, new)
            if order.on_latest and before is not None:
                frozen = session.get(TaskVersion, before.id)
                assert frozen is not None
                frozen.is_frozen = True
            return version


def choose_environment(state: ServerState, wanted: str | None, latest: TaskVersion | None) -> Environment:
    """Return the environment of that id, else that of the task's latest version, else the default one."""
    environment_id = wanted or (latest.base_environment_id if latest else None) or state.environments.default_id
    return find_environment(state, environment_id)


def find_environment(state: ServerState, environment_id: str) -> Environment:
    """Return a base environment; raises Invalid with the ids that there are."""
    environment = state.environments.find(environment_id)
    if environment is None:
        known = ", ".join(f"{record.id} ({record.name})" for record in state.environments.records())
        raise Invalid(INVALID, errors={"baseEnvironmentId": f"there is no such environment; there are {known}"})
    return environment


def judge_metadata(
    environment: Environment, given: Mapping[str, str] | None, before: TaskVersion | None = None
) -> Mapping[str, str]:
    """Return the values that were given, or else those of the version before that the environment asks for.

    Raises Invalid where they are not just those that it asks for.
    """
    keys = set(environment.required_metadata_keys)
    earlier = before.required_metadata if before else {}
    values = given if given is not None else {name: value for name, value in earlier.items() if name in keys}
    missing, unknown = sorted(keys - set(values)), sorted(set(values) - keys)
    if missing or unknown:
        asked = f"{environment.name} asks for {', '.join(sorted(keys)) or 'none'}"
        wrong = [f"{', '.join(missing)} missing"] if missing else []
        wrong += [f"{', '.join(unknown)} not known"] if unknown else []
        raise Invalid(INVALID, errors={"requiredMetadataValues": f"{asked}: {'; '.join(wrong)}"})
    return values


def _resolve(
    state: ServerState,
    order: VersionOrder,
    latest: TaskVersion | None,
    kept: Sequence[VersionItem],
    sent: Sequence[versions.NewItem],
) -> versions.NewVersion:
    before = latest if order.on_latest else None
    environment = choose_environment(state, order.base_environment_id, latest)
    metadata = judge_metadata(environment, order.required_metadata, before)
    items = versions.merge_items(kept, sent, order.delete)
    judgement = judge_files([(item.file_path, item.sha256, item.size_bytes) for item in items], state.contents)
    network = order.network or (NetworkPolicy(before.outbound_network_policy) if before else NetworkPolicy.ISOLATED)
    memory = order.maximum_memory
    return versions.NewVersion(
        is_major=order.is_major,
        base_environment_id=environment.id,
        base_environment_version_id=version_id_of(environment),
        maximum_memory=before.maximum_memory if memory is None and before else memory,
        outbound_network_policy=network,
        required_metadata=metadata,
        items=items,
        dependencies=judgement.dependencies,
        warnings=judgement.warnings,
    )


def _read_memory(text: str | None, errors: dict[str, str]) -> int | None:
    if text is None:
        return None
    try:
        memory: int = TypeAdapter(Memory).validate_python(text)
    except ValidationError as error:
        errors["maximumMemory"] = str(error.errors()[0]["msg"])
        return None
    return memory


def _read_json(text: str | None, name: str, errors: dict[str, str]) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        errors[name] = "is no JSON"
        return None
