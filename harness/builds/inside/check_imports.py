"""Import what the given distributions are made of, and tell of each module how that went.

    check_imports.py SECONDS NAME...        NAME: of a distribution; one that is not installed is told as such

Runs with the interpreter that the task will have. Needs nothing but the standard library of Python 3.8. Prints one line
of JSON for each distribution, as soon as all its modules have been tried (`harness/builds/import_check.py` reads it).

The modules are imported one after the other in a fork of this process. When one hangs or ends that fork, the others go
on in a new one; and what has failed after others were imported is tried again alone, so that its failure is its own.
"""

import contextlib
import csv
import faulthandler
import importlib.machinery
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from importlib import metadata

MODULE_SECONDS = 30.0
LOOKS_EVERY_SECONDS = 0.1
MOST_MODULES = 25
MOST_CHARACTERS = 20000
OUTPUT_CHARACTERS = 4000
# Folders that some wheels put beside their packages by mistake.
NOT_MEANT = {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "samples"}
NOT_MEANT |= {"script", "scripts", "tools", "build", "dist", "setup", "conftest", "bin", "lib", "share", "include"}
# Frames of this program, in what a package prints of the stack.
OWN_FRAME = re.compile(
    r' *File "%s", line \d+,? in [\w<>]+\n(?:    [^\n]*\n)?' % re.escape(globals().get("__file__", "<string>"))
)
SUFFIXES = sorted([".py", *importlib.machinery.EXTENSION_SUFFIXES], key=len, reverse=True)


def main(seconds, names):
    # So that who ends this process also ends the fork that it waits for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = tempfile.mkdtemp()
    try:
        os.environ.update(HOME=folder, TMPDIR=folder)
        tempfile.tempdir = folder
        empty = os.path.join(folder, "empty")
        os.mkdir(empty)
        os.chdir(empty)
        sys.dont_write_bytecode = True
        check(Reports(names), time.monotonic() + seconds, os.path.join(folder, "output"))
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def check(reports, deadline, output):
    alone = []
    waiting = list(reports.modules)
    while waiting and time.monotonic() < deadline:
        tried = import_in_fork(waiting, deadline, output)
        for index, (module, outcome) in enumerate(tried):
            if index > 0 and outcome["outcome"] in ("raised", "crashed", "exited"):
                alone.append(module)
            else:
                reports.settle(module, outcome)
        waiting = waiting[len(tried) :]
    for position, module in enumerate(alone):
        if time.monotonic() >= deadline:
            waiting += alone[position:]
            break
        for _, outcome in import_in_fork([module], deadline, output) or [(module, {"outcome": "unchecked"})]:
            reports.settle(module, outcome)
    for module in waiting:
        reports.settle(module, {"outcome": "unchecked"})


class Reports:
    """Collects what came of each module, and prints a distribution when all of its own have been tried.

    modules: all that are to be tried, each as the distribution's name and its own.
    """

    def __init__(self, names):
        self.modules = []
        self.open = {}
        for name in names:
            version, found = top_level_modules(name)
            self.open[name] = {"distribution": name, "version": version, "modules": []}
            self.modules += [(name, module) for module, _ in found]
            self.open[name]["missing"] = dict(found)
            self.print_if_complete(name)

    def settle(self, module, outcome):
        name, module = module
        report = self.open[name]
        report["modules"].append(dict(outcome, name=module, main=report["missing"].pop(module)))
        self.print_if_complete(name)

    def print_if_complete(self, name):
        if not self.open[name]["missing"]:
            report = self.open.pop(name)
            del report["missing"]
            print(json.dumps(report), flush=True)


def top_level_modules(name):
    """Return the version of a distribution and its modules, the main ones first, each with whether it is one.

    Main is the module that bears the distribution's name, else all are. (None, []) where it is not installed.
    """
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        known = ((each.metadata["Name"] or "", each) for each in metadata.distributions())
        found = next((each for written, each in known if canonical(written) == canonical(name)), None)
        if found is None:
            return None, []
    modules = {module for module in modules_of_files(recorded_files(found)) if is_meant(module, name)}
    # An installation that points to a folder elsewhere records only files of its own.
    modules = modules or {
        module for module in (found.read_text("top_level.txt") or "").split() if is_meant(module, name)
    }
    modules = {module for module in modules if not module.startswith("_")} or modules
    own = {module for module in modules if canonical(module) == canonical(name)}
    ordered = sorted(modules, key=lambda module: (module not in own, module))
    return found.version, [(module, not own or module in own) for module in ordered[:MOST_MODULES]]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def is_meant(module, distribution):
    first = module.split(".")[0]
    is_named = all(part.isidentifier() for part in module.split("."))
    return is_named and not first.startswith("__") and (first not in NOT_MEANT or canonical(first) == distribution)


def recorded_files(found):
    """Return the paths of a distribution's files, in parts; empty where there is no record."""
    rows = csv.reader((found.read_text("RECORD") or "").splitlines())
    paths = [row[0] for row in rows if row]
    return [path.split("/") for path in paths if not path.startswith(("/", "..")) and "__pycache__" not in path]


