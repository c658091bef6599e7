"""A worker as a process on this machine: its folder, its sandbox, and its early start.

Nothing here imports more than the standard library needs, so that a worker can be on its way before the rest of the
harness is loaded.
"""
