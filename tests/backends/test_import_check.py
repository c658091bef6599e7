"""What is installed and cannot be imported fails the build, on every backend; the packages are real ones."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from harness.backends import BACKENDS, Backend
from harness.backends.docker.images import list_images
from harness.builds.model import BuildResult
from harness.builds.plan import plan_build
from harness.docker_engine import Label
from harness.environments import Environment, read_environment
from harness.progress import Silent
from harness.records import BuildStatus
from harness.requirements import parse_requirements

ENVIRONMENTS = Path(__file__).parents[2] / "environments"
MakeWheel = Callable[..., None]


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]()


@pytest.fixture
def environment() -> Environment:
    """Give the bundled environment with NumPy 2, which other tests use as well, so that it is built once."""
    return read_environment(ENVIRONMENTS / "python3")


@pytest.fixture
def make_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeWheel:
    """Give a function that makes a wheel which the installers find; no index has one of its name."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    # Settings of their own have a cache of downloads of their own.
    monkeypatch.setenv("PIP_TIMEOUT", str(100 + uuid.uuid4().int % 10**6))

    def make(name: str, **modules: str) -> None:
        information = f"{name}-1.0.dist-info"
        files = {f"{module}.py": text for module, text in modules.items()}
        files[f"{information}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        files[f"{information}/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        files[f"{information}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{information}/RECORD"])
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)

    return make


def build(backend: Backend, environment: Environment, folder: Path, text: str) -> BuildResult:
    file = folder / "requirements.txt"
    file.write_text(text)
    return backend.build(plan_build(environment, parse_requirements(file)), Silent())


def test_a_module_that_was_compiled_for_numpy_1(backend: Backend, environment: Environment, tmp_path: Path) -> None:
    requirements = "# quick expressions\nnumexpr==2.8.4\n"
    for _ in range(2):
        done = build(backend, environment, tmp_path, requirements)
        assert (done.status, done.exit_code, done.python, done.image) == (BuildStatus.FAILED, 0, None, None)
        # What cannot be imported is built anew each time: the reason is told each time.
        assert not done.cached
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == ("binary_incompatibility", 2)
    assert [one.package_name for one in done.diagnosis.related] == ["numpy"]
    assert done.diagnosis.replacement == "numexpr>=2.10.0"
    assert done.diagnosis.summary == "numexpr was compiled for NumPy 1 and does not load with NumPy 2.2.6."
    assert done.diagnosis.suggestion == (
        "Ask for `numexpr>=2.10.0`, which was built for NumPy 2, or add the line `numpy<2`."
    )
    assert "import check: numexpr 2.8.4: numexpr: ImportError: numpy.core.multiarray failed to import" in done.log
    assert "A module that was compiled using NumPy 1.x cannot be run in" in done.log
    assert "check_imports" not in done.log
    assert done.log.splitlines()[-1].endswith("build failed: the packages are installed, and the import check failed")


def test_a_name_that_another_package_has_removed(backend: Backend, environment: Environment, tmp_path: Path) -> None:
    done = build(backend, environment, tmp_path, "flask==2.0.1\nwerkzeug==3.0.6\n")
    assert done.status is BuildStatus.FAILED
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == ("import_error", 1)
    assert [one.line_number for one in done.diagnosis.related] == [2]
    assert "cannot import name 'url_quote' from 'werkzeug.urls'" in done.log
    assert "import check: werkzeug 3.0.6: werkzeug: ok" in done.log
    assert "write `werkzeug<3` in place of `werkzeug==3.0.6`" in str(done.diagnosis.suggestion)


WANTS_LIBRARY = "import ctypes\nctypes.CDLL('libeccodes.so.0')\n"


def test_what_else_fails_is_told_too(
    backend: Backend, environment: Environment, tmp_path: Path, make_wheel: MakeWheel
) -> None:
    make_wheel("trialcrashes", trialcrashes="import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    make_wheel("trialwants", trialwants=WANTS_LIBRARY)
    make_wheel("trialfine", trialfine="")
    done = build(backend, environment, tmp_path, "trialwants\ntrialfine\ntrialcrashes==1.0\n")
    assert done.status is BuildStatus.FAILED
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == ("binary_incompatibility", 3)
    assert "trialcrashes crashes the interpreter (Segmentation fault)" in done.diagnosis.summary
    assert "Besides, `import trialwants` fails" in done.diagnosis.summary
    assert "import check: trialfine 1.0: trialfine: ok" in done.log
    # What failed left nothing that the next build finds.
    again = build(backend, environment, tmp_path, "trialwants\n")
    assert again.diagnosis is not None
    assert (again.diagnosis.category, again.diagnosis.line_number) == ("missing_shared_library", 1)
    assert "libeccodes.so.0" in again.diagnosis.summary
    assert "--apt libeccodes0" in str(again.diagnosis.suggestion)


# Neither this user's variables nor the way to the index are there.
SPY = """
import os
import socket

print(sorted(os.environ))
assert not [name for name in os.environ if name.startswith(("PIP_", "UV_", "MY_"))]
assert not [names for _, _, names in os.walk("/run/harness-build") if names]
raise RuntimeError("a variable named HARNESS_LICENCE is needed")
"""


def test_what_breaks_nothing_is_noted_and_the_note_is_kept(
    backend: Backend, environment: Environment, tmp_path: Path, make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_PASSWORD", "hunter22")
    name = f"trial{uuid.uuid4().hex}"  # nobody has built it before
    make_wheel(name, **{name: SPY})
    requirements = f"{name}\nnot-for-us; python_version < '3'\n"
    first, second = (build(backend, environment, tmp_path, requirements) for _ in range(2))
    assert first.succeeded, first.log
    note = (
        f"`import {name}` ({name}) does not work in this image: "
        "RuntimeError: a variable named HARNESS_LICENCE is needed."
    )
    assert [done.notes[-1:] for done in (first, second)] == [(note,), (note,)]
    assert (first.cached, second.cached) == (False, True)
    assert second.log == first.log
    assert "import check: not-for-us: not installed here" in first.log
    assert "hunter22" not in first.log


def test_a_library_of_windows_that_the_image_does_not_have(
    environment: Environment, base_image: str, engine: docker.APIClient, tmp_path: Path
) -> None:
    before = {image.id for image in list_images(engine)}
    done = build(BACKENDS["docker"](), environment, tmp_path, "toolz==1.0.0\nopencv-python == 4.8.0.76  # pictures\n")
    assert done.status is BuildStatus.FAILED
    assert done.diagnosis is not None
    assert (done.diagnosis.category, done.diagnosis.line_number) == ("missing_shared_library", 2)
    assert "libGL.so.1 of the Debian package libgl1" in done.diagnosis.summary
    assert done.diagnosis.replacement == "opencv-python-headless == 4.8.0.76"
    assert "import check: toolz 1.0.0: toolz: ok" in done.log
    new = [image for image in list_images(engine) if image.id not in before]
    assert [image for image in new if image.labels[Label.KIND] == "dependencies"] == []
