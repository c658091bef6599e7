"""Which images go, in which order, and how much room that makes: tried with images of a few kB."""

from __future__ import annotations

import io
import tarfile
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest
from docker.errors import APIError, NotFound
from engine_traces import exists, wait_until

from harness.backends.docker.cleaning import remove_from_engine
from harness.backends.docker.images import (
    Kind,
    commit_layer,
    container_for_layer,
    evict,
    find_image,
    layer_labels,
    tag_of,
)
from harness.tar_streams import tar_stream

KB = 1000
SPARE_NOTHING: frozenset[str] = frozenset()


class Shelf:
    """Images of a few kB with the labels of ours and one more, by short names.

    mark: the value of that label, in place of a task's name.
    """

    def __init__(self, engine: docker.APIClient) -> None:
        self.engine = engine
        self.mark = f"harness-test-{uuid.uuid4().hex}"
        self._ids: dict[str, str] = {}

    def base(self, kilobytes: int) -> str:
        """Add an image that a user has."""
        tag = f"{self.mark}:base"
        with io.BytesIO() as content:
            with tarfile.open(fileobj=content, mode="w") as archive:
                member = tarfile.TarInfo(self.mark)
                member.size = kilobytes * KB
                archive.addfile(member, io.BytesIO(bytes(member.size)))
            self.engine.import_image_from_data(content.getvalue(), repository=self.mark, tag="base")
        self._ids["base"] = self.engine.inspect_image(tag)["Id"]
        return tag

    def add(self, kind: Kind, name: str, below: str, kilobytes: int) -> str:
        """Put an image of ours on an image, as a build does, and return its tag."""
        tag = tag_of(kind, f"{self.mark}-{name}", self.mark if kind is Kind.TASK else None)
        with container_for_layer(self.engine, below, command=["none"]) as container:
            content = tar_stream([(f"{name}-{uuid.uuid4().hex}", bytes(kilobytes * KB))])
            self.engine.put_archive(container, "/", b"".join(content))
            labels = layer_labels(kind, f"{self.mark}-{name}", self.mark, python="python3")
            self._ids[name] = commit_layer(self.engine, container, below, tag, labels)
        return tag

    def add_task(self, name: str, below: str, kilobytes: int) -> tuple[str, str, str]:
        """Put dependencies of that size and small images above them on an image; return their tags."""
        dependencies = self.add(Kind.DEPENDENCIES, f"{name}-dependencies", below, kilobytes)
        worker = self.add(Kind.WORKER, f"{name}-worker", dependencies, 1)
        return dependencies, worker, self.add(Kind.TASK, f"{name}-task", dependencies, 1)

    def build_on(self, name: str, below: str) -> str:
        """Build an image as a user does, on one of ours, and return its tag."""
        tag = f"{self.mark}:{name}"
        dockerfile = io.BytesIO(f"FROM {below}\nENV by=user\nCOPY --from={below} / /copy\n".encode())
        for event in self.engine.build(fileobj=dockerfile, tag=tag, rm=True, forcerm=True, decode=True):
            assert "error" not in event, event
        self._ids[name] = self.engine.inspect_image(tag)["Id"]
        return tag

    def commit(self, below: str) -> str:
        """Put an image without a name on an image, as a step of a Dockerfile does, and return its id."""
        container = self.engine.create_container(below, ["none"])["Id"]
        try:
            return str(self.engine.commit(container)["Id"])
        finally:
            self.engine.remove_container(container)

    def there(self) -> set[str]:
        """Return the names of the images that are still there."""
        return {name for name, image in self._ids.items() if exists(self.engine.inspect_image, image)}

    def evict(self, kilobytes: int, *spared: str, young_seconds: float = 0) -> None:
        ids = frozenset(self._ids[name] for name in spared)
        evict(self.engine, kilobytes * KB, ids, young_seconds, task=self.mark)

    def clean(self) -> dict[str, tuple[str, int]]:
        """Clean, and return what went: name -> kind, bytes."""
        found = remove_from_engine(downloads=False, task=self.mark)
        return {removal.name: (removal.kind, removal.size_bytes) for removal in found}

    def remove(self) -> None:
        for image in reversed(self._ids.values()):
            with suppress(APIError):
                self.engine.remove_image(image, force=True)
        with suppress(NotFound):
            self.engine.remove_volume(self.mark, force=True)


@pytest.fixture
def shelf(engine: docker.APIClient) -> Iterator[Shelf]:
    shelf = Shelf(engine)
    yield shelf
    shelf.remove()


