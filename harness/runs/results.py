"""What came back from a run: read from the worker's files, which a hostile task may have written."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

# A result.json lists requests and messages; anything larger was not written by the worker.
LARGEST_RESULT_BYTES = 64 * 1024 * 1024


class StageStatus(StrEnum):
    """How a stage's process ended."""

    PASSED = "passed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    EXITED = "exited"


class _Wire(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _nulls_are_absent(cls, document: object) -> object:
        """Let a null stand for the field's default: a stage that fails early has no seconds to tell."""
        if isinstance(document, Mapping):
            return {key: value for key, value in document.items() if value is not None}
        return document


class TaskError(_Wire):
    """What the task's own code raised or returned wrongly. `where` is the hook, `import`, `load_model`, `save`..."""

    where: str
    type: str
    message: str
    traceback: str = ""
    line: int | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


class Output(_Wire):
    """What one request returned; the values lie in `folder` as arrays without pickles."""

    kind: Literal["frame", "sparse"]
    rows: int
    columns: tuple[str, ...]
    column_kinds: tuple[Literal["number", "boolean", "text", "date", "complex", "other"], ...]
    numbers: str | None = None
    hashes: str | None = None
    sparse: str | None = None
    table: str | None = None
    input_preserved: bool = True
    folder: Path = Path()

    def file(self, name: str) -> Path:
        """Return the path of one of the output's files; only a regular file of this folder is accepted."""
        if not _is_own_file(self.folder, name):
            raise ValueError(f"not a file of this stage: {name!r}")
        return self.folder / name

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Return the columns that `load_numbers` has, in its order."""
        kinds = zip(self.columns, self.column_kinds, strict=True)
        return tuple(column for column, kind in kinds if kind in ("number", "boolean"))

    @property
    def hashed_columns(self) -> tuple[str, ...]:
        """Return the columns that `load_hashes` has, in its order; complex ones are in neither array."""
        kinds = zip(self.columns, self.column_kinds, strict=True)
        return tuple(column for column, kind in kinds if kind in ("text", "date", "other"))

    def load_numbers(self) -> np.ndarray:
        """Return (rows, numeric columns) of float64, missing values as NaN; memory-mapped, read-only."""
        import numpy as np

        if self.numbers is None:
            return np.empty((self.rows, 0))
        return self._load_array(self.numbers, len(self.numeric_columns))

    def load_hashes(self) -> np.ndarray:
        """Return (rows, hashed columns) of uint64: equal values have equal hashes, missing ones 0."""
        import numpy as np

        if self.hashes is None:
            return np.empty((self.rows, 0), dtype=np.uint64)
        return self._load_array(self.hashes, len(self.hashed_columns))

    def load_sparse(self) -> csr_matrix:
        """Return the (rows, columns) matrix of a sparse output."""
        from scipy import sparse

        if self.sparse is None:
            raise ValueError("the output is not sparse")
        file = self.file(self.sparse)
        with zipfile.ZipFile(file) as archive:
            # The worker writes it as it is; a compressed one could unpack to anything.
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("the recorded matrix is compressed")
        matrix = sparse.load_npz(file)
        if matrix.format != "csr":
            raise ValueError(f"the recorded matrix is {matrix.format}, expected csr")
        # Indices out of range would make compiled code read beyond its arrays.
        matrix.check_format(full_check=True)
        _expect_shape(matrix.shape, (self.rows, len(self.columns)))
        return sparse.csr_matrix(matrix)

    def _load_array(self, name: str, column_count: int) -> np.ndarray:
        import numpy as np

        array: np.ndarray = np.load(self.file(name), mmap_mode="r", allow_pickle=False)
        _expect_shape(array.shape, (self.rows, column_count))
        return array


def _expect_shape(found: tuple[int, ...], expected: tuple[int, int]) -> None:
    if found != expected:
        raise ValueError(f"the recorded values have shape {found}, expected {expected}")


class RequestResult(_Wire):
    """One call of the scoring hook: its output, or what it raised."""

    id: str
    seconds: float = 0.0
    error: TaskError | None = None
    output: Output | None = None


class _Ended(_Wire):
    """stage.json, written by the server after the stage's process was gone.

    during, line: what the process was doing when it ended early (a hook's name, `import`, `data`...), and where in
    custom.py, as far as the server could learn it.
    """

    status: StageStatus
    started_at: str
    ended_at: str
    seconds: float
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    exit_code: int | None = None
    signal: str | None = None
    during: str | None = None
    line: int | None = None


class _Reported(_Wire):
    """result.json, the stage's own words; every field may be missing when the process was killed."""

    interface: Literal["hooks", "class"] | None = None
    hooks: tuple[str, ...] = ()
    import_seconds: float = 0.0
    load_seconds: float = 0.0
    import_activity: tuple[str, ...] = ()
    outside_writes: tuple[str, ...] = ()
    working_directory_changed: bool = False
    model_source: str | None = None
    error: TaskError | None = None
    requests: tuple[RequestResult, ...] = ()


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage as it ran: how it ended (`ended`), what it says of itself (`reported`), and its log."""

    name: str
    kind: Literal["fit", "score"]
    folder: Path
    ended: _Ended
    reported: _Reported

    @property
    def status(self) -> StageStatus:
        return self.ended.status

    @property
    def passed(self) -> bool:
        return self.ended.status is StageStatus.PASSED

    @property
    def error(self) -> TaskError | None:
        return self.reported.error

    @property
    def log_file(self) -> Path:
        return self.folder / "log.txt"

    def request(self, request_id: str) -> RequestResult | None:
        """Return the request of that id, or None where the stage did not come to it."""
        return next((request for request in self.reported.requests if request.id == request_id), None)

    def output(self, request_id: str) -> Output | None:
        """Return what that request returned, or None where it raised or was not reached."""
        found = self.request(request_id)
        return found.output if found else None


class LeftOut(_Wire):
    """What fit left and nobody keeps: a `link` that leads out, a `special` file, a `path` that is too long.

    `replaced`: the artifact folder itself is not there any more, or something else in its place.
    """

    path: str
    reason: Literal["link", "special", "path", "replaced"]


class LeftByFit(_Wire):
    """What the worker found in the artifact folder after fit: the bytes of its files, and the first few not kept."""

    total_bytes: int = 0
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """Every stage that ran, in order; one that is missing was not reached.

    artifact_folder: what fit left behind, as files; empty where that was more than most_bytes. left: what the worker
    says of it, None where the run did not come to that. python_version: of the environment. isolated: whether the
    kernel kept the run without network. error: why the worker itself could not do its work, None where it could.
    """

    stages: tuple[StageResult, ...]
    artifact_folder: Path
    left: LeftByFit | None = None
    most_bytes: int | None = None
    python_version: str | None = None
    isolated: bool = False
    error: str | None = None

    def stage(self, name: str) -> StageResult | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def fit(self) -> StageResult | None:
        return self.stage("fit")

    @property
    def scoring(self) -> StageResult | None:
        """Return the first scoring stage: `predict`, or `transform` for a transform."""
        return next((stage for stage in self.stages if stage.kind == "score"), None)

    @property
    def repeated(self) -> StageResult | None:
        """Return the second scoring stage, which ran in another fresh process."""
        return next((stage for stage in self.stages if stage.name.endswith("-again")), None)

    @property
    def robustness(self) -> StageResult | None:
        return self.stage("robustness")


def read_stage(folder: Path, kind: Literal["fit", "score"], status: str) -> StageResult:
    """Return the stage whose files lie in `folder`.

    status: how it ended, as the worker has told the host by itself, where a task cannot put in a word. Raises
    StageRecordChanged where stage.json says otherwise.
    A result.json that cannot be read counts as absent: the process may have been killed while it wrote, or a task may
    have put something else there.
    """
    try:
        ended = _Ended.model_validate_json(_read_own_file(folder, "stage.json"))
    except (OSError, ValueError) as error:
        raise StageRecordChanged(folder.name) from error
    if ended.status != status:
        raise StageRecordChanged(folder.name)
    return StageResult(folder.name, kind, folder, ended, _read_reported(folder))


def stage_out_of_memory(
    folder: Path, kind: Literal["fit", "score"], began: float, seconds: float, memory_bytes: int
) -> StageResult:
    """Return the stage during which the kernel ended the worker itself, so that nobody could record it.

    began: seconds since 1970.
    """
    started, ended = (datetime.fromtimestamp(moment, UTC).isoformat() for moment in (began, began + seconds))
    record = _Ended(
        status=StageStatus.OUT_OF_MEMORY,
        started_at=started,
        ended_at=ended,
        seconds=seconds,
        peak_memory_bytes=memory_bytes,
    )
    return StageResult(folder.name, kind, folder, record, _Reported())


class StageRecordChanged(Exception):
    """What the worker recorded of how a stage ended is not there, or not what it has told the host."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"the record of how {stage} ended was changed afterwards")


def _read_reported(folder: Path) -> _Reported:
    try:
        document = json.loads(_read_own_file(folder, "result.json"))
        for request in document.get("requests", ()):
            output = request.get("output")
            if isinstance(output, Mapping):
                request["output"] = {**output, "folder": folder, "table": _existing(folder, output.get("table"))}
        return _Reported.model_validate(document)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return _Reported()


def _read_own_file(folder: Path, name: str) -> bytes:
    file = folder / name
    if not _is_own_file(folder, name) or file.stat().st_size > LARGEST_RESULT_BYTES:
        raise ValueError(f"not a file of this stage: {name!r}")
    return file.read_bytes()


def _existing(folder: Path, name: object) -> str | None:
    return name if isinstance(name, str) and _is_own_file(folder, name) else None


def _is_own_file(folder: Path, name: str) -> bool:
    """Tell whether a regular file of that plain name lies in the folder; a pipe would be waited for for ever."""
    file = folder / name
    return Path(name).name == name and file.is_file() and not file.is_symlink()
