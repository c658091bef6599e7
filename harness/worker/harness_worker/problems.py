"""What went wrong in the task, told in the task's own terms: place, line, traceback from its first frame, remedy."""

from __future__ import annotations

import errno
import inspect
import os
import traceback
from typing import Any, Callable, Dict, Optional

from .processes import only_here

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
_STAND_IN_FOLDER = os.path.join(os.path.dirname(_OWN_FOLDER), "stand_in")
LONGEST_MESSAGE = 20_000
LONGEST_TRACEBACK = 100_000

# How the platform calls each hook, so how it has to be defined.
SIGNATURES = {
    "init": "init(code_dir)",
    "read_input_data": "read_input_data(input_filename)",
    "fit": "fit(X, y, output_dir, class_order=None, row_weights=None, parameters=None, **kwargs)",
    "load_model": "load_model(code_dir)",
    "transform": "transform(data, model)",
    "score": "score(data, model, **kwargs)",
    "post_process": "post_process(predictions, model)",
    "CustomTask.fit": "fit(self, X, y, output_dir=None, class_order=None, row_weights=None, parameters=None, **kwargs)",
    "CustomTask.save": "save(self, artifact_directory)",
    "CustomTask.load": "load(cls, artifact_directory)",
    "CustomTask.predict": "predict(self, X, **kwargs)",
    "CustomTask.predict_proba": "predict_proba(self, X, **kwargs)",
    "CustomTask.transform": "transform(self, X)",
}


class TaskProblem(Exception):
    """The task does what the contract forbids; `where` as in the protocol, `kind` is shown as the error's type."""

    def __init__(
        self, message: str, *, where: str, remedy: str, line: Optional[int] = None, kind: str = "ContractError"
    ) -> None:
        super().__init__(message)
        self.where = where
        self.remedy = remedy
        self.line = line
        self.kind = kind


def call_hook(name: str, hook: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Call a hook; TaskProblem with the right definition where its parameters do not fit the call.

    name: a key of SIGNATURES.
    """
    try:
        inspect.signature(hook).bind(*arguments, **keywords)
    except TypeError as error:
        short = name.rpartition(".")[2]
        raise TaskProblem(
            "%s cannot be called as the platform calls it: %s." % (short, error),
            where=short,
            remedy="Define it as: def %s." % SIGNATURES[name],
            line=definition_line(hook),
            kind="TypeError",
        ) from None
    except ValueError:
        # Compiled functions do not tell their parameters.
        pass
    with only_here():
        return hook(*arguments, **keywords)


def definition_line(hook: Any) -> Optional[int]:
    """Return the line where a function is defined, None for what is not written in Python."""
    code = getattr(getattr(hook, "__func__", hook), "__code__", None)
    return code.co_firstlineno if code is not None else None


def is_out_of_memory(error: Optional[BaseException]) -> bool:
    """Tell whether an exception, or one that it came from, says that there was no memory left."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        error = error.__cause__ or error.__context__
    return False


def describe(error: BaseException, where: str, code_folder: str, code_file: Optional[str]) -> Dict[str, Any]:
    """Return the error record of the protocol.

    where: what the process was doing. code_folder: shown paths are relative to it; its frames are the task's.
    code_file: the path of custom.py, None before it has been found.
    """
    if isinstance(error, TaskProblem):
        return {
            "where": error.where,
            "type": error.kind,
            "message": str(error)[:LONGEST_MESSAGE],
            "traceback": "",
            "line": error.line,
            "remedy": error.remedy,
        }
    return {
        "where": where,
        "type": "MemoryError" if isinstance(error, MemoryError) else type(error).__name__,
        "message": _text_of(error)[:LONGEST_MESSAGE],
        "traceback": _task_traceback(error, code_folder)[-LONGEST_TRACEBACK:],
        "line": _last_line_in(error, code_file),
        "remedy": _remedy(error),
    }


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(the exception cannot be shown as text)"


def _task_traceback(error: BaseException, code_folder: str) -> str:
    """Return the traceback from the first frame of the task on, paths relative to its folder."""
    try:
        summary = traceback.TracebackException.from_exception(error)
        _leave_out_own_frames(summary, code_folder, set())
        text = "".join(summary.format())
    except Exception:
        return "%s: %s\n" % (type(error).__name__, _text_of(error))
    for folder in {code_folder, os.path.realpath(code_folder), _STAND_IN_FOLDER}:
        text = text.replace(folder + os.sep, "")
    return text


def _leave_out_own_frames(summary: Any, code_folder: str, seen: set) -> None:
    if summary is None or id(summary) in seen:
        return
    seen.add(id(summary))
    frames = list(summary.stack)
    inside = [number for number, frame in enumerate(frames) if _is_inside(frame.filename, code_folder)]
    foreign = [frame for frame in frames if not _is_inside(frame.filename, _OWN_FOLDER)]
    kept = frames[inside[0] :] if inside else foreign
    summary.stack = traceback.StackSummary.from_list(kept)
    _leave_out_own_frames(summary.__cause__, code_folder, seen)
    _leave_out_own_frames(summary.__context__, code_folder, seen)


def _is_inside(path: str, folder: str) -> bool:
    return path.startswith((folder + os.sep, os.path.realpath(folder) + os.sep))


def _last_line_in(error: BaseException, code_file: Optional[str]) -> Optional[int]:
    if code_file is None:
        return None
    names = {code_file, os.path.realpath(code_file)}
    if isinstance(error, SyntaxError) and error.filename in names:
        return error.lineno
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename in names]
    return lines[-1] if lines else None


def _remedy(error: BaseException) -> Optional[str]:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return "Add the package that has the module %s to requirements.txt." % error.name.partition(".")[0]
    if isinstance(error, (SystemExit, KeyboardInterrupt)):
        return "Raise an exception that says what is wrong; the platform waits for the hook to return."
    if isinstance(error, OSError) and error.errno in (errno.EFBIG, errno.ENOSPC, errno.EDQUOT):
        return "Write less, and remove what is not needed."
    if is_out_of_memory(error):
        return "Use less memory at once, or raise the limit."
    return None