def wait_for_the_clock(file: Path) -> None:
    """Wait until what is used now counts as used later than what was used before."""
    file.touch()
    before = file.stat().st_mtime_ns

    def has_moved() -> bool:
        file.touch()
        return file.stat().st_mtime_ns > before

    wait_until(has_moved)


def test_cleaning_takes_ours_with_their_own_sizes_and_leaves_the_users(shelf: Shelf) -> None:
    base = shelf.base(50)
    environment = shelf.add(Kind.ENVIRONMENT, "environment", base, 40)
    dependencies = shelf.add(Kind.DEPENDENCIES, "dependencies", environment, 30)
    task = shelf.add(Kind.TASK, "task", dependencies, 2)
    assert shelf.clean() == {
        task: ("task image", 2 * KB),
        dependencies: ("dependencies image", 30 * KB),
        environment: ("environment image", 40 * KB),
    }
    assert shelf.there() == {"base"}
    assert shelf.clean() == {}


def test_two_tasks_on_one_environment_count_it_once(shelf: Shelf) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(50), 40)
    shelf.add(Kind.DEPENDENCIES, "one", environment, 30)
    shelf.add(Kind.DEPENDENCIES, "two", environment, 20)
    assert sorted(size for _, size in shelf.clean().values()) == [20 * KB, 30 * KB, 40 * KB]


def test_an_image_that_a_container_uses_stays_with_those_below_it(shelf: Shelf, engine: docker.APIClient) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(1), 1)
    used = shelf.add(Kind.DEPENDENCIES, "used", environment, 1)
    shelf.add(Kind.TASK, "task", used, 1)
    shelf.add(Kind.DEPENDENCIES, "unused", environment, 1)
    container = engine.create_container(used, ["none"])["Id"]
    try:
        shelf.clean()
        assert shelf.there() == {"base", "environment", "used"}
        assert find_image(engine, used) is not None
        assert find_image(engine, environment) is not None
    finally:
        engine.remove_container(container)


def test_what_a_user_has_built_on_an_image_of_ours_stays_and_works(shelf: Shelf, engine: docker.APIClient) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(1), 3)
    own = shelf.build_on("own", environment)
    shelf.clean()
    shelf.evict(0)
    assert "own" in shelf.there()
    engine.remove_container(engine.create_container(own, ["none"]))


def test_a_name_that_a_user_has_given_to_an_image_of_ours_stays(shelf: Shelf, engine: docker.APIClient) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(1), 3)
    engine.tag(environment, shelf.mark, "mine")
    shelf.clean()
    assert exists(engine.inspect_image, f"{shelf.mark}:mine")


@pytest.mark.parametrize("origin", ["imported", "loaded"])
def test_a_base_image_that_has_lost_its_name_stays_and_steps_of_a_dockerfile_go(
    origin: str, shelf: Shelf, engine: docker.APIClient
) -> None:
    base = shelf.base(1)
    if origin == "loaded":
        saved = b"".join(engine.get_image(base))
        engine.remove_image(base)
        list(engine.load_image(saved))
    step = shelf.commit(base)
    shelf.add(Kind.ENVIRONMENT, "environment", step, 1)
    before = engine.inspect_image(base)["Id"]
    shelf.base(2)
    assert engine.inspect_image(before)["RepoTags"] == []
    shelf.clean()
    assert not exists(engine.inspect_image, step)
    assert exists(engine.inspect_image, before)
    engine.remove_image(before)


def test_an_image_that_is_made_again_leaves_nothing_of_the_first(shelf: Shelf, engine: docker.APIClient) -> None:
    base = shelf.base(1)
    first = shelf.add(Kind.DEPENDENCIES, "dependencies", base, 20)
    worker = shelf.add(Kind.WORKER, "worker", first, 1)
    replaced = engine.inspect_image(first)["Id"]
    shelf.add(Kind.DEPENDENCIES, "dependencies", base, 20)
    # Somebody may be at work with it.
    assert exists(engine.inspect_image, replaced)
    assert shelf.clean()[worker] == ("worker image", 21 * KB)
    assert not exists(engine.inspect_image, replaced)
    assert shelf.there() == {"base"}


def test_images_that_others_have_taken_the_names_of_go_too(shelf: Shelf, engine: docker.APIClient) -> None:
    dependencies = shelf.add(Kind.DEPENDENCIES, "dependencies", shelf.base(1), 20)
    replaced = engine.inspect_image(shelf.add(Kind.TASK, "task", dependencies, 2))["Id"]
    named = shelf.add(Kind.TASK, "task", dependencies, 2)
    assert shelf.clean() == {
        replaced: ("task image", 2 * KB),
        named: ("task image", 2 * KB),
        dependencies: ("dependencies image", 20 * KB),
    }
    assert not exists(engine.inspect_image, replaced)


