"""Sharing in the store, on each database: what is judged is the state after all changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored import new_caller, new_task, opened

from harness.server.errors import ApiError, Conflict, Forbidden, Invalid
from harness.server.records.access import RoleChange
from harness.server.store import access
from harness.server.store.access import Right

ANA, BEN, EVA = "ana@example.com", "ben@example.com", "eva@example.com"
Entries = list[tuple[str, str | None]]


def shared(folder: Path, url: str, *steps: tuple[str, Entries]) -> dict[str, str]:
    """Return the roles by name after each caller's changes; Ana owns the task."""
    with opened(folder, url) as database:
        with database.write() as session:
            callers = {name: new_caller(session, name) for name in (ANA, BEN, EVA)}
            task_id = new_task(session, callers[ANA]).id
        try:
            for caller, entries in steps:
                changes = [RoleChange.model_validate({"username": name, "role": role}) for name, role in entries]
                with database.write() as session:
                    access.change_access(session, callers[caller], task_id, changes)
        finally:
            with database.read() as session:
                found, _ = access.list_access(session, task_id, username=None, user_id=None, offset=0, limit=10)
    return {entry.username: entry.role for entry in found}


def test_roles_are_given_changed_and_taken(database_url: str, tmp_path: Path) -> None:
    steps: list[tuple[str, Entries]] = [
        (ANA, [(BEN, "READ_ONLY"), (EVA, "EDITOR")]),
        (ANA, [(BEN, "READ_WRITE"), (EVA, None)]),
    ]
    assert shared(tmp_path, database_url, *steps) == {ANA: "OWNER", BEN: "READ_WRITE"}


def test_ownership_is_handed_over_in_one_request(database_url: str, tmp_path: Path) -> None:
    assert shared(tmp_path, database_url, (ANA, [(ANA, None), (BEN, "OWNER")])) == {BEN: "OWNER"}


@pytest.mark.parametrize(
    ("steps", "refusal"),
    [
        pytest.param([(ANA, [(BEN, "USER"), (ANA, None)])], Conflict, id="last-owner-goes"),
        pytest.param([(ANA, [(BEN, "USER"), (ANA, "EDITOR")])], Conflict, id="last-owner-demoted"),
        pytest.param([(ANA, [(BEN, "USER"), ("nobody@example.com", "USER")])], Invalid, id="unknown-user"),
        pytest.param([(ANA, [(BEN, "USER"), (BEN, "EDITOR")])], Invalid, id="named-twice"),
    ],
)
def test_a_refused_request_changes_nothing(
    steps: list[tuple[str, Entries]], refusal: type[ApiError], database_url: str, tmp_path: Path
) -> None:
    with opened(tmp_path, database_url) as database:
        with database.write() as session:
            callers = {name: new_caller(session, name) for name in (ANA, BEN)}
            task_id = new_task(session, callers[ANA]).id
        for caller, entries in steps:
            changes = [RoleChange.model_validate({"username": name, "role": role}) for name, role in entries]
            with pytest.raises(refusal), database.write() as session:
                access.change_access(session, callers[caller], task_id, changes)
        with database.read() as session:
            found, total = access.list_access(session, task_id, username=None, user_id=None, offset=0, limit=10)
    assert ([(entry.username, entry.role) for entry in found], total) == ([(ANA, "OWNER")], 1)


@pytest.mark.parametrize(
    ("role", "can_share", "given"),
    [
        pytest.param("READ_WRITE", False, "USER", id="may-not-share"),
        pytest.param("READ_ONLY", True, "EDITOR", id="more-than-ones-own"),
        pytest.param("EDITOR", True, "OWNER", id="owner-by-editor"),
    ],
)
def test_sharing_goes_up_to_ones_own_role(
    role: str, can_share: bool, given: str, database_url: str, tmp_path: Path
) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana, ben = new_caller(session, ANA), new_caller(session, BEN)
        new_caller(session, EVA)
        task_id = new_task(session, ana).id
        first = RoleChange.model_validate({"username": BEN, "role": role, "canShare": can_share})
        access.change_access(session, ana, task_id, [first])
        with pytest.raises(Forbidden):
            access.change_access(session, ben, task_id, [RoleChange.model_validate({"username": EVA, "role": given})])
        with pytest.raises(Forbidden):
            access.change_access(session, ben, task_id, [RoleChange.model_validate({"username": ANA, "role": "USER"})])


def test_one_may_always_leave(database_url: str, tmp_path: Path) -> None:
    steps: list[tuple[str, Entries]] = [(ANA, [(BEN, "READ_ONLY")]), (BEN, [(BEN, None)])]
    assert shared(tmp_path, database_url, *steps) == {ANA: "OWNER"}


def test_a_name_or_an_id_selects_one_user(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana, ben = new_caller(session, ANA), new_caller(session, BEN)
        task_id = new_task(session, ana).id
        access.change_access(session, ana, task_id, [RoleChange.model_validate({"username": BEN, "role": "USER"})])
        for username, user_id in ((BEN, None), (None, ben.id)):
            found, total = access.list_access(session, task_id, username=username, user_id=user_id, offset=0, limit=10)
            assert ([entry.username for entry in found], total) == ([BEN], 1)


def test_every_role_of_the_platform_has_a_right() -> None:
    editing = {role.value for role, right in access.RIGHTS.items() if right >= Right.EDIT}
    reading = {role.value for role, right in access.RIGHTS.items() if right == Right.READ}
    assert editing == {"OWNER", "ADMIN", "READ_WRITE", "EDITOR", "DATA_SCIENTIST"}
    assert reading == {"USER", "READ_ONLY", "CONSUMER", "OBSERVER"}
