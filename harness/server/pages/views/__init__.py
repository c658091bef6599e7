"""One module a subject: read the address and the form, call what the API calls, show a page."""

from harness.server.pages.views import dependencies, files, models, projects, sharing, sign_in, tasks, users, versions

VIEWS = (
    sign_in.router,
    tasks.router,
    versions.router,
    files.router,
    dependencies.router,
    sharing.router,
    projects.router,
    models.router,
    users.router,
)
