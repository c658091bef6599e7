"""What the operating system knows of our processes: families, memory, signals, network interfaces.

Linux answers from /proc; elsewhere `ps` does, which every Unix has.
"""

from __future__ import annotations

import ctypes
import io
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional, Tuple

IS_LINUX = sys.platform.startswith("linux")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Numbers of the Linux interface (linux/prctl.h, linux/sockios.h, linux/if.h).
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
# How long to look for processes that a stage left behind, when they keep starting new ones.
CLEANUP_SECONDS = 5.0
# The first process of a container or of a process namespace: nobody in there can kill or stop it.
FIRST_PROCESS = 1


def fork() -> int:
    """Fork; the threads that Python 3.12 warns of are those of BLAS, which looks after forks itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@contextmanager
def only_here() -> Iterator[None]:
    """End every copy of this process that the block's code has forked and that comes to the end of the block.

    The copy would go on with the stage's work beside us and write into the same files.
    """
    own = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != own:
            os._exit(0)


def adopt_orphans() -> None:
    """Make processes whose parent ended our own children, so that none gets away (Linux)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """End this process when its parent ends, also when that has happened already (Linux)."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _prctl(option: int, argument: int) -> None:
    if IS_LINUX:
        ctypes.CDLL(None).prctl(option, argument, 0, 0, 0)


def text_stream(descriptor: int) -> io.TextIOWrapper:
    """Return a stream for `print` on a file descriptor that has become another file."""
    raw = open(descriptor, "wb", closefd=False)  # noqa: SIM115 - open as long as the process
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def flush_c_streams() -> None:
    """Write out what compiled libraries have printed and C still holds back."""
    ctypes.CDLL(None).fflush(None)


def descendants(pid: int) -> List[int]:
    """Return the processes that `pid` started, and what those started, without `pid` itself."""
    if IS_LINUX and os.path.exists("/proc/self/task/%d/children" % os.getpid()):
        return _descendants_from_proc(pid)
    children: Dict[int, List[int]] = {}
    for child, parent, _ in _process_table():
        children.setdefault(parent, []).append(child)
    found: List[int] = []
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def _descendants_from_proc(pid: int) -> List[int]:
    found: List[int] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        try:
            threads = os.listdir("/proc/%d/task" % parent)
        except OSError:
            continue
        for thread in threads:
            try:
                with open("/proc/%d/task/%s/children" % (parent, thread), "rb") as stream:
                    children = [int(child) for child in stream.read().split()]
            except OSError:
                continue
            found.extend(children)
            waiting.extend(children)
    return found


def _process_table() -> List[Tuple[int, int, int]]:
    """Return (process, its parent, kilobytes in memory) of everything that runs, except the `ps` that tells."""
    with subprocess.Popen(["ps", "-axo", "pid=,ppid=,rss="], stdout=subprocess.PIPE) as process:
        rows = [tuple(int(field) for field in line.split()) for line in process.stdout.read().splitlines()]
    return [row for row in rows if len(row) == 3 and row[0] != process.pid]


def below_this_one(spared: Optional[int] = None) -> List[int]:
    """Return every process below this one, orphans included, but for `spared` and what that one started."""
    kept = {spared, *descendants(spared)} if spared is not None else set()
    return [member for member in descendants(os.getpid()) if member not in kept]


def count_around() -> int:
    """Return how many processes there are in our container or process namespace; 0 where we are not its first.

    One look at one folder: among a thousand processes that fork, there is no time for more.
    """
    if os.getpid() != FIRST_PROCESS or not IS_LINUX:
        return 0
    return sum(name.isdigit() for name in os.listdir("/proc"))


def resident_bytes(family: List[int], limit: int, has_own_group: bool) -> int:
    """Return the memory of processes together; exact only near and above `limit`.

    Forked processes share pages, which a plain sum counts once for each. So where there are several, it is no more than
    the kernel's figure for the whole control group; or else, where the sum is above the limit, the proportional figures
    of each process. Those are slow to get, and wait for a process that is just forking.
    """
    if not IS_LINUX:
        wanted = set(family)
        return sum(kilobytes * 1024 for process, _, kilobytes in _process_table() if process in wanted)
    total = sum(_statm_bytes(member) for member in family)
    if len(family) > 1 and has_own_group:
        return min(total, _group_number("memory.current", "memory.usage_in_bytes"))
    if len(family) > 1 and total > limit:
        return sum(_proportional_bytes(member) for member in family)
    return total


def _statm_bytes(pid: int) -> int:
    try:
        with open("/proc/%d/statm" % pid, "rb") as stream:
            return int(stream.read().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _proportional_bytes(pid: int) -> int:
    try:
        with open("/proc/%d/smaps_rollup" % pid, "rb") as stream:
            for line in stream:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _statm_bytes(pid)


def data_segment_bytes() -> int:
    """Return how much private writable memory this process has mapped, the quantity that RLIMIT_DATA limits."""
    try:
        with open("/proc/self/status", "rb") as stream:
            for line in stream:
                if line.startswith(b"VmData:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def kernel_kills() -> int:
    """Return how many processes of our control group the kernel has ended for want of memory so far."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path, "rb") as stream:
                for line in stream:
                    if line.startswith(b"oom_kill "):
                        return int(line.split()[1])
        except OSError:
            continue
    return 0


