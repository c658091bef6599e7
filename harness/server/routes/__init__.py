"""One module a resource: take the request apart, do one thing in one transaction, answer with a record."""

from harness.server.routes import about, access, builds, environments, tasks, versions

ROUTERS = (
    about.router,
    tasks.router,
    access.router,
    versions.router,
    builds.router,
    environments.router,
)
