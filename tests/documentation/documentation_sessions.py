"""A page's commands, run one after the other in a shell of their own, as a reader would type them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from documentation_pages import CHECKOUT, SECOND_TERMINAL, Block, Command, Page

PATIENCE_SECONDS = 180
# The port that the pages speak of. In a session it is a free one, since something else may have it.
PORT = "8080"
_DONE = "-- the command has ended with"
# What differs from one run to the next, as both sides are compared without it.
_VARIES = [
    (re.compile(r"\b\d+(\.\d+)? (m?s|MiB|kB|B)\b"), r"N \2"),
    (re.compile(r"\bPython \d+\.\d+\.\d+"), "Python N"),
    (re.compile(r" +"), " "),
]


class Session:
    """A shell in a fresh folder.

    The page's files and programs lie in that folder; what the harness builds is shared with other tests. A command has
    to succeed, or be followed by `echo $?`, which shows its exit code. A line `...` stands for any lines, `...` within
    a line for any text; durations, sizes and the version of
    Python may differ.
    """

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._port = _free_port()
        self._terminals: list[SecondTerminal] = []
        if not page.name.startswith("docs/"):
            # Its readers are in a checkout.
            shutil.copytree(CHECKOUT / "sample_tasks", folder / "sample_tasks")
        self._variables = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "CHECKOUT": str(CHECKOUT),
            "COLUMNS": "120",
            "XDG_DATA_HOME": str(folder.with_name("data")),
        }
        # Where make runs the tests, it would have a page's own make say so.
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKE_TERMOUT", "MAKE_TERMERR"):
            self._variables.pop(name, None)
        if not page.needs_docker:
            self._variables["DOCKER_HOST"] = f"unix://{folder}/no-engine.sock"
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=self._variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def play(self) -> None:
        """Run the page from top to bottom; raises AssertionError where something is not as the page says."""
        for command in self._page.before:
            self._run(Command(command, (), 0), may_fail=False)
        for block in self._page.blocks:
            if block.not_run:
                continue
            if block.language == "console":
                self._run_commands(block)
            elif block.language == "diff":
                self._change(block)
            elif block.title:
                file = self._folder / block.title
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(self._with_port(block.text), encoding="utf-8")
            elif block.language == "python":
                self._run_python(block)

    def close(self) -> None:
        """End the shell and what it has left, and interrupt the second terminals as a reader would, with Ctrl-C."""
        for terminal in self._terminals:
            terminal.interrupt()
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.close()
        try:
            self._shell.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        self._shell.stdout.close()

    def _run_commands(self, block: Block) -> None:
        if block.title == SECOND_TERMINAL and not block.commands:
            shown = ["...", *self._with_port(block.text).splitlines()]
            self._terminals[-1].wait_until_shown(shown, f"{self._page.name}:{block.line}")
            return
        if block.title == SECOND_TERMINAL:
            for command in block.commands:
                shown = [self._with_port(line) for line in command.shown]
                terminal = SecondTerminal(self._with_port(command.text), self._folder, self._variables)
                self._terminals.append(terminal)
                terminal.wait_until_shown(shown, self._place(command))
            return
        for command, after in zip(block.commands, [*block.commands[1:], None], strict=True):
            self._run(command, may_fail=after is not None and after.text == "echo $?")

    def _run(self, command: Command, *, may_fail: bool) -> None:
        exit_code, output = self._ask(self._with_port(command.text))
        place = self._place(command)
        assert may_fail or exit_code == 0, f"{place}: `{command.text}` ended with {exit_code}:\n{output}"
        shown = [self._with_port(line) for line in command.shown]
        if shown:
            assert is_shown(shown, output), f"{place}: `{command.text}` shows otherwise:\n{output}"

    def _run_python(self, block: Block) -> None:
        program = self._folder.with_name("block.py")
        program.write_text(self._with_port(block.text), encoding="utf-8")
        self._run(Command(f"PYTHONPATH=. python {program}", (), block.line), may_fail=False)

    def _change(self, block: Block) -> None:
        """Apply a diff without line numbers: what it takes away stands exactly once in the file."""
        assert block.title is not None
        file = self._folder / block.title
        text = file.read_text(encoding="utf-8")
        lines = [line for line in block.text.splitlines(keepends=True) if not line.startswith(("---", "+++", "@@"))]
        old = "".join(line[1:] for line in lines if not line.startswith("+"))
        new = "".join(line[1:] for line in lines if not line.startswith("-"))
        assert text.count(old) == 1, f"{self._page.name}:{block.line}: the diff does not fit {block.title}:\n{text}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def _ask(self, command: str) -> tuple[int, str]:
        """Have the shell run a command; return its exit code and what it wrote."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        watch = threading.Timer(PATIENCE_SECONDS, os.killpg, (self._shell.pid, signal.SIGKILL))
        watch.start()
        try:
            # The subshell hands on the exit code to `echo $?`.
            self._shell.stdin.write(
                f"{{ {command}\n}} </dev/null\ncode=$?; printf '\\n{_DONE} %s\\n' $code; (exit $code)\n"
            )
            self._shell.stdin.flush()
            lines: list[str] = []
            for line in self._shell.stdout:
                if line.startswith(_DONE):
                    return int(line.removeprefix(_DONE)), "".join(lines).removesuffix("\n")
                lines.append(line)
        finally:
            watch.cancel()
        raise AssertionError(f"{self._page.name}: the shell has ended in `{command}`:\n{''.join(lines)}")

    def _with_port(self, text: str) -> str:
        return text.replace(PORT, self._port)

    def _place(self, command: Command) -> str:
        return f"{self._page.name}:{command.line}"


class SecondTerminal:
    """A command that stays on, such as a server, in a terminal of its own."""

    def __init__(self, command: str, folder: Path, variables: dict[str, str]) -> None:
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", f"exec {command}"],
            cwd=folder,
            # Lines come at once, as in a terminal.
            env={**variables, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_until_shown(self, shown: Sequence[str], place: str) -> None:
        """Wait until the page's lines are there; raises AssertionError where that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._news:
            while not is_shown([*shown, "..."], "".join(self._lines)):
                has_ended = self._process.poll() is not None and not self._reader.is_alive()
                in_time = not has_ended and self._news.wait(max(0.0, deadline - time.monotonic()))
                assert in_time, f"{place}: not shown:\n{''.join(self._lines)}"

    def interrupt(self) -> None:
        """Press Ctrl-C and wait for the end."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise
        finally:
            self._reader.join(PATIENCE_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                with self._news:
                    self._lines.append(line)
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


@contextmanager
def open_session(page: Page, folder: Path) -> Iterator[Session]:
    """Give a session whose working folder is made below `folder`."""
    work = folder / "work"
    work.mkdir()
    session = Session(page, work)
    try:
        yield session
    finally:
        session.close()


def is_shown(shown: Sequence[str], output: str) -> bool:
    """Tell whether output is what a page shows of it; see Session."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n"
        for line in (_without_what_varies(line).rstrip() for line in shown)
    )
    lines = [_without_what_varies(line).rstrip() + "\n" for line in output.splitlines()]
    while lines and lines[-1] == "\n":
        lines.pop()
    return re.fullmatch(pattern, "".join(lines)) is not None


def _without_what_varies(line: str) -> str:
    for pattern, instead in _VARIES:
        line = pattern.sub(instead, line)
    return line


def _free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])
