"""The program `harness`, also as `python -m harness`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import NoReturn

from harness.workers import headstart

# Imports make hundreds of thousands of objects and no garbage; Python's default looks for some every 700.
OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> NoReturn:
    """Run the command line, with a worker on its way where an earlier run says which one will be needed.

    Ends the process at once when the work is done: everything that was started has been ended by then, and letting
    the interpreter take pandas apart costs a fifth of a second.
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    for asked_to_end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked_to_end, signal.default_int_handler)
    try:
        headstart.begin(sys.argv[1:])
        from harness.cli import run

        code = run()
    except KeyboardInterrupt:
        # While the program itself was loaded.
        sys.stderr.write("Interrupted.\n")
        code = 130
    finally:
        headstart.drop()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        # Whoever read our output, `head` say, has had enough.
        code = code or 1
    os._exit(code)


if __name__ == "__main__":
    main()
