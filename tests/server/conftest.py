# ruff: noqa: F401 -- pytest finds fixtures here; they live where the type checker, which takes one conftest, sees them.
from server_fixtures import api, clients, database_url, postgres, serve, server, silence
