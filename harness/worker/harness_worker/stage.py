"""One stage, in its own process: a fresh fork of the server that becomes the task's process and then ends."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import os
import random
import resource
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import numpy as np
import pandas as pd

from . import fence, processes
from .activity import Activity, FolderState
from .credentials import Mask, read_documents
from .data import read_inputs
from .environment import stage_variables
from .files import write_json
from .job import Job, Stage
from .outputs import write_output
from .problems import call_hook, describe, is_out_of_memory
from .progress import Progress
from .task import MODULE, find_code_file, forget_shadowed_modules, load_task, prepare_module_path

# The signal at which the interpreter writes down where it is; the server sends it before it kills.
STACK_SIGNAL = signal.SIGUSR2
# Whom the kernel ends first for want of memory; of two stages at once, the optional one.
_SCORE, _OPTIONAL_SCORE = 500, 1000
_LEAST_URGENT = 19
_HANDLED_BY_SERVER = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True)
class StageStart:
    """What a stage's process inherits.

    log: the file descriptor that its output goes to. stack: one for the stack where it crashes or is stopped.
    server_descriptors: those of the server, which the task must not have. preloaded: modules imported on request.
    inputs: the data, where the server has read it for all stages. has_own_group: whether the kernel shares out
    processors and memory to the run as a whole, as to a container.
    """

    job: Job
    stage: Stage
    progress: Progress
    server: int
    log: int
    stack: int
    server_descriptors: List[int]
    preloaded: List[str]
    inputs: Any = None
    has_own_group: bool = False


def run_stage(start: StageStart) -> None:
    """Do the stage's work and end the process; never returns.

    The exit code is 0 only where `result.json` is written and the work succeeded.
    """
    code = 1
    try:
        _become_task_process(start)
        code = _Run(start).run()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        processes.flush_c_streams()
    except BaseException as error:
        # The task may have closed its own output; there is nowhere to say so.
        os.write(2, ("The stage ended badly: %r\n" % error).encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _become_task_process(start: StageStart) -> None:
    """Leave the server's session, files, signals and rights; take the log for output and the limits of the job."""
    os.setsid()
    processes.die_with_parent(start.server)
    signal.set_wakeup_fd(-1)
    for number in _HANDLED_BY_SERVER:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(start.log, 1)
    os.dup2(start.log, 2)
    for descriptor in [nothing, start.log, *start.server_descriptors]:
        os.close(descriptor)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process
    sys.stdout = sys.__stdout__ = processes.text_stream(1)
    sys.stderr = sys.__stderr__ = processes.text_stream(2)
    sys.argv = [""]
    gc.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fence.enter()
    processes.die_first_for_memory(_OPTIONAL_SCORE if start.stage.optional else _SCORE)
    if start.has_own_group:
        # Nobody but the server is left behind, and that finds the time to end a thousand processes.
        os.nice(_LEAST_URGENT)
    faulthandler.enable(file=start.stack, all_threads=False)
    faulthandler.register(STACK_SIGNAL, file=start.stack, all_threads=False)
    # Forks share the state of the global generators; separate processes of the platform do not.
    np.random.seed()  # noqa: NPY002 - it is the state of the legacy generator that was copied
    random.seed()


