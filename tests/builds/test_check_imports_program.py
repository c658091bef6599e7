"""The program that imports what is installed, run on distributions that are written here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.builds.import_check import PROGRAM, Outcome, read_distribution

Install = Callable[..., None]
SEGFAULT = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Give a function that installs a distribution from the text of its files."""

    def write(name: str, top_level: str | None = None, **files: str) -> None:
        packages = tmp_path / "site-packages"
        information = packages / f"{name.replace('-', '_')}-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        for path, text in files.items():
            (packages / path).parent.mkdir(parents=True, exist_ok=True)
            (packages / path).write_text(text)
        if top_level is None:
            (information / "RECORD").write_text("".join(f"{path},,\n" for path in files))
        else:
            (information / "top_level.txt").write_text(top_level)

    return write


def check(folder: Path, *names: str, seconds: float = 60) -> dict[str, dict[str, Any]]:
    """Return what the program tells: by distribution and module."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder / "site-packages")}
    command = [sys.executable, str(PROGRAM), str(seconds), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr == ""
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(read_distribution(line) is not None for line in done.stdout.splitlines())
    return {one["distribution"]: {module["name"]: module for module in one["modules"]} for one in told}


def test_a_crash_hides_nothing(install: Install, tmp_path: Path) -> None:
    install("first", **{"first.py": ""})
    install("second", **{"second.py": SEGFAULT})
    install("third", **{"third.py": ""})
    install("fourth", **{"fourth.py": "import os\nos._exit(7)\n"})
    install("fifth", **{"fifth.py": "import sys\nsys.exit('not here')\n"})
    found = check(tmp_path, "first", "second", "third", "fourth", "fifth")
    outcomes = {name: modules[name]["outcome"] for name, modules in found.items()}
    assert outcomes == {
        "first": "imported",
        "second": "crashed",
        "third": "imported",
        "fourth": "exited",
        "fifth": "raised",
    }
    assert found["second"]["second"]["signal"] == "SIGSEGV"
    assert "second.py" in found["second"]["second"]["output"]
    assert found["fifth"]["fifth"]["exception"] == "SystemExit"


def test_a_failure_is_the_modules_own(install: Install, tmp_path: Path) -> None:
    install("first", **{"first.py": "import builtins\nbuiltins.spoilt = True\n"})
    install("second", **{"second.py": "import builtins\nassert not hasattr(builtins, 'spoilt')\n"})
    found = check(tmp_path, "first", "second")
    assert found["second"]["second"]["outcome"] == "imported"


def test_what_hangs_is_ended_and_what_is_left_is_told_as_such(install: Install, tmp_path: Path) -> None:
    install("first", **{"first.py": "while True:\n    pass\n"})
    install("second", **{"second.py": ""})
    found = check(tmp_path, "first", "second", seconds=0.5)
    assert found["first"]["first"]["outcome"] == "timed out"
    assert found["second"]["second"]["outcome"] == "unchecked"


def test_the_traceback_begins_in_the_package(install: Install, tmp_path: Path) -> None:
    install("broken", **{"broken/__init__.py": "print('hello')\nfrom json import nothing\n"})
    module = check(tmp_path, "broken")["broken"]["broken"]
    assert module["message"].startswith("cannot import name 'nothing' from 'json'")
    assert module["kinds"][:3] == ["ImportError", "Exception", "BaseException"]
    assert module["output"] == "hello\n"
    first, second, *_ = module["traceback"].splitlines()
    assert first == "Traceback (most recent call last):"
    assert second.endswith('/site-packages/broken/__init__.py", line 2, in <module>')


def test_imports_see_a_home_of_their_own_and_an_empty_folder(install: Install, tmp_path: Path) -> None:
    spy = "import os, sys\nprint(os.listdir('.'), os.getcwd().startswith(os.environ['HOME']), [sys.stdin.read()])\n"
    install("spy", **{"spy.py": spy})
    assert check(tmp_path, "spy")["spy"]["spy"]["output"] == "[] True ['']\n"


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        pytest.param("plain", ["plain.py"], {"plain": True}, id="a module"),
        pytest.param("Some-Name", ["some_name/__init__.py"], {"some_name": True}, id="a package"),
        pytest.param("beautiful", ["bs/__init__.py", "bs/deep.py"], {"bs": True}, id="under another name"),
        pytest.param("two", ["two/__init__.py", "more/__init__.py"], {"two": True, "more": False}, id="a second one"),
        pytest.param("three", ["a.py", "b.py"], {"a": True, "b": True}, id="none of its name"),
        pytest.param("tried", ["tried.py", "tests/__init__.py", "docs/conf.py"], {"tried": True}, id="tests"),
        pytest.param("native", ["native.abi3.so", "_native.abi3.so"], {}, id="only text in compiled modules"),
        pytest.param("hidden", ["hidden.py", "_hidden.py"], {"hidden": True}, id="private"),
        pytest.param("only-private", ["_private.py"], {"_private": True}, id="only private"),
        pytest.param("my-space-one", ["my/space/one/__init__.py"], {"my.space.one": True}, id="namespace"),
        pytest.param("types-plain", ["plain-stubs/__init__.pyi"], {}, id="stubs"),
    ],
)
def test_the_modules_of_a_distribution(
    install: Install, tmp_path: Path, name: str, files: list[str], expected: dict[str, bool]
) -> None:
    install(name, **dict.fromkeys(files, ""))
    found = check(tmp_path, name)[name]
    assert {module: told["main"] for module, told in found.items() if told["outcome"] == "imported"} == expected


def test_a_module_that_closes_everything_hides_nothing(install: Install, tmp_path: Path) -> None:
    install("first", **{"first.py": "import os\nos.closerange(0, 1000)\n"})
    install("second", **{"second.py": ""})
    found = check(tmp_path, "first", "second")
    assert found["first"]["first"]["outcome"] == "exited"
    assert found["second"]["second"]["outcome"] == "imported"


def test_without_a_record_the_top_level_file_tells(install: Install, tmp_path: Path) -> None:
    record = {"linked-1.0.dist-info/RECORD": "__editable___linked_finder.py,,\nlinked.pth,,\n"}
    install("linked", top_level="linked\n", **{"linked.py": "", **record})
    assert check(tmp_path, "linked")["linked"]["linked"]["outcome"] == "imported"


def test_what_is_not_installed_is_told_as_such(tmp_path: Path) -> None:
    assert check(tmp_path, "not-there") == {"not-there": {}}


def test_every_outcome_is_known_to_the_harness() -> None:
    told = {line.split('"')[3] for line in PROGRAM.read_text().splitlines() if '"outcome": "' in line}
    assert told <= {str(outcome) for outcome in Outcome}
