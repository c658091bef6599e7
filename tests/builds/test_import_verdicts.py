"""Which failed imports break a build, and what the build log and the notes say of the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.builds.import_check import ImportCheck, Listener, ModuleImport, Outcome


def module(**told: Any) -> ModuleImport:
    given: dict[str, Any] = {"distribution": "tried", "name": "tried", "is_main": True, "outcome": Outcome.RAISED}
    return ModuleImport(**{**given, **told})


def raised(message: str, *kinds: str) -> ModuleImport:
    return module(exception=kinds[0], kinds=kinds, message=message)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(raised("No module named 'six'", "ModuleNotFoundError", "ImportError"), id="no module"),
        pytest.param(raised("libGL.so.1: cannot open shared object file", "ImportError"), id="library"),
        pytest.param(raised("libfoo.so.1: cannot open shared object file", "OSError"), id="library, by ctypes"),
        pytest.param(raised("cannot load library 'gobject-2.0-0'", "OSError"), id="library, by cffi"),
        pytest.param(raised("PortAudio library not found", "OSError"), id="library, by its own name"),
        pytest.param(raised("numpy.dtype size changed, may indicate binary incompatibility", "ValueError"), id="size"),
        pytest.param(raised("module compiled against API version 0x10", "RuntimeError"), id="version of an interface"),
        pytest.param(raised("module 'collections' has no attribute 'Mapping'", "AttributeError"), id="attribute"),
        pytest.param(raised("got an unexpected keyword argument", "TypeError"), id="argument"),
        pytest.param(raised("Missing parentheses in call to 'print'", "SyntaxError"), id="Python 2"),
        pytest.param(raised("mixed", "TabError", "IndentationError", "SyntaxError"), id="kind of syntax error"),
        pytest.param(module(outcome=Outcome.CRASHED, signal="SIGSEGV"), id="crash"),
        pytest.param(module(outcome=Outcome.CRASHED, signal="SIGILL"), id="another processor"),
    ],
)
def test_what_another_package_or_the_system_lacks_breaks_the_build(failure: ModuleImport) -> None:
    assert failure.breaks_build


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(raised("DISPLAY", "KeyError", "LookupError"), id="variable"),
        pytest.param(raised("failed to acquire X connection", "ImportError"), id="display"),
        pytest.param(raised("No such file or directory: '/etc/tried.conf'", "FileNotFoundError", "OSError"), id="file"),
        pytest.param(raised("licence", "SystemExit"), id="exit"),
        pytest.param(module(outcome=Outcome.CRASHED, signal="SIGKILL"), id="killed from outside"),
        pytest.param(module(outcome=Outcome.TIMED_OUT), id="too slow"),
        pytest.param(module(outcome=Outcome.EXITED, message="it ended its process with exit code 1"), id="own end"),
        pytest.param(module(outcome=Outcome.UNCHECKED), id="no time"),
        pytest.param(
            module(name="other", is_main=False, exception="ImportError", kinds=("ImportError",)), id="a second module"
        ),
    ],
)
def test_all_else_is_noted_in_one_sentence(failure: ModuleImport) -> None:
    assert not failure.breaks_build
    lines: list[str] = []
    listener = Listener(["tried"], lines.append)
    listener.hear(json.dumps(told(failure)))
    assert listener.check.failures == ()
    (note,) = listener.check.notes
    assert note.startswith(f"`import {failure.name}` (tried) does not work in this image: ")
    assert note.endswith(".")


def told(failure: ModuleImport) -> dict[str, Any]:
    texts = ("exception", "message", "traceback", "signal", "output")
    found = {name: getattr(failure, name) for name in texts}
    found |= {"name": failure.name, "main": failure.is_main, "outcome": str(failure.outcome), "kinds": failure.kinds}
    return {"distribution": failure.distribution, "version": "1.0", "modules": [found]}


def heard(*documents: Any, names: tuple[str, ...] = ("tried",)) -> tuple[ImportCheck, list[str]]:
    lines: list[str] = []
    listener = Listener(names, lines.append)
    for document in documents:
        listener.hear(document if isinstance(document, str) else json.dumps(document))
    return listener.check, lines


def test_the_log_has_a_line_for_each_module_and_the_traceback_of_what_failed() -> None:
    good = {"outcome": "imported", "seconds": 0.081, "output": "chatter\n", "name": "tried", "main": True}
    bad = {
        "outcome": "raised",
        "exception": "KeyError",
        "kinds": ["KeyError"],
        "message": "'HOME_URL'",
        "traceback": "Traceback (most recent call last):\n  File \"more.py\", line 1\nKeyError: 'HOME_URL'\n",
        "output": "http://me:hunter2@files.example/ \x1b[31mwants a variable\x1b[0m\n",
        "name": "more",
        "main": False,
    }
    check, lines = heard({"distribution": "tried", "version": "1.0", "modules": [good, bad]})
    assert lines == [
        "import check: tried 1.0: tried: ok 0.08 s",
        "import check: tried 1.0: more: KeyError: 'HOME_URL'",
        "http://****@files.example/ wants a variable",
        "Traceback (most recent call last):",
        '  File "more.py", line 1',
        "KeyError: 'HOME_URL'",
    ]
    assert check.complete


def test_many_modules_of_a_distribution_that_fail_are_one_note() -> None:
    modules = [module(name=f"part{number}", is_main=False, outcome=Outcome.TIMED_OUT) for number in range(3)]
    documents = [told(one) for one in modules]
    documents[0]["modules"] = [document["modules"][0] for document in documents]
    check, _ = heard(documents[0])
    (note,) = check.notes
    assert note == (
        "`import part0` (tried) does not work in this image: its import took too long and was ended; "
        "nor do 2 more of its modules."
    )


def test_what_is_not_installed_or_has_no_modules_is_said() -> None:
    check, lines = heard(
        {"distribution": "tried", "version": None, "modules": []},
        {"distribution": "types-tried", "version": "2.0", "modules": []},
        names=("tried", "types-tried"),
    )
    assert lines == ["import check: tried: not installed here", "import check: types-tried 2.0: nothing to import"]
    assert (check.failures, check.notes) == ((), ())


def test_a_check_that_did_not_come_to_its_end_is_noted() -> None:
    check, lines = heard("python3: cannot start", '["no", "report"]', '{"distribution": "tried"}')
    assert lines == ["python3: cannot start", '["no", "report"]', '{"distribution": "tried"}']
    assert check.failures == ()
    assert check.notes == ("The import check of the dependencies did not come to its end.",)


def test_a_module_that_was_left_out_for_numpy_2_is_noted() -> None:
    output = "\nA module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.2.6 as it may crash.\n"
    good = {"outcome": "imported", "seconds": 0.1, "output": output, "name": "tried", "main": True}
    check, _ = heard({"distribution": "tried", "version": "1.0", "modules": [good]})
    assert check.failures == ()
    assert check.notes[0].startswith("`import tried` succeeds, but a module that it wanted was compiled for NumPy 1")
