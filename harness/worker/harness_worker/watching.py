"""One stage as the server sees it: started, watched for time, memory and output, ended, cleaned up, recorded."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from . import processes
from .credentials import Mask
from .disk import DiskWatch
from .files import TemporaryFiles, empty, remove, utc_text, write_json
from .job import Job, Stage
from .log import LARGEST_LOG_BYTES, StageLog
from .progress import Progress
from .stage import STACK_SIGNAL, StageStart, run_stage

# How long a look at memory and time may be late. Ends are noticed at once, by signal.
POLL_SECONDS = 0.025
# More than any honest library starts, and less than a container may have.
MOST_PROCESSES = 300
# How long to wait for the interpreter to write down where it is before it is killed.
STACK_PATIENCE_SECONDS = 0.05
_CHUNK = 256 * 1024
_LARGEST_STACK_BYTES = 64 * 1024


class HostGone(BaseException):
    """Nobody reads our events any more, nobody could send us a job, or the process that started us has ended."""


@dataclass(frozen=True)
class Server:
    """What the server lends to each stage.

    events: file descriptor of the events, watched for a host that is gone. wakeup: the two ends of a pipe that is
    readable whenever a signal has come. host: the process that started the server. inputs: the data, None where each
    stage is to read it. branch: the process of a second server that works beside this one, None where there is none.
    """

    events: int
    wakeup: Tuple[int, int]
    host: int
    preloaded: List[str]
    inputs: Any = None
    branch: Optional[int] = None


@dataclass(frozen=True)
class _End:
    """How the stage's process ended: wait status and resource usage, None where it could not be collected."""

    wait_status: int
    usage: Any


def watch_stage(server: Server, job: Job, stage: Stage, mask: Mask) -> str:
    """Run one stage to its end, write its log.txt and stage.json; return its status."""
    folder = job.record_folder_of(stage)
    # An earlier stage may have put something there that looks like this one's result.
    empty(folder)
    with tempfile.TemporaryFile() as stack:
        watch = _Watch(server, job, stage, folder, mask, stack.fileno())
        try:
            return watch.run()
        finally:
            watch.close()


