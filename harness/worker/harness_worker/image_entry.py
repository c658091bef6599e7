"""The programs of a task's image: `fit` as the platform's fit.sh, and `serve`, a small prediction server.

Each does its work in a process of its own. This one stays outside of the task's reach: it stars secrets out of all
that the task writes, hands signals on, and sees how the work really ended.
"""

from __future__ import annotations

import faulthandler
import os
import select
import signal
import sys
import tempfile
from typing import Any, Callable, NoReturn, Optional

from . import processes
from .credentials import Mask, read_documents
from .image_entry_contract import ContractBroken, read_fit_job, read_serve_job, server_address
from .job import Job
from .log import MaskedLines
from .problems import TaskProblem
from .progress import Progress

USAGE = "usage: python3 WORKER_FOLDER fit | serve"
PASSED = "passed"
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_CHUNK = 64 * 1024


def main() -> NoReturn:
    """Run the program that the command line names: exit code 0 where it succeeded, 1 where not, 2 for bad usage."""
    programs = {"fit": _fit, "serve": _serve}
    if len(sys.argv) != 2 or sys.argv[1] not in programs:
        _say(USAGE)
        sys.exit(2)
    try:
        sys.exit(programs[sys.argv[1]]())
    except ContractBroken as broken:
        for problem in broken.problems:
            _say(problem)
    except TaskProblem as problem:
        _say("%s %s" % (problem, problem.remedy))
    sys.exit(1)


def _fit() -> int:
    job = read_fit_job(os.environ)
    secrets = read_documents(job.secrets_folder)

    def work(progress: Progress) -> bool:
        from .image_entry_task import ImageTask

        return ImageTask(job, job.code_folder, secrets, progress).fit()

    return _supervise(work, Mask(secrets.values()), "fit")


def _serve() -> int:
    with _temporary_folder() as model_folder:
        job = read_serve_job(os.environ, model_folder)
        address = server_address(os.environ)
        secrets = read_documents(job.secrets_folder)
        mask = Mask(secrets.values())
        folder = _folder_of_model(job)

        def work(progress: Progress) -> bool:
            from .image_entry_server import serve
            from .image_entry_task import ImageTask

            return serve(ImageTask(job, folder, secrets, progress), address, mask)

        return _supervise(work, mask, "serve")


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="model-")
    except OSError as error:
        raise ContractBroken(["There is no place for temporary files: %s." % error.strerror]) from error


def _folder_of_model(job: Job) -> str:
    """Return the folder to load the model from: the code, with the artifact over a copy where that lies elsewhere."""
    if not job.artifact_folder:
        return job.code_folder
    from .model_folder import copy_over

    try:
        for folder in (job.code_folder, job.artifact_folder):
            copy_over(folder, job.model_folder)
    except OSError as error:
        raise ContractBroken(["Code and artifact cannot be put together: %s" % error]) from error
    return job.model_folder


def _supervise(work: Callable[[Progress], bool], mask: Mask, name: str) -> int:
    """Do the work in a child and show what it writes; return the exit code, 128 + signal where one ended us."""
    sys.stdout.flush()
    sys.stderr.flush()
    progress = Progress()
    parent = os.getpid()
    processes.adopt_orphans()
    output, output_end = os.pipe()
    child = processes.fork()
    if child == 0:
        _work(work, progress, parent, output_end)
    os.close(output_end)
    return _Supervision(child, output, MaskedLines(mask)).run(progress, name)


def _work(work: Callable[[Progress], bool], progress: Progress, parent: int, output_end: int) -> NoReturn:
    """Become the process of the task, do the work and end; the progress says `passed` where it succeeded."""
    try:
        os.setsid()
        processes.die_with_parent(parent)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output_end, 1), (output_end, 2)):
            os.dup2(source, target)
        os.closerange(3, max(nothing, output_end) + 1)
        sys.stdout = sys.__stdout__ = processes.text_stream(1)
        sys.stderr = sys.__stderr__ = processes.text_stream(2)
        sys.argv = [""]
        faulthandler.enable(all_threads=False)
        passed = work(progress)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        processes.flush_c_streams()
        if passed:
            progress.finish(PASSED)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(0 if progress.status == PASSED else 1)


class _Supervision:
    """Shows a child's output until the child has ended, however that comes about."""

    def __init__(self, child: int, output: int, lines: MaskedLines) -> None:
        self._child = child
        self._output = output
        self._lines = lines
        self._wait_status: Optional[int] = None
        self._asked_to_end: Optional[int] = None
        self._wakeup = os.pipe()

    def run(self, progress: Progress, name: str) -> int:
        self._listen_to_signals()
        try:
            self._follow()
        finally:
            processes.kill_group(self._child)
            processes.kill_leftovers()
        self._show_rest()
        if self._asked_to_end is not None:
            return 128 + self._asked_to_end
        if progress.status == PASSED:
            return 0
        place = progress.where or "its start"
        if os.WIFSIGNALED(self._wait_status):
            number = os.WTERMSIG(self._wait_status)
            _say("%s was ended by %s in the middle of %s." % (name, processes.signal_name(number), place))
        elif os.WEXITSTATUS(self._wait_status) == 0:
            _say("%s ended its process in the middle of %s." % (name, place))
        return 1

    def _listen_to_signals(self) -> None:
        for descriptor in (self._output, *self._wakeup):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in _ENDING_SIGNALS:
            signal.signal(number, self._end)
        # The child may have ended before anybody listened.
        os.kill(os.getpid(), signal.SIGCHLD)

    def _end(self, number: int, _: Any) -> None:
        self._asked_to_end = number
        # Just after its start the child leads no group yet.
        for kill in (os.killpg, os.kill):
            try:
                kill(self._child, signal.SIGTERM)
            except ProcessLookupError:
                continue

    def _follow(self) -> None:
        poller = select.poll()
        poller.register(self._output, select.POLLIN)
        poller.register(self._wakeup[0], select.POLLIN)
        while self._wait_status is None:
            for descriptor, _ in poller.poll():
                chunk = self._read(descriptor)
                if descriptor == self._wakeup[0]:
                    self._reap()
                elif chunk == b"":
                    poller.unregister(descriptor)
                else:
                    self._show(self._lines.feed(chunk or b""))

    def _reap(self) -> None:
        """Collect every child that has ended; orphans of the work have become ours."""
        while self._wait_status is None:
            pid, wait_status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid == self._child:
                self._wait_status = wait_status

    def _show_rest(self) -> None:
        """Show what was written just before the end."""
        chunk = self._read(self._output)
        while chunk:
            self._show(self._lines.feed(chunk))
            chunk = self._read(self._output)
        self._show(self._lines.rest())

    @staticmethod
    def _read(descriptor: int) -> Optional[bytes]:
        """Return what can be read right now, empty at the end, None where there is nothing."""
        try:
            return os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return None

    @staticmethod
    def _show(shown: bytes) -> None:
        while shown:
            shown = shown[os.write(1, shown) :]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
