"""The stable names of a failed build's causes. A new one is a row here and a recogniser in `recognisers/`.

Order decides where a log shows several: the more specific cause, or the one that brings about the others, stands first.
An index that cannot be reached makes pip say that there is no such package; a missing header makes a build script fail.
"""

from __future__ import annotations

MEANINGS = {
    "timeout": "cancelled at the time limit, or an index that never answers",
    "out_of_memory": "the installer or the compiler was killed by the memory limit",
    "disk_full": "no space is left on the device",
    "bad_encoding": "the bytes of the requirements file cannot be read as text",
    "missing_file": "a local path, an included file or a constraints file does not exist",
    "unsupported_line": "a valid kind of line that this build cannot honour",
    "invalid_marker": "the environment marker behind `;` is invalid",
    "invalid_syntax": "a line is no valid requirement",
    "tls_failure": "the certificate of the index is not trusted",
    "hash_mismatch": "a recorded hash is not that of the file",
    "hash_missing": "hashes are required, and a line or a dependency has no hash or no pin",
    "duplicate_requirement": "one package stands on two lines whose versions exclude each other",
    "yanked_version": "only releases that were withdrawn satisfy the line",
    "python_version_mismatch": "the release exists, but not for this Python",
    "no_compatible_wheel": "there is no wheel for this Python or platform, and no source distribution",
    "base_conflict": "a line, or what it needs, excludes a version that the base environment pins",
    "conflicting_lines": "what one line needs excludes what another line asks for",
    "transitive_conflict": "two lines need versions of a third package that exclude each other",
    "network_unreachable": "no route, no name resolution, or a refused connection",
    "index_access": "the index or a proxy refuses the request",
    "deprecated_package": "the project exists only to point to its real name",
    "no_such_version": "the project exists, but no release satisfies the line",
    "no_such_package": "the index has no project of that name",
    "invalid_package_metadata": "the metadata of the release is malformed and the installer refuses it",
    "missing_system_library": "building from source needs a header, a library or a program of the system",
    "missing_compiler": "building from source needs a compiler, CMake, Rust or Python's headers",
    "missing_build_dependency": "the build code imports a package that its isolated environment does not have",
    "broken_build_script": "the build code does not work with today's tools or this Python",
    "binary_incompatibility": "installs, but a compiled module does not load with another package",
    "missing_shared_library": "installs, but loading it needs a library of the system that is not there",
    "import_error": "installs, but an import fails on an incompatible package",
}
NONE, UNKNOWN = "none", "unknown"
CATEGORIES = (*MEANINGS, NONE, UNKNOWN)
_RANKS = {name: rank for rank, name in enumerate(MEANINGS)}


def rank(category: str) -> int:
    """Return where a category stands among those that one log may show; 0 is told before all others."""
    return _RANKS[category]
