"""The hook of .pre-commit-hooks.yaml, run by pre-commit itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
GOOD = "def fit(X, y, output_dir, **kwargs):\n    pass\n\n\ndef score(data, model, **kwargs):\n    return data\n"
METADATA = "name: tried\ntype: training\ntargetType: regression\n"


class Repository:
    """A repository whose only hook is ours. It runs the harness that is installed, not one in a venv of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (hook,) = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
        assert hook["language"] == "python"
        assert hook["entry"].startswith("harness ")
        local = {**hook, "language": "system", "entry": f"{sys.executable} -m {hook['entry']}"}
        config = {"repos": [{"repo": "local", "hooks": [local]}]}
        (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
        self.git("init", "--quiet")

    def write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.git("add", "--all")

    def git(self, *words: str) -> None:
        self._run("git", *words).check_returncode()

    def pre_commit(self) -> subprocess.CompletedProcess[str]:
        """Run the hook on what is staged, as `git commit` does."""
        return self._run(sys.executable, "-m", "pre_commit", "run", "--color", "never")

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment = {**kept, "PRE_COMMIT_HOME": str(self.folder / ".git" / "pre-commit")}
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_refused_requirement_stops_the_commit_and_its_rewrite_lets_it_pass(repository: Repository) -> None:
    repository.write("README.md", "of no task\n")
    repository.write("tasks/churn/custom.py", GOOD)
    repository.write("tasks/churn/model-metadata.yaml", METADATA)
    repository.write("tasks/churn/requirements.txt", "six~=1.16\n")
    stopped = repository.pre_commit()
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "tasks/churn/requirements.txt:1: error: The operator ~= is not supported" in stopped.stdout
    assert stopped.stdout.count("[requirements]") == 1
    repository.write("tasks/churn/requirements.txt", "six>=1.16,<2\n")
    passed = repository.pre_commit()
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_a_commit_that_touches_no_task_passes(repository: Repository) -> None:
    repository.write("README.md", "of no task\n")
    passed = repository.pre_commit()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout
