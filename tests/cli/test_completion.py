"""Completion in the shells themselves: their own programs run the script that `harness completion` prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Whatever of these a machine has is tried; bash there is everywhere.
SHELLS = [shell for shell in ("bash", "zsh", "fish") if shell == "bash" or shutil.which(shell)]
Complete = Callable[..., list[str]]


def completion_script(shell: str) -> str:
    command = [sys.executable, "-m", "harness", "completion", shell]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("completion") / "harness.bash"
    file.write_text(completion_script("bash"))
    return file


@pytest.fixture
def complete(bash_script: Path, tmp_path: Path) -> Complete:
    """Give a function that returns what bash offers after these words, the last of which is being typed."""
    program = Path(sys.executable).with_name("harness")

    def complete(*words: str) -> list[str]:
        quoted = " ".join(f"'{word}'" for word in ("harness", *words))
        asked = (
            f"source {bash_script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; "
            # As bash itself calls it, with the program, the word and the one before it.
            f"_harness_completion '{program}' '{words[-1]}' x; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        )
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert done.stderr == ""
        return done.stdout.split()

    return complete


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param(("comp",), ["compare", "completion"], id="commands"),
        pytest.param(("envs", "n"), ["new"], id="commands of a command"),
        pytest.param(("validate", "--targ"), ["--target", "--target-csv", "--target-type"], id="options"),
        pytest.param(("validate", "--env", "python3_"), ["python3_sklearn", "python3_xgboost"], id="environments"),
        pytest.param(("build", "--backend", ""), ["auto", "docker", "venv"], id="backends"),
        pytest.param(("serve", "--backend", "d"), ["docker"], id="backends of the server"),
        pytest.param(("init", "--type", "a"), ["anomaly"], id="target types"),
        pytest.param(("validate", "--network", ""), ["ISOLATED", "PUBLIC"], id="network policies"),
        pytest.param(("completion", ""), ["bash", "zsh", "fish"], id="shells"),
        pytest.param(("deps", "--as-of", "2"), [], id="a day is nothing to guess"),
    ],
)
def test_bash_is_offered(complete: Complete, words: tuple[str, ...], offered: list[str]) -> None:
    assert complete(*words) == offered


def test_folders_are_offered_where_they_are_what_is_asked_for(complete: Complete, tmp_path: Path) -> None:
    for file in ("work/task_b/custom.py", "work/task_a/custom.R", "work/task c/custom.py", "work/other/notes.txt"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).touch()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "env_info.json").write_text(json.dumps({"id": "1", "name": "Own"}))
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "report.json").touch()
    assert complete("validate", "work/") == ["work/task_a", "work/task_b"]
    assert complete("validate", "work/task_a", "--json", "work/task_b") == ["work/task_b"]
    # Nothing of ours: bash goes on with its own files and folders.
    assert complete("validate", "wo") == []
    assert complete("build", "--env", "o") == ["own"]
    assert complete("compare", "bef") == ["before"]
    assert complete("lock", "nowhere/") == []
    assert complete("lock", "~nobody-of-that-name/") == []


# What each shell is told, and how its answer begins once it has read the script.
LOADED = {
    "bash": ("source {}; complete -p harness", "complete -o default -F _harness_completion harness"),
    "zsh": ("autoload -Uz compinit; compinit -u -D; source {}; print -r -- $_comps[harness]", "_harness_completion"),
    "fish": ("source {}; complete -C 'harness completi'", "completion\tPrint the script that makes a shell"),
}
WITHOUT_SETTINGS = {"bash": "--norc", "zsh": "-f", "fish": "--no-config"}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_reads_its_script(shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(completion_script(shell))
    told, answer = LOADED[shell]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shell, WITHOUT_SETTINGS[shell], "-c", told.format(script)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
    )
    assert done.stdout.startswith(answer), done.stderr


ASKED = {
    "bash": ("complete_bash", {"COMP_WORDS": "harness valid", "COMP_CWORD": "1"}),
    "zsh": ("complete_zsh", {"_TYPER_COMPLETE_ARGS": "harness valid"}),
    "fish": (
        "complete_fish",
        {"_TYPER_COMPLETE_ARGS": "harness valid", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    ),
}


@pytest.mark.parametrize("shell", ASKED)
def test_every_shell_gets_the_command_in_its_own_form(shell: str) -> None:
    instruction, asked = ASKED[shell]
    program = Path(sys.executable).with_name("harness")
    environment = {**os.environ, "_HARNESS_COMPLETE": instruction, **asked}
    done = subprocess.run([program], capture_output=True, text=True, check=True, env=environment)
    assert "validate" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_shell_that_nobody_knows_is_bad_usage() -> None:
    done = subprocess.run([sys.executable, "-m", "harness", "completion", "tcsh"], capture_output=True, check=False)
    assert done.returncode == 2
