"""Output folders with hand-written reports, for the tests of comparisons."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

CHECKS = [
    ("row_count", "One row out for each row in", "passed", "3 rows"),
    ("fit", "Fit completes", "passed", "in 0.10 s"),
]


def write_results(
    folder: Path,
    output: str | None = "no,yes\n0.9,0.1\n0.2,0.8\n0.6,0.4\n",
    *,
    name: str = "predictions.csv",
    checks: list[tuple[str, str, str, str]] | None = None,
    log: str | None = None,
    target_type: str = "binary",
    **changed: Any,
) -> Path:
    """Write report.json and what belongs to it, and return the folder. changed: further fields of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = Path(name).stem
    report: dict[str, Any] = {
        "schemaVersion": 1,
        "verdict": "passed",
        "task": {
            "name": "Tried",
            "path": "tried",
            "language": "python",
            "targetType": target_type,
            "interface": "hooks",
        },
        "environment": {"id": "0" * 24, "name": "Small", "backend": "venv", "pythonVersion": "3.11.7", "image": None},
        "dependencies": [],
        "build": None,
        "stages": [stage("fit", 2.0, 1000)],
        "checks": [
            {"id": check, "title": title, "status": status, "message": message, "remedy": "", "details": {}}
            for check, title, status, message in (checks or CHECKS)
        ],
        "archives": {"logs": str(folder / "logs.tar.gz") if log is not None else None, "trainingArtifact": None},
        "outputs": {kind: str(folder / name)} if output is not None else {},
        "seconds": {"total": 4.0, "build": 0.0, "run": 3.0, "checks": 0.5},
        **changed,
    }
    (folder / "report.json").write_text(json.dumps(report))
    if output is not None:
        (folder / name).write_text(output)
    if log is not None:
        with tarfile.open(folder / "logs.tar.gz", "w:gz") as archive:
            member = tarfile.TarInfo("build.log")
            member.size = len(log.encode())
            archive.addfile(member, io.BytesIO(log.encode()))
    return folder


def stage(name: str, seconds: float, peak_memory_bytes: int) -> dict[str, Any]:
    """Return a stage of a report."""
    return {
        "name": name,
        "status": "passed",
        "seconds": seconds,
        "cpuSeconds": seconds,
        "peakMemoryBytes": peak_memory_bytes,
        "exitCode": 0,
    }
