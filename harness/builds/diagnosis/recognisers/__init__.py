"""What recognises the kinds of failure, a module for each family. A new kind is a row or a module here."""

from harness.builds.diagnosis.model import Recogniser
from harness.builds.diagnosis.recognisers import (
    conflicts,
    hashes,
    imports,
    local_files,
    machine,
    names_and_versions,
    network,
    requirement_lines,
    source_builds,
    stub_projects,
    unsuitable_files,
    unsupported_lines,
    uv_names_and_versions,
)

RECOGNISERS: tuple[Recogniser, ...] = (
    *machine.RECOGNISERS,
    *network.RECOGNISERS,
    *requirement_lines.RECOGNISERS,
    *unsupported_lines.RECOGNISERS,
    *local_files.RECOGNISERS,
    *hashes.RECOGNISERS,
    *conflicts.RECOGNISERS,
    *names_and_versions.RECOGNISERS,
    *uv_names_and_versions.RECOGNISERS,
    *unsuitable_files.RECOGNISERS,
    *stub_projects.RECOGNISERS,
    *source_builds.RECOGNISERS,
    *imports.RECOGNISERS,
)
