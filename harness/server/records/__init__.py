"""The records of the REST API, written once: what FastAPI reads and writes, and what the tests judge answers by.

One module a resource. camelCase on the wire, unknown fields refused. Source: the platform's Custom Tasks API.
"""
