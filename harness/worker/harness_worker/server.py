"""The server: imports once, then forks a process for each stage of the job and tells the host how they go."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
from dataclasses import replace
from typing import Any, Dict, List, NoReturn, Optional, Tuple

from . import fence, processes
from .job import Job, Stage, parse_job, parse_preload

NEEDED = ("numpy", "pandas")
# Libraries that start threads, or take a device, when they are imported; a fork of them hangs or crashes.
NOT_FORKABLE = {
    "cudf", "cuml", "cupy", "flax", "grpc", "h2o", "jax", "jaxlib", "keras", "polars", "pycuda", "pyspark", "ray",
    "tensorflow", "tensorflow_hub", "tensorflow_probability", "tensorflow_text", "tf_keras", "vllm",
}  # fmt: skip
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _Stopped(BaseException):
    """A signal, named by the text, asked for an early end."""


def main() -> NoReturn:
    """Serve one job on standard input and output; ends the process, with 0 where the whole job was run."""
    events = _Events()
    code = 1
    try:
        code = _serve(events)
    except _Stopped as stopped:
        events.tell({"event": "error", "message": "%s ended the worker" % stopped})
        code = 143
    except BrokenPipeError:
        # The host is gone; so is whoever could read a message.
        code = 1
    except BaseException as error:
        code = _end_badly(events, error)
    finally:
        os._exit(code)


def _end_badly(events: "_Events", error: BaseException) -> int:
    if type(error).__name__ != "HostGone":
        events.tell({"event": "error", "message": "%s: %s" % (type(error).__name__, error)})
        sys.excepthook(type(error), error, error.__traceback__)
    return 1


class _Events:
    """The host's end of standard output; the task's code gets no hold of it."""

    def __init__(self) -> None:
        self.descriptor = os.dup(1)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.close(nothing)

    def tell(self, event: Dict[str, Any]) -> None:
        line = (json.dumps(event) + "\n").encode("utf-8")
        while line:
            line = line[os.write(self.descriptor, line) :]


def _serve(events: _Events) -> int:
    began = time.perf_counter()
    host = os.getppid()
    fence.hide()
    wakeup = _listen_to_signals()
    processes.adopt_orphans()
    if os.environ.get("HARNESS_NETWORK") == "none":
        processes.bring_up_loopback()
    for name in [name for name in os.environ if name.startswith("HARNESS_")]:
        del os.environ[name]
    line = sys.stdin.buffer.readline()
    if not line:
        return 1
    wanted = parse_preload(line)
    # Before any library: many look at the environment when they are imported, and only then.
    os.environ.update(wanted.variables)
    baseline = set(sys.modules)
    # Imports make millions of objects and no garbage.
    gc.disable()
    failure = _import_needed()
    if failure is not None:
        events.tell({"event": "error", "message": failure})
        return 1
    needed = set(sys.modules)
    imported = [*NEEDED, *_import_wanted(wanted.modules)]
    # What is imported now stays; collecting garbage must not touch, and so copy, its memory in every stage.
    gc.freeze()
    gc.enable()
    events.tell(
        {
            "event": "ready",
            "seconds": round(time.perf_counter() - began, 6),
            "pythonVersion": "%d.%d.%d" % sys.version_info[:3],
            "imported": imported,
            "isolated": processes.is_isolated(),
        }
    )
    line = sys.stdin.buffer.readline()
    if not line:
        return 1
    preloaded = [name for name in sys.modules if name not in needed and name not in baseline]
    artifact = _run_job(parse_job(line), events, wakeup, host, preloaded)
    events.tell({"event": "ended", "artifact": artifact})
    return 0


def _listen_to_signals() -> Tuple[int, int]:
    """Let a signal end the server in order, and the end of a child wake it; return the pipe of the latter."""

    def stop(number: int, _: Any) -> None:
        for ending in _ENDING_SIGNALS:
            signal.signal(ending, signal.SIG_IGN)
        raise _Stopped(processes.signal_name(number))

    reading, writing = os.pipe()
    for descriptor in (reading, writing):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in _ENDING_SIGNALS:
        signal.signal(number, stop)
    return reading, writing


def _import_needed() -> Optional[str]:
    """Import what every task needs; return what to tell the user where that is not possible."""
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except Exception as error:
            return "The environment cannot import %s, which every task needs: %s: %s" % (
                name,
                type(error).__name__,
                error,
            )
    return None


def _import_wanted(names: List[str]) -> List[str]:
    """Import modules without a sound; return those that could be."""
    imported = []
    errors = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        for name in names:
            if name in NEEDED or name.partition(".")[0] in NOT_FORKABLE:
                continue
            try:
                importlib.import_module(name)
            except _Stopped:
                raise
            except BaseException:  # noqa: S112 - the hook's own import will say why
                continue
            imported.append(name)
        from .warming import warm_up

        warm_up()
    finally:
        os.dup2(errors, 2)
        os.close(errors)
        os.close(nothing)
    return imported


def _run_job(
    job: Job, events: _Events, wakeup: Tuple[int, int], host: int, preloaded: List[str]
) -> Optional[Dict[str, Any]]:
    """Run the stages in order until one fails; optional ones run beside those that score, and may fail.

    Return what there is to say of what fit left, None where it did not come to that.
    """
    # These need numpy and pandas, which have been found by now.
    from .credentials import Mask, read_documents
    from .data import read_shared_inputs
    from .environment import write_input_files
    from .files import TemporaryFiles
    from .model_folder import ModelFolder
    from .problems import TaskProblem
    from .watching import Server

    write_input_files(job)
    inputs = read_shared_inputs(job.input_folder, job.data_format)
    server = Server(events.descriptor, wakeup, host, preloaded, inputs)
    try:
        mask = Mask(read_documents(job.secrets_folder).values())
    except TaskProblem:
        # The stage reads them too and tells the user.
        mask = Mask()
    models = ModelFolder(job.code_folder, job.artifact_folder, job.model_folder)
    temporary_files = TemporaryFiles.since_now()
    fits = [stage for stage in job.stages if stage.kind == "fit"]
    scores = [stage for stage in job.stages if stage.kind == "score" and not stage.optional]
    beside = [stage for stage in job.stages if stage.kind == "score" and stage.optional]
    try:
        if not _run_stages(fits, server, job, mask, events):
            return None
        temporary_files.remove()
        artifact = models.add_artifact(job.disk_bytes)
        if models.has_artifact:
            branch = _start_branch(beside, server, job, mask, events) if beside else None
            if _run_stages(scores, replace(server, branch=branch), job, mask, events) and branch is not None:
                _wait_for(branch)
        return {"totalBytes": artifact.total_bytes, "leftOut": artifact.left_out}
    finally:
        processes.kill_leftovers()
        models.restore()


def _run_stages(stages: List[Stage], server: Any, job: Job, mask: Any, events: _Events) -> bool:
    """Run stages one after the other; tell whether all passed that must. The first that does not ends the row."""
    from .watching import watch_stage

    for stage in stages:
        events.tell({"event": "stageStarted", "name": stage.name})
        status = watch_stage(server, job, stage, mask)
        events.tell({"event": "stageEnded", "name": stage.name, "status": status})
        if status != "passed" and not stage.optional:
            return False
    return True


def _start_branch(stages: List[Stage], server: Any, job: Job, mask: Any, events: _Events) -> int:
    """Fork a second server that runs these stages on another processor; return its process."""
    parent = os.getpid()
    branch = processes.fork()
    if branch:
        return branch
    code = 1
    try:
        processes.die_with_parent(parent)
        processes.adopt_orphans()
        for descriptor in server.wakeup:
            os.close(descriptor)
        own = replace(server, wakeup=_listen_to_signals(), host=parent)
        _run_stages(stages, own, job, mask, events)
        code = 0
    finally:
        os._exit(code)


def _wait_for(branch: int) -> None:
    try:
        os.waitpid(branch, 0)
    except ChildProcessError:
        # It ended while a stage was watched, and was collected with the stage's processes.
        return