def modules_of_files(files):
    """Return the names to import: modules and packages at the top; below a folder that is no package, those in it."""
    packages = {tuple(path[:-1]) for path in files if path[-1] == "__init__.py" or module_name(path[-1]) == "__init__"}
    found = set()
    for path in files:
        folders, module = tuple(path[:-1]), module_name(path[-1])
        if module is None:
            continue
        upper = next((folders[:depth] for depth in range(1, len(folders) + 1) if folders[:depth] in packages), None)
        if upper is not None:
            found.add(".".join(upper))
        elif len(folders) == 0 or not any(package[: len(folders)] == folders for package in packages):
            found.add(".".join([*folders, module]))
    return found


def module_name(file):
    """Return the module that a file holds, None where it holds none."""
    suffix = next((suffix for suffix in SUFFIXES if file.endswith(suffix)), None)
    return file[: -len(suffix)] if suffix else None


def import_in_fork(modules, deadline, output):
    """Import the modules in a fork until one ends it; return each that was tried with what came of it."""
    reading, writing = os.pipe()
    with open(output, "wb"):
        pass
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            run_fork(modules, writing, output)
        finally:
            # Never on into what is this process's own work.
            os._exit(1)
    os.close(writing)
    tried = []
    try:
        ended = follow(reading, child, deadline, tried)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        os.close(reading)
    if tried and tried[-1] is None:
        tried[-1] = dict(ended or {"outcome": "timed out"}, output=read_end(output))
    elif ended and not tried:
        tried.append(dict(ended, output=read_end(output)))
    return list(zip(modules, tried))  # noqa: B905 (`strict` is of Python 3.10)


def follow(reading, child, deadline, tried):
    """Fill `tried` with what the fork tells, None for a module that it has only begun with; return how the fork ended.

    None where it had to be ended: it took too long.
    """
    heard = b""
    begun = time.monotonic()
    while True:
        ready, _, _ = select.select([reading], [], [], LOOKS_EVERY_SECONDS)
        chunk = os.read(reading, 65536) if ready else None
        heard += chunk or b""
        *lines, heard = heard.split(b"\n")
        for line in lines:
            told = json.loads(line)
            if told is None:
                tried.append(None)
                begun = time.monotonic()
            else:
                tried[-1] = told
        # What the fork has started may hold the other end of the pipe when it is gone itself.
        ended, status = os.waitpid(child, os.WNOHANG) if chunk is None else (0, 0)
        if chunk == b"":
            ended, status = os.waitpid(child, 0)
        if ended:
            return how_it_ended(status)
        now = time.monotonic()
        if now > min(deadline, begun + MODULE_SECONDS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None


def how_it_ended(status):
    if os.WIFSIGNALED(status):
        return {"outcome": "crashed", "signal": signal.Signals(os.WTERMSIG(status)).name}
    return {"outcome": "exited", "message": "it ended its process with exit code %d" % os.WEXITSTATUS(status)}


def run_fork(modules, writing, output):
    """Be the fork: import each module, and write what came of it as one line of JSON; null when it begins with one."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(output, os.O_WRONLY | os.O_APPEND)
    for number, descriptor in enumerate((nothing, said, said)):
        os.dup2(descriptor, number)
    faulthandler.enable(file=2, all_threads=False)
    for _, module in modules:
        tell(writing, None)
        before = os.path.getsize(output)
        outcome = import_module(module)
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        tell(writing, dict(outcome, output=read_end(output, before)))
    os._exit(0)


def tell(writing, told):
    line = json.dumps(told).encode() + b"\n"
    while line:
        line = line[os.write(writing, line) :]


def import_module(name):
    begun = time.monotonic()
    try:
        __import__(name)
    except BaseException as error:
        # The first frame is the one above.
        lines = traceback.format_exception(type(error), error, error.__traceback__.tb_next)
        return {
            "outcome": "raised",
            "exception": type(error).__name__,
            "kinds": [each.__name__ for each in type(error).__mro__],
            "message": text_of(error)[:MOST_CHARACTERS],
            "traceback": "".join(lines)[-MOST_CHARACTERS:],
        }
    return {"outcome": "imported", "seconds": round(time.monotonic() - begun, 3)}


def text_of(error):
    try:
        return str(error)
    except Exception:
        return ""


def read_end(file, begin=0):
    """Return the end of a file's text, from `begin` on."""
    with open(file, "rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(begin, size - OUTPUT_CHARACTERS))
        return OWN_FRAME.sub("", stream.read().decode("utf-8", "replace"))


def leave_own_folder():
    """Take the folder of this program off the path: what lies there is nothing that a task can import."""
    own = os.path.dirname(os.path.abspath(__file__)) if "__file__" in globals() else ""
    if sys.path and sys.path[0] in ("", own):
        del sys.path[0]


if __name__ == "__main__":
    leave_own_folder()
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