class _Run:
    """The work of one stage and the result that it writes down."""

    def __init__(self, start: StageStart) -> None:
        self._start = start
        self._job = start.job
        self._stage = start.stage
        self._progress = start.progress
        self._code_folder = start.job.code_folder_of(start.stage)
        self._output_folder = os.path.join(start.job.output_folder, start.stage.name)
        self._code_file: Optional[str] = None
        self._task: Any = None
        self._mask = Mask()
        self._secrets: Dict[str, Any] = {}
        self._requests: List[Dict[str, Any]] = []
        self._result: Dict[str, Any] = {
            "interface": None,
            "hooks": [],
            "importSeconds": None,
            "loadSeconds": None,
            "importActivity": [],
            "outsideWrites": [],
            "workingDirectoryChanged": False,
            "modelSource": None,
            "error": None,
            "requests": self._requests,
        }

    def run(self) -> int:
        """Return the exit code for the process: 0, 1, or what the task gave to `sys.exit`."""
        os.chdir(self._code_folder)
        here = os.getcwd()
        state = FolderState(self._code_folder) if self._stage.kind == "fit" else None
        # Home and the temporary folder are the host's business; the rest of the environment is the platform's.
        activity = Activity(self._allowed_folders(), self._code_folder)
        os.environ.update(stage_variables(self._job, self._code_folder))
        status, code = self._work(activity)
        for path in state.changed_since() if state is not None else []:
            activity.add_outside_write(path)
        self._result["importActivity"] = activity.at_import
        self._result["outsideWrites"] = activity.outside_writes
        self._result["workingDirectoryChanged"] = _working_folder() != here
        if self._task is not None:
            self._result["modelSource"] = self._task.model_source
        folder = self._job.record_folder_of(self._stage)
        write_json(os.path.join(folder, "result.json"), self._mask.clean_all(self._result))
        self._progress.finish(status)
        return code

    def _allowed_folders(self) -> List[str]:
        fit_only = [self._job.artifact_folder] if self._stage.kind == "fit" else []
        return [self._output_folder, *fit_only]

    def _work(self, activity: Activity) -> "tuple[str, int]":
        """Run the stage; return its status and exit code, with any error in the result."""
        try:
            self._limit_memory()
            self._limit_files()
            if self._stage.optional:
                _leave_processors_to_others()
            self._load_code(activity)
            if self._stage.kind == "fit":
                self._fit()
            else:
                self._score()
        except BaseException as error:
            self._lift_memory_limit()
            self._result["error"] = self._describe(error)
            _print_traceback(self._result["error"])
            if isinstance(error, (SystemExit, KeyboardInterrupt)):
                return "exited", _exit_code(error)
            return ("out_of_memory" if is_out_of_memory(error) else "failed"), 1
        self._lift_memory_limit()
        return "passed", 0

    def _limit_memory(self) -> None:
        """Make one huge allocation fail at once; the server watches what is really used."""
        if self._job.memory_bytes is not None and processes.IS_LINUX:
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            limit = processes.data_segment_bytes() + self._job.memory_bytes
            if hard == resource.RLIM_INFINITY or limit <= hard:
                resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))

    def _limit_files(self) -> None:
        """Make one huge file fail at once; the server watches what all files take."""
        if self._job.disk_bytes is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            if hard == resource.RLIM_INFINITY or self._job.disk_bytes <= hard:
                resource.setrlimit(resource.RLIMIT_FSIZE, (self._job.disk_bytes, hard))

    def _lift_memory_limit(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))

    def _load_code(self, activity: Activity) -> None:
        self._progress.enter("secrets")
        self._secrets = read_documents(self._job.secrets_folder)
        self._mask = Mask(self._secrets.values())
        self._progress.enter("import")
        self._code_file = find_code_file(self._code_folder)
        prepare_module_path(self._code_file)
        forget_shadowed_modules(os.path.dirname(self._code_file), self._start.preloaded)
        activity.watch()
        activity.importing = True
        began = time.perf_counter()
        try:
            with processes.only_here():
                module = importlib.import_module(MODULE)
        finally:
            activity.importing = False
            self._result["importSeconds"] = time.perf_counter() - began
        self._task = load_task(module, self._job, self._progress, self._secrets)
        self._result["interface"] = self._task.interface
        self._result["hooks"] = self._task.names
        init = getattr(module, "init", None)
        if callable(init):
            self._progress.enter("init")
            call_hook("init", init, self._code_folder)

    def _fit(self) -> None:
        self._task.fit(self._inputs())

    def _score(self) -> None:
        inputs = self._inputs()
        began = time.perf_counter()
        try:
            self._task.load(self._code_folder)
        finally:
            self._result["loadSeconds"] = time.perf_counter() - began
        for number, request in enumerate(self._stage.requests):
            record: Dict[str, Any] = {"id": request.id, "seconds": None, "error": None, "output": None}
            self._requests.append(record)
            try:
                self._answer(inputs, request, record, self._stage.writes_table and number == 0)
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                record["error"] = self._describe(error)
                if number == 0 or not isinstance(error, Exception) or is_out_of_memory(error):
                    raise

    def _inputs(self) -> Any:
        self._progress.enter("data")
        if self._start.inputs is not None:
            return self._start.inputs
        return read_inputs(self._job.input_folder, self._job.data_format)

    def _answer(self, inputs: Any, request: Any, record: Dict[str, Any], with_table: bool) -> None:
        self._progress.enter("data")
        original = self._task.given(inputs, request)
        given = original.copy() if isinstance(original, pd.DataFrame) else original
        began = time.perf_counter()
        try:
            value = self._task.apply(given, inputs, request)
        finally:
            record["seconds"] = time.perf_counter() - began
        self._progress.enter("outputs")
        record["output"] = write_output(value, self._output_folder, request.id, with_table)
        if given is not original:
            record["output"]["inputPreserved"] = given.equals(original)

    def _describe(self, error: BaseException) -> Dict[str, Any]:
        return describe(error, self._progress.where, self._code_folder, self._code_file)


def _print_traceback(record: Dict[str, Any]) -> None:
    """Put the task's traceback where what it printed itself is, so that the log alone tells why the stage failed."""
    try:
        os.write(2, record["traceback"].encode("utf-8", "replace"))
    except OSError:
        # The task has closed its output.
        return


def _leave_processors_to_others() -> None:
    """Use one thread: an optional stage runs beside others, and OpenMP's threads wait by spinning."""
    control: Any = sys.modules.get("threadpoolctl")
    if control is not None:
        control.threadpool_limits(1)


def _exit_code(error: BaseException) -> int:
    """Return the exit code that the interpreter would give the process."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    code = getattr(error, "code", None)
    if code is None:
        return 0
    return code & 0xFF if isinstance(code, int) else 1


def _working_folder() -> Optional[str]:
    try:
        return os.getcwd()
    except OSError:
        return None
