"""The program `harness`, also as `python -m harness`."""

from __future__ import annotations

import gc
import sys

from harness.local_worker import headstart

# Imports make hundreds of thousands of objects and no garbage; Python's default looks for some every 700.
OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Run the command line, with a worker on its way where an earlier run says which one will be needed."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    headstart.begin(sys.argv[1:])
    try:
        from harness.cli import run

        run()
    finally:
        headstart.drop()


if __name__ == "__main__":
    main()
