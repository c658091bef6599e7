"""What the task does besides its job: writes outside of the places it may use, and work done at import.

Seen through the interpreter's audit events, so writes of compiled libraries are not; the code folder is therefore
also compared before and after (`FolderState`).
"""

from __future__ import annotations

import inspect
import os
import sys
import tempfile
from typing import Any, Callable, Dict, List, Optional, Tuple

MOST_RECORDED = 20
LONGEST_COMMAND = 200
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Activity:
    """Records from `watch` on. `importing` is True while custom.py is being imported."""

    def __init__(self, allowed: List[str], code_folder: str) -> None:
        home = os.path.expanduser("~")
        # A library keeps its caches and settings under dotted names at home; nobody misses them.
        folders = [*allowed, tempfile.gettempdir(), "/dev", "/proc", os.environ.get("XDG_CACHE_HOME", "")]
        real = [os.path.realpath(folder) for folder in folders if folder]
        prefixes = {folder.rstrip(os.sep) + os.sep for folder in (*folders, *real) if folder}
        self._allowed: Tuple[str, ...] = (*sorted(prefixes), os.path.join(home, "."))
        self._code = (code_folder + os.sep, os.path.realpath(code_folder) + os.sep)
        self.importing = False
        self.outside_writes: List[str] = []
        self.at_import: List[str] = []

    def watch(self) -> None:
        """Start to record; audit hooks stay until the process ends."""
        recorders = self._recorders()

        def saw(event: str, arguments: Tuple[Any, ...]) -> None:
            recorder = recorders.get(event)
            if recorder is not None:
                try:
                    recorder(arguments)
                except Exception:
                    # An exception here would reach the task's own code.
                    return

        sys.addaudithook(saw)

    def _recorders(self) -> Dict[str, Callable[[Tuple[Any, ...]], None]]:
        return {
            "open": self._opened,
            "os.mkdir": self._made_folder,
            "os.rename": lambda a: (self._wrote(a[0], a[2]), self._wrote(a[1], a[3])),
            "os.remove": lambda a: self._wrote(a[0], a[1]),
            "os.rmdir": lambda a: self._wrote(a[0], a[1]),
            "os.truncate": lambda a: self._wrote(a[0], -1),
            "os.link": lambda a: self._wrote(a[1], a[3]),
            "os.symlink": lambda a: self._wrote(a[1], a[2]),
            "subprocess.Popen": lambda a: self._did("starts a process: " + _command(a[1] or a[0])),
            "os.system": lambda a: self._did("starts a process: " + _command(a[0])),
            "os.exec": lambda a: self._did("replaces itself by a process: " + _command(a[1])),
            "os.posix_spawn": lambda a: self._did("starts a process: " + _command(a[1])),
            "os.fork": lambda _: self._did("starts a process: a copy of itself"),
            "socket.connect": lambda a: self._did("opens a network connection to " + _address(a[1])),
            "socket.getaddrinfo": lambda a: self._did("looks up the network name " + _address(a[0])),
        }

    def _opened(self, arguments: Tuple[Any, ...]) -> None:
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and not isinstance(path, int):
            self._wrote(path, -1)

    def _made_folder(self, arguments: Tuple[Any, ...]) -> None:
        path, _, folder_handle = arguments
        if not os.path.isdir(path):
            self._wrote(path, folder_handle)

    def _wrote(self, path: Any, folder_handle: int) -> None:
        if folder_handle not in (-1, None):
            # Named relative to an open folder, as shutil.rmtree does; what it belongs to has been seen already.
            return
        full = os.path.abspath(os.fsdecode(path))
        if (full + os.sep).startswith(self._allowed) or "__pycache__" in full:
            return
        self._did("writes the file " + full)
        self.add_outside_write(full)

    def add_outside_write(self, path: str) -> None:
        if path not in self.outside_writes and len(self.outside_writes) < MOST_RECORDED:
            self.outside_writes.append(path)

    def _did(self, words: str) -> None:
        if (
            self.importing
            and words not in self.at_import
            and len(self.at_import) < MOST_RECORDED
            and self._comes_from_task()
        ):
            self.at_import.append(words)

    def _comes_from_task(self) -> bool:
        """Tell whether the task's code asked for it, and not a library that is being imported."""
        frame = inspect.currentframe()
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self._code):
                return True
            if name.startswith("<frozen importlib"):
                return False
            frame = frame.f_back
        return False


def _command(command: Any) -> str:
    if isinstance(command, (list, tuple)):
        text = " ".join(os.fsdecode(part) for part in command)
    else:
        text = os.fsdecode(command)
    return text[:LONGEST_COMMAND]


def _address(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return "%s:%s" % (address[0], address[1])
    return os.fsdecode(address) if isinstance(address, (str, bytes)) else str(address)


class FolderState:
    """The files of a folder at one moment, with what changes when they are written."""

    LARGEST = 10_000

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files = self._scan()

    def changed_since(self) -> List[str]:
        """Return the paths that are new or written since, in order, caches of the interpreter left out."""
        return sorted(path for path, state in self._scan().items() if self._files.get(path) != state)

    def _scan(self) -> Dict[str, Tuple[int, int]]:
        found: Dict[str, Tuple[int, int]] = {}
        for folder, folders, names in os.walk(self._folder):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                path = os.path.join(folder, name)
                state = _state(path)
                if state is not None:
                    found[path] = state
            if len(found) > self.LARGEST:
                break
        return found


def _state(path: str) -> Optional[Tuple[int, int]]:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
