"""A started worker: as a process on this machine or in a container, and the early start of either.

Nothing here imports more than starting one needs, so that a worker can be on its way before the rest of the harness is
loaded.
"""
