"""One module a resource: take the request apart, do one thing in one transaction, answer with a record."""

from harness.server.routes import (
    about,
    access,
    blueprints,
    builds,
    environments,
    models,
    projects,
    repositories,
    status,
    tasks,
    versions,
)

ROUTERS = (
    about.router,
    tasks.router,
    access.router,
    repositories.router,  # before versions: fromRepository is no id of a version
    versions.router,
    builds.router,
    environments.router,
    blueprints.router,
    blueprints.menu_router,
    projects.router,
    models.router,
    status.router,
)
