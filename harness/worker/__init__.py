"""The program that runs inside a task's environment; see docs/reference/run-protocol.md.

It is started as a folder (`python -u harness/worker`), by a Python that may be as old as 3.8, and shares no module
with the rest of the harness.
"""