def test_an_unnamed_image_that_a_user_has_built_on_one_of_ours_stays(shelf: Shelf, engine: docker.APIClient) -> None:
    dependencies = shelf.add(Kind.DEPENDENCIES, "dependencies", shelf.base(1), 1)
    unnamed = shelf.commit(dependencies)
    assert engine.inspect_image(unnamed)["Config"]["Labels"]["task-harness.task"] == shelf.mark
    shelf.clean()
    shelf.evict(0)
    assert exists(engine.inspect_image, unnamed)
    engine.remove_image(unnamed, noprune=True)


def test_downloads_go_only_when_asked_for(shelf: Shelf, engine: docker.APIClient) -> None:
    volume = shelf.mark
    engine.create_volume(volume, labels={"task-harness.kind": "downloads", "task-harness.task": shelf.mark})
    assert list(remove_from_engine(downloads=False, task=shelf.mark)) == []
    mounted = engine.create_host_config(binds=[f"{volume}:/downloads"])
    container = engine.create_container(shelf.base(1), ["none"], host_config=mounted)
    assert list(remove_from_engine(downloads=True, task=shelf.mark)) == []
    engine.put_archive(container, "/downloads", b"".join(tar_stream([("wheel", bytes(5 * KB))])))
    engine.remove_container(container)
    (removal,) = remove_from_engine(downloads=True, task=shelf.mark)
    assert (removal.kind, removal.name) == ("downloads", volume)
    assert 5 * KB <= removal.size_bytes < 100 * KB
    assert not exists(engine.inspect_volume, volume)


def test_the_least_recently_used_go_and_no_more_than_needed(
    shelf: Shelf, engine: docker.APIClient, tmp_path: Path
) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(500), 100)
    tasks = {name: shelf.add_task(name, environment, 50) for name in ("old", "middle", "new")}
    everything = shelf.there()
    for used in ("middle", "old", "new"):
        wait_for_the_clock(tmp_path / "clock")
        for image in tasks[used]:
            assert find_image(engine, image) is not None
    shelf.evict(100 + 3 * 52)
    assert shelf.there() == everything
    shelf.evict(100 + 3 * 52 - 1)
    # A small one above them goes first, and makes room enough.
    assert len(everything - shelf.there()) == 1
    assert everything - shelf.there() < {"middle-task", "middle-worker"}
    shelf.evict(100 + 2 * 52)
    assert everything - shelf.there() == {"middle-task", "middle-worker", "middle-dependencies"}
    shelf.evict(100)
    assert shelf.there() == {"base", "environment"}
    shelf.evict(0)
    assert shelf.there() == {"base"}


def test_what_is_wanted_stays_with_what_it_stands_on(shelf: Shelf, engine: docker.APIClient) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(1), 1)
    spared = shelf.add(Kind.DEPENDENCIES, "spared", environment, 1)
    shelf.add(Kind.WORKER, "worker", spared, 1)
    shelf.add(Kind.DEPENDENCIES, "other", environment, 1)
    shelf.evict(0, "spared")
    assert shelf.there() == {"base", "environment", "spared"}


def test_what_anybody_has_used_lately_stays(
    shelf: Shelf, engine: docker.APIClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = shelf.add(Kind.ENVIRONMENT, "environment", shelf.base(1), 1)
    used = shelf.add(Kind.DEPENDENCIES, "used", environment, 1)
    shelf.add(Kind.DEPENDENCIES, "unused", environment, 1)
    made = time.time()
    monkeypatch.setattr("harness.backends.docker.images.NOTE_AGAIN_SECONDS", 0)
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "of another user"))
    assert find_image(engine, used) is not None
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "own"))
    shelf.evict(0, young_seconds=600)
    assert shelf.there() == {"base", "environment", "used", "unused"}
    monkeypatch.setattr(time, "time", lambda: made + 600)
    shelf.evict(0, young_seconds=600)
    assert shelf.there() == {"base", "environment", "used"}


def test_every_image_of_ours_says_what_it_is(shelf: Shelf, engine: docker.APIClient) -> None:
    tag = shelf.add(Kind.DEPENDENCIES, "dependencies", shelf.base(1), 1)
    labels = engine.inspect_image(tag)["Config"]["Labels"]
    assert labels["task-harness.kind"] == "dependencies"
    assert labels["task-harness.digest"] == f"{shelf.mark}-dependencies"
    assert labels["task-harness.version"]
    assert not labels.get("task-harness.lock")
