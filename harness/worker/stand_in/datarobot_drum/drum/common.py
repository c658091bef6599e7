"""Logging for tasks."""

import logging

_ROOT_NAME = "drum"


def get_drum_logger(logger_name):
    """Return the logger of that name below the runner's own, which shows everything from INFO on."""
    root = logging.getLogger(_ROOT_NAME)
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        root.propagate = False
    return root.getChild(logger_name)