def has_memory_group_of(memory_bytes: int) -> bool:
    """Tell whether our control group has just this memory: then it is the run's own, and its kills are the run's."""
    limit = _group_number("memory.max", "memory.limit_in_bytes")
    return limit // PAGE_BYTES == memory_bytes // PAGE_BYTES


def _group_number(name: str, older_name: str) -> int:
    """Return a figure of our control group, by its name in either version of the interface; 0 where there is none."""
    for path in ("/sys/fs/cgroup/" + name, "/sys/fs/cgroup/memory/" + older_name):
        try:
            with open(path, "rb") as stream:
                return int(stream.read())
        except (OSError, ValueError):
            continue
    return 0


def die_first_for_memory(score: int) -> None:
    """Let the kernel, where it must end somebody for want of memory, choose the highest score (Linux).

    score: 0 to 1000; the server has 0.
    """
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as stream:
            stream.write(str(score))
    except OSError:
        return


def kill_group(pid: int) -> None:
    """Kill the process group that `pid` leads, and `pid` itself where it leads none yet."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def kill_leftovers(spared: Optional[int] = None) -> None:
    """Kill and reap every process below this one, until there is none but `spared` and what that one started.

    Where they start new ones faster than that, `spared` goes as well.
    """
    deadline = time.monotonic() + CLEANUP_SECONDS
    while True:
        family = below_this_one(spared)
        if not family:
            return
        if time.monotonic() > deadline:
            if spared is None:
                return
            spared, deadline = None, time.monotonic() + CLEANUP_SECONDS
        if spared is None and os.getpid() == FIRST_PROCESS:
            # All at once, so that nobody has the time to fork. Never elsewhere: it would be every process of the user.
            family = [-1]
        for member in family:
            try:
                os.kill(member, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        if not _reap_all():
            time.sleep(0.002)


def _reap_all() -> bool:
    """Collect the children that have ended; tell whether there were any."""
    reaped = False
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return reaped
        if pid == 0:
            return reaped
        reaped = True


def signal_name(number: int) -> str:
    """Return `SIGSEGV` for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


def bring_up_loopback() -> None:
    """Make 127.0.0.1 work in a fresh network namespace; without the right to, it stays down."""
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            flags = _interface_flags(control, "lo") or 0
            fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
    except OSError:
        return


def is_isolated() -> bool:
    """Tell whether no network interface but the loopback one is up."""
    if not IS_LINUX:
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            names = [name for _, name in socket.if_nameindex() if name != "lo"]
            return not any((_interface_flags(control, name) or 0) & IFF_UP for name in names)
    except OSError:
        return False


def _interface_flags(control: socket.socket, name: str) -> Optional[int]:
    import fcntl

    answer = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH14x", name.encode(), 0))
    return struct.unpack("16sH14x", answer)[1]
