"""Ask everything at once, and wait for nobody longer than the deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from harness.doctor.model import Fact, missing
from harness.errors import HarnessError

# A person waits at a terminal; imports and printing come on top.
DEADLINE_SECONDS = 4.0
Probe = Callable[[], Sequence[Fact]]


def run_probes(probes: Mapping[str, Probe], seconds: float = DEADLINE_SECONDS) -> dict[str, tuple[Fact, ...]]:
    """Return what each probe found, by its name, in their order.

    A probe that has not answered in time, or fails, is a missing fact of that name's first word instead. Its thread may
    go on; it ends with the program.
    """
    found: dict[str, tuple[Fact, ...]] = {}

    def run(name: str, probe: Probe) -> None:
        found[name] = _guarded(name, probe)

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in probes.items()]
    ends = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    return {name: found[name] if name in found else (_late(name, seconds),) for name in probes}


def _guarded(name: str, probe: Probe) -> tuple[Fact, ...]:
    try:
        return tuple(probe())
    except HarnessError as error:
        return (missing(_first(name), error.finding.message, error.finding.remedy),)
    except Exception as error:  # noqa: BLE001 - one probe's trouble must not hide what the others found
        said = " ".join(str(error).split()) or type(error).__name__
        return (missing(_first(name), f"could not be examined: {said}", "Repair what that names, and try again."),)


def _late(name: str, seconds: float) -> Fact:
    what = name.partition(" ")[2]
    message = f"{what + ': ' if what else ''}no answer within {seconds:g} s"
    return missing(_first(name), message, "Try again; if it stays so, see whether that service or disk hangs.")


def _first(name: str) -> str:
    return name.partition(" ")[0]