class _Watch:
    def __init__(self, server: Server, job: Job, stage: Stage, folder: str, mask: Mask, stack: int) -> None:
        self._server = server
        self._job = job
        self._stage = stage
        self._folder = folder
        self._stack = stack
        self._progress = Progress()
        self._log = StageLog(os.path.join(folder, "log.txt"), mask)
        self._output, self._output_end = os.pipe()
        os.set_blocking(self._output, False)
        self._poller = select.poll()
        self._pid = 0
        self._end: Optional[_End] = None
        self._stopped_for: Optional[str] = None
        self._peak_bytes = 0
        self._branch = server.branch
        self._kills = processes.kernel_kills()
        self._own_group = job.memory_bytes is not None and processes.has_memory_group_of(job.memory_bytes)
        self._disk = DiskWatch(_writable_folders(job), self._family)

    def run(self) -> str:
        started_at, began = time.time(), time.monotonic()
        self._log.line('%s stage "%s" started' % (utc_text(started_at), self._stage.name))
        if self._job.disk_bytes is not None:
            # The first look tells what is there already.
            self._disk.is_above(self._job.disk_bytes)
        self._start()
        self._watch(began + self._stage.timeout_seconds)
        seconds = time.monotonic() - began
        ended_at = time.time()
        processes.kill_group(self._pid)
        processes.kill_leftovers(self._branch)
        self._drain()
        line = self._tell_stack()
        status = self._status()
        if status == "out_of_memory" and not self._stage.optional:
            # Temporary files may lie in memory, and the server needs some to go on.
            TemporaryFiles().remove()
        if self._stopped_for in ("disk", "full_disk"):
            self._make_room()
        self._log.line('%s stage "%s" ended: %s after %.2f s' % (utc_text(ended_at), self._stage.name, status, seconds))
        self._job.record_folder_of(self._stage)
        if self._stopped_for in _LIMITS:
            self._write_limit_error(self._stopped_for)
        record = self._record(status, line)
        record.update(startedAt=utc_text(started_at), endedAt=utc_text(ended_at), seconds=round(seconds, 6))
        write_json(os.path.join(self._folder, "stage.json"), record)
        return status

    def _make_room(self) -> None:
        """Remove temporary files, and what the task has put among the records, so that there is room for these."""
        if not self._stage.optional:
            TemporaryFiles().remove()
        empty(self._job.record_folder_of(self._stage))
        stages = {stage.name for stage in self._job.stages}
        for name in set(os.listdir(self._job.output_folder)) - stages:
            remove(os.path.join(self._job.output_folder, name))

    def close(self) -> None:
        """Leave nothing behind, also where the server was stopped in the middle."""
        if self._pid and self._end is None:
            processes.kill_group(self._pid)
            processes.kill_leftovers(self._branch)
        os.close(self._output)
        if self._output_end >= 0:
            os.close(self._output_end)
        self._log.close()

    def _start(self) -> None:
        start = StageStart(
            job=self._job,
            stage=self._stage,
            progress=self._progress,
            server=os.getpid(),
            log=self._output_end,
            stack=self._stack,
            server_descriptors=[self._server.events, *self._server.wakeup, self._output],
            preloaded=self._server.preloaded,
            inputs=self._server.inputs,
            has_own_group=self._own_group,
        )
        self._pid = processes.fork()
        if self._pid == 0:
            run_stage(start)
        os.close(self._output_end)
        self._output_end = -1

    def _watch(self, deadline: float) -> None:
        """Return once the stage's process is gone, by itself or for a limit."""
        self._poller.register(self._server.wakeup[0], select.POLLIN)
        self._poller.register(self._server.events, 0)
        self._poller.register(0, 0)
        self._poller.register(self._output, select.POLLIN)
        next_look = 0.0
        while self._end is None:
            for descriptor, event in self._poller.poll(POLL_SECONDS * 1000):
                if descriptor in (self._server.events, 0):
                    raise HostGone
                if descriptor == self._output:
                    self._read_output(event)
                else:
                    os.read(descriptor, 4096)
            self._reap()
            now = time.monotonic()
            if self._end is None and self._stopped_for is None and now >= min(next_look, deadline):
                next_look = now + POLL_SECONDS
                self._look(now >= deadline)

    def _look(self, is_late: bool) -> None:
        if os.getppid() != self._server.host:
            raise HostGone
        if processes.count_around() > MOST_PROCESSES:
            self._stop("processes")
            return
        limit = self._job.memory_bytes
        family = self._family()
        used = processes.resident_bytes(family, limit if limit is not None else sys.maxsize, self._own_group)
        self._peak_bytes = max(self._peak_bytes, used)
        if len(family) > MOST_PROCESSES:
            self._stop("processes")
        elif (limit is not None and used > limit) or self._was_killed_for_memory():
            self._stop("out_of_memory")
        elif is_late:
            self._stop("timeout")
        elif self._log.is_full:
            self._stop("log")
        elif self._job.disk_bytes is not None:
            if self._disk.is_above(self._job.disk_bytes):
                self._stop("disk")
            elif self._disk.is_full():
                self._stop("full_disk")

    def _family(self) -> List[int]:
        """Return the stage's processes, also those whose own parent has ended."""
        return processes.below_this_one(self._branch)

    def _was_killed_for_memory(self) -> bool:
        """Tell whether the kernel has ended a process of this stage for want of memory.

        Where it may have been one of the optional stages beside, these end first: two at once have no more memory than
        one, and the kernel was told to prefer those.
        """
        if not self._own_group or processes.kernel_kills() <= self._kills:
            return False
        if self._branch is None:
            return True
        for member in (self._branch, *processes.descendants(self._branch)):
            processes.kill_group(member)
        self._branch = None
        self._kills = processes.kernel_kills()
        return False

    def _stop(self, reason: str) -> None:
        """Ask the process where it is, then kill it."""
        self._stopped_for = reason
        if reason == "processes":
            # Each that is asked, or spared, has the time to start others.
            self._branch = None
            processes.kill_group(self._pid)
            return
        try:
            os.kill(self._pid, STACK_SIGNAL)
        except ProcessLookupError:
            return
        patience = time.monotonic() + STACK_PATIENCE_SECONDS
        while os.fstat(self._stack).st_size == 0 and time.monotonic() < patience and self._end is None:
            time.sleep(0.002)
            self._reap()
        if self._end is None:
            processes.kill_group(self._pid)

    def _reap(self) -> None:
        """Collect every child that has ended; orphans of the stage have become ours."""
        while True:
            try:
                pid, wait_status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._pid:
                self._end = _End(wait_status, usage)

    def _read_output(self, event: int) -> None:
        chunk = self._read_chunk() if event & select.POLLIN else b""
        if chunk == b"":
            self._poller.unregister(self._output)
        elif chunk:
            self._log.write(chunk)

    def _read_chunk(self) -> Optional[bytes]:
        """Return what the stage has written, empty at its end, None where there is nothing right now."""
        try:
            return os.read(self._output, _CHUNK)
        except BlockingIOError:
            return None

    def _drain(self) -> None:
        """Take what the process wrote just before its end; a pipe never holds much."""
        chunk = self._read_chunk()
        while chunk and not self._log.is_full:
            self._log.write(chunk)
            chunk = self._read_chunk()

    def _tell_stack(self) -> Optional[int]:
        """Add the stack of a crashed or stopped process to the log; return its line in custom.py."""
        text = os.pread(self._stack, _LARGEST_STACK_BYTES, 0).decode("utf-8", "replace")
        if not text or self._progress.status:
            return None
        self._log.line(text.rstrip())
        found = re.search(r'File "[^"]*/custom\.py", line (\d+)', text)
        return int(found.group(1)) if found else None

    def _status(self) -> str:
        if self._stopped_for is not None:
            return "failed" if self._stopped_for in _LIMITS else self._stopped_for
        wait_status = self._end.wait_status
        if os.WIFSIGNALED(wait_status):
            by_kernel = os.WTERMSIG(wait_status) == signal.SIGKILL and processes.kernel_kills() > self._kills
            return "out_of_memory" if by_kernel else "crashed"
        limit = self._job.memory_bytes
        if self._was_killed_for_memory() or (limit is not None and self._largest_bytes() > limit):
            return "out_of_memory"
        return self._progress.status or "exited"

    def _largest_bytes(self) -> int:
        """Return the most memory that the stage's process, or one that it has waited for, had at any time."""
        return self._end.usage.ru_maxrss * (1024 if processes.IS_LINUX else 1)

    def _record(self, status: str, line: Optional[int]) -> Dict[str, Any]:
        wait_status, usage = self._end.wait_status, self._end.usage
        signalled = os.WIFSIGNALED(wait_status)
        # Where the kernel counts, it counts more than what processes have mapped: temporary files, for example.
        counted_bytes = self._job.memory_bytes if status == "out_of_memory" and self._own_group else 0
        return {
            "name": self._stage.name,
            "status": status,
            "cpuSeconds": round(usage.ru_utime + usage.ru_stime, 6),
            "peakMemoryBytes": max(self._peak_bytes, self._largest_bytes(), counted_bytes),
            "exitCode": None if signalled else os.WEXITSTATUS(wait_status),
            "signal": processes.signal_name(os.WTERMSIG(wait_status)) if signalled else None,
            "during": None if status == "passed" else self._progress.where,
            "line": line,
        }

    def _write_limit_error(self, where: str) -> None:
        kind, did, limit, remedy = _LIMITS[where]
        error = {
            "where": where,
            "type": kind,
            "message": "The stage %s." % (did % (limit if limit is not None else self._job.disk_bytes // 1024 // 1024)),
            "traceback": "",
            "line": None,
            "remedy": remedy,
        }
        write_json(os.path.join(self._folder, "result.json"), {"error": error, "requests": []})


def _writable_folders(job: Job) -> List[str]:
    """Return where a task can write, the folders included that hold those it is given."""
    given = [job.output_folder, job.artifact_folder, job.model_folder, job.input_folder]
    return [*map(os.path.dirname, given), job.code_folder, os.path.expanduser("~"), tempfile.gettempdir()]


# What ends a stage as failed: type of the error, what it did, the figure in that (None: the job's, in MB), remedy.
_LIMITS = {
    "log": ("LogTooLarge", "wrote more than %d MB to its output", LARGEST_LOG_BYTES // 1024 // 1024, "Print less."),
    "disk": (
        "DiskLimitExceeded",
        "took more than %d MB of disk",
        None,
        "Write less, and remove what is not needed.",
    ),
    "full_disk": ("DiskFull", "came to the end of the disk, far below its %d MB", None, "Make room on the disk."),
    "processes": (
        "TooManyProcesses",
        "had more than %d processes at once",
        MOST_PROCESSES,
        "Start fewer, and wait for their end.",
    ),
}
