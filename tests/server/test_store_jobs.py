"""The queue's table, dependency builds and users, on each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from stored import SHA256, new_caller, new_task, new_version, opened

from harness.errors import HarnessError
from harness.server import times
from harness.server.errors import Conflict, Invalid
from harness.server.store import builds, jobs, users
from harness.server.store.tables import DependencyBuild, Job


def test_jobs_are_taken_in_order_and_each_once(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database:
        with database.write() as session:
            added = [jobs.add_job(session, "kind", str(number), "user").id for number in range(20)]

        def take(_number: int) -> str | None:
            with database.write() as session:
                job = jobs.take_next(session)
                return job.id if job else None

        assert take(0) == added[0]
        with ThreadPoolExecutor(6) as pool:
            taken = list(pool.map(take, range(24)))
        with database.read() as session:
            assert {session.get_one(Job, job_id).state for job_id in added} == {"running"}
    assert sorted(job_id for job_id in taken if job_id) == sorted(added[1:])


def test_what_ran_when_a_server_died_is_begun_again_but_not_for_ever(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        job_id = jobs.add_job(session, "kind", "subject", "user").id
        lives = []
        while True:
            assert jobs.take_next(session) is not None
            again, given_up = jobs.interrupted_jobs(session)
            session.expire_all()
            lives.append([job.id for job in again])
            if given_up:
                break
        ended = session.get_one(Job, job_id)
        assert jobs.take_next(session) is None
    assert lives == [[job_id], [job_id], []]
    assert ended.state == "failed"
    assert "3 times" in (ended.message or "")


def test_a_shutdown_does_not_count_as_an_attempt(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        job_id = jobs.add_job(session, "kind", "subject", "user").id
        for _ in range(5):
            assert jobs.take_next(session) is not None
            jobs.requeue(session, job_id)
            session.flush()
        assert session.get_one(Job, job_id).attempts == 0


def test_a_cancelled_job_stays_cancelled(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        job_id = jobs.add_job(session, "kind", "subject", "user").id
        jobs.take_next(session)
        assert jobs.cancel_job(session, job_id)
        assert not jobs.end_job(session, job_id, jobs.DONE)
        assert not jobs.cancel_job(session, job_id)
        assert session.get_one(Job, job_id).state == "cancelled"


def test_a_build_from_start_to_end(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        version = new_version(session, new_task(session, ana), "custom.py")
        with pytest.raises(Invalid, match="not started"):
            builds.get_build(session, version.id)
        build = builds.start_build(session, version, ana.id)
        assert build.status == "submitted"
        assert builds.start_build(session, version, ana.id).job_id == build.job_id
        assert builds.note_processing(session, version.id, build.job_id) is version
        assert build.status == "processing"
        builds.end_build(session, version.id, build.job_id, succeeded=False, log_sha256=SHA256, ended=times.now())
        assert (build.status, build.log_sha256) == ("failed", SHA256)
        with pytest.raises(Conflict):
            builds.cancel_build(session, version.id)
        again = builds.start_build(session, version, ana.id)
        assert (again.status, again.log_sha256, again.ended) == ("submitted", None, None)


def test_a_cancelled_build_is_as_if_never_started(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        version = new_version(session, new_task(session, ana), "custom.py")
        job_id = builds.start_build(session, version, ana.id).job_id
        jobs.take_next(session)
        assert builds.cancel_build(session, version.id) == job_id
        builds.end_build(session, version.id, job_id, succeeded=True, log_sha256=SHA256, ended=times.now())
        assert session.get(DependencyBuild, version.id) is None
        with pytest.raises(Invalid, match="not started"):
            builds.cancel_build(session, version.id)


def test_a_version_without_dependencies_has_nothing_to_build(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        ana = new_caller(session, "ana@example.com")
        version = new_version(session, new_task(session, ana), "custom.py")
        version.dependencies = []
        with pytest.raises(Invalid, match="nothing to build"):
            builds.start_build(session, version, ana.id)


def test_tokens_are_found_and_replaced_and_never_kept(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        token = users.add_user(session, "ana@example.com")
        user = users.find_user(session, "ana@example.com")
        assert user is not None
        assert token not in repr(vars(user))
        later = users.replace_token(session, "ana@example.com", "another-token")
        assert later == "another-token"
        assert users.find_caller(session, token) is None
        found = users.find_caller(session, "another-token")
        assert found is not None
        assert found.id == user.id


@pytest.mark.parametrize(
    ("username", "token"),
    [
        pytest.param("ana@example.com", None, id="name-taken"),
        pytest.param("ben@example.com", "token-of-ana", id="token-taken"),
        pytest.param("ben@example.com", "short", id="token-too-short"),
        pytest.param("ben@example.com", "two words of a token", id="token-with-spaces"),
        pytest.param(" ", None, id="no-name"),
        pytest.param("a\nb", None, id="unprintable-name"),
    ],
)
def test_users_that_cannot_be_added(username: str, token: str | None, database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        users.add_user(session, "ana@example.com", token="token-of-ana")
        with pytest.raises(HarnessError) as refused:
            users.add_user(session, username, token=token)
        assert refused.value.finding.remedy


def test_the_first_user_is_made_once(database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path, database_url) as database, database.write() as session:
        made = users.see_to_first_user(session, None)
        assert made is not None
        assert made[0] == "admin@localhost"
        assert users.see_to_first_user(session, None) is None
        assert users.see_to_first_user(session, "chosen-token") == ("admin@localhost", "chosen-token")
        assert users.see_to_first_user(session, "chosen-token") is None
