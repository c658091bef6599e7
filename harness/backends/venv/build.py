"""Install a task's dependencies into a venv: one a digest, shared by all runs, never seen half-built."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.backends.processes import run_logged
from harness.backends.venv.import_check import check_imports
from harness.backends.venv.interpreters import Interpreter, find_interpreter
from harness.backends.venv.layer_lock import STARTED_BY, locked_layer
from harness.builds.diagnosis import diagnose_build
from harness.builds.diagnosis.imports import diagnose_imports
from harness.builds.import_check import FAILED_IMPORTS, ImportCheck, names_to_check
from harness.builds.log import frame_log
from harness.builds.model import BuildPlan, BuildResult
from harness.builds.pip_settings import uv_environment
from harness.builds.uv_program import find_uv
from harness.cache import cache_folder, remove_tree
from harness.errors import BackendUnavailable, Interrupted
from harness.progress import Progress
from harness.records import BuildStatus

LOG_FILE = "harness-build.log"
RECORD_FILE = "harness-build.json"
INTERRUPTED = Interrupted.exit_code


def build_venv(plan: BuildPlan, progress: Progress, cancellation: Cancellation) -> BuildResult:
    """Return the venv for `plan` and this machine's interpreter: the finished one, or a new one.

    There are two layers, as in the platform's images: the base environment's packages, and on a copy of that venv
    the task's own. Two runs that want the same layer wait for each other and share it.
    """
    if plan.environment.image is not None:
        raise BackendUnavailable(
            f"the environment is the image {plan.environment.image}, and the venv backend has no images",
            remedy="Use --backend docker, or choose an environment that is a folder.",
        )
    interpreter = find_interpreter(plan.environment.python_version)
    machine = f"{interpreter.version} {interpreter.path}"
    base = _Layer("environment", plan.environment_requirements, (), machine)
    own = _Layer("task", plan.requirements, plan.constraints, machine, base)
    layers = (base, own) if plan.requirements else (base,)
    results: list[BuildResult] = []
    for layer in layers:
        results.append(_take_or_build(layer, plan, interpreter, progress, cancellation))
        if not results[-1].succeeded:
            break
    built_now = [result for result in results if not result.cached] or results
    return replace(
        results[-1],
        started=built_now[0].started,
        log="".join(result.log for result in results),
        cached=all(result.cached for result in results),
    )


@dataclass(frozen=True, slots=True)
class _Layer:
    """Requirements installed together, on an empty venv or on a copy of `below`, and constraints to keep to."""

    name: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    machine: str
    below: _Layer | None = None

    @property
    def digest(self) -> str:
        below = self.below.digest if self.below else ""
        constraints = [f"constraint {line}" for line in self.constraints]
        content = "\n".join([self.machine, below, *self.requirements, *constraints])
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    @property
    def folder(self) -> Path:
        return cache_folder() / "venvs" / self.digest


def _take_or_build(
    layer: _Layer, plan: BuildPlan, interpreter: Interpreter, progress: Progress, cancellation: Cancellation
) -> BuildResult:
    if (layer.folder / RECORD_FILE).is_file():
        return _finished_build(layer, interpreter)
    with locked_layer(layer.folder, cancellation) as lock:
        if (layer.folder / RECORD_FILE).is_file():
            return _finished_build(layer, interpreter)
        return _build(layer, plan, interpreter, progress, cancellation, lock)


def _build(
    layer: _Layer, plan: BuildPlan, interpreter: Interpreter, progress: Progress, cancellation: Cancellation, lock: int
) -> BuildResult:
    """Make the layer under another name and rename it when it is complete, and what the task declares can be imported.

    A killed build so leaves nothing that looks like a venv; the next build ends an installer that has outlived it,
    and removes what it left. lock: the descriptor of the layer's lock, which every program here holds as well.
    """
    unfinished = layer.folder.with_suffix(".unfinished")
    remove_tree(unfinished)
    started = datetime.now(UTC)
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        progress.build_line(line)

    try:
        run = partial(run_logged, on_line=on_line, cancellation=cancellation, lock=lock)
        exit_code = _install(layer, interpreter, unfinished, run)
        imports, diagnosis, outcome = ImportCheck(), None, "succeeded"
        if exit_code == 0 and layer.below is not None:
            python, names = unfinished / "bin" / "python", names_to_check(plan)
            imports = check_imports(python, names, on_line=on_line, cancellation=cancellation, lock=lock)
            exit_code = INTERRUPTED if cancellation.requested else 0
        if exit_code != 0:
            diagnosis, outcome = diagnose_build(plan, lines, exit_code), f"failed with exit code {exit_code}"
        elif imports.failures:
            diagnosis, outcome = diagnose_imports(plan, imports.failures), FAILED_IMPORTS
        ended = datetime.now(UTC)
        log = frame_log(lines, started, ended, outcome)
        if diagnosis is None:
            (unfinished / LOG_FILE).write_text(log, encoding="utf-8")
            record = {"started": started.isoformat(), "ended": ended.isoformat(), "notes": imports.notes}
            (unfinished / RECORD_FILE).write_text(json.dumps(record), encoding="utf-8")
            unfinished.rename(layer.folder)
    finally:
        remove_tree(unfinished)
    return BuildResult(
        BuildStatus.SUCCESS if diagnosis is None else BuildStatus.FAILED,
        started,
        ended,
        log,
        python=layer.folder / "bin" / "python" if diagnosis is None else None,
        python_version=interpreter.version,
        exit_code=exit_code,
        diagnosis=diagnosis,
        notes=(*_notes(interpreter), *imports.notes),
        installer="uv",
    )


def _install(layer: _Layer, interpreter: Interpreter, folder: Path, run: Callable[..., int]) -> int:
    environment = {**os.environ, **uv_environment(os.environ), "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
    environment[STARTED_BY] = str(os.getpid())
    environment.pop("VIRTUAL_ENV", None)
    uv = find_uv()
    if layer.below is None:
        # Relocatable, because the folder is renamed and copied.
        make_venv = [uv, "venv", "--no-project", "--relocatable", "--python", interpreter.path, str(folder)]
        exit_code = run(make_venv, environment)
        if exit_code != 0:
            return exit_code
    else:
        # Hard links: installers replace files and never write into them, so the layer below stays as it is.
        shutil.copytree(layer.below.folder, folder, symlinks=True, copy_function=os.link)
        for name in (LOG_FILE, RECORD_FILE):
            (folder / name).unlink()
    if not layer.requirements:
        return 0
    file = folder / f"harness-{layer.name}-requirements.txt"
    file.write_text("\n".join(layer.requirements) + "\n", encoding="utf-8")
    python = str(folder / "bin" / "python")
    install = [uv, "pip", "install", "--python", python, "--compile-bytecode", "--requirement", str(file)]
    if layer.constraints:
        constraints = folder / "harness-constraints.txt"
        constraints.write_text("\n".join(layer.constraints) + "\n", encoding="utf-8")
        install += ["--constraint", str(constraints)]
    if any("--hash" in line for line in layer.requirements):
        install.append("--require-hashes")
    return run(install, environment)


def _finished_build(layer: _Layer, interpreter: Interpreter) -> BuildResult:
    record = json.loads((layer.folder / RECORD_FILE).read_text(encoding="utf-8"))
    return BuildResult(
        BuildStatus.SUCCESS,
        datetime.fromisoformat(record["started"]),
        datetime.fromisoformat(record["ended"]),
        (layer.folder / LOG_FILE).read_text(encoding="utf-8"),
        cached=True,
        python=layer.folder / "bin" / "python",
        python_version=interpreter.version,
        exit_code=0,
        notes=(*_notes(interpreter), *record.get("notes", ())),
        installer="uv",
    )


def _notes(interpreter: Interpreter) -> tuple[str, ...]:
    return (interpreter.note,) if interpreter.note else ()
