"""How each kind of failure shows in an installer's log. A new kind is one row here.

Patterns are searched in the whole log, in this order, so the more specific one stands first: pip says of an index that
it cannot reach that there is no such package. The named group `package` is the project at fault, `other` a second one
that has a part in it. Each pattern knows the words of uv and of pip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]|[A-Za-z0-9]"
_EXTRAS_AND_MARKER = r"(?:\[[^\]]*\])?(?:\{[^}]*\})?"


@dataclass(frozen=True, slots=True)
class Signature:
    """One category, the pattern that proves it, and what to tell. `{package}` and `{other}` are filled in."""

    category: str
    pattern: re.Pattern[str]
    summary: str
    suggestion: str


def _signature(category: str, pattern: str, summary: str, suggestion: str) -> Signature:
    filled = pattern.replace("PACKAGE", f"(?P<package>{_NAME})").replace("OTHER", f"(?P<other>{_NAME})")
    return Signature(category, re.compile(filled.replace("EXTRA", _EXTRAS_AND_MARKER), re.DOTALL), summary, suggestion)


SIGNATURES = (
    _signature(
        "tls_failure",
        r"(?:invalid peer certificate|CERTIFICATE_VERIFY_FAILED|UnknownIssuer)",
        "The certificate of the package index is not trusted here.",
        "Point SSL_CERT_FILE or pip's cert setting to your organisation's certificates.",
    ),
    _signature(
        "network_unreachable",
        r"(?:[Cc]onnection refused|dns error|Network is unreachable|No route to host|error sending request|"
        r"NewConnectionError|ProxyError|ConnectTimeoutError|Temporary failure in name resolution)",
        "The package index cannot be reached from here.",
        "Check the network, the proxy settings and the index address.",
    ),
    _signature(
        "no_such_package",
        r"(?:requirement (?=\S+ \(from versions: none\))|(?=\S+ was not found in the package registry))PACKAGE",
        "There is no package named {package} on the package index.",
        "Correct the name: the name to install may differ from the name to import.",
    ),
    _signature(
        "no_such_version",
        r"(?:[Tt]here (?:is|are) no versions? of|satisfies the requirement) PACKAGE(?=EXTRA[<>=!~ ])",
        "No release of {package} has the version that is asked for.",
        "Ask for a version that exists.",
    ),
    _signature(
        "yanked_version",
        r"PACKAGE==\S+ was yanked",
        "The release of {package} that is asked for was withdrawn by its authors.",
        "Ask for another version.",
    ),
    _signature(
        "no_compatible_wheel",
        r"PACKAGE\S* has no (?:wheels|usable wheels|source distribution|wheels with)",
        "No build of {package} in that version fits this Python and platform.",
        "Ask for a version that has wheels for this Python.",
    ),
    _signature(
        "python_version_mismatch",
        r"(?:the current Python version \([^)]*\) does not satisfy Python\S*.*?|"
        r"Package '(?=[^']*' requires a different Python))PACKAGE",
        "{package} does not support this Python version.",
        "Ask for a version of {package} that supports it.",
    ),
    _signature(
        "duplicate_requirement",
        r"(?:you require|Cannot install) PACKAGEEXTRA[<>=!~][^\s,]* and (?P=package)(?=[{\[<>=!~])",
        "{package} stands on two lines whose versions exclude each other.",
        "Keep one of the two lines.",
    ),
    _signature(
        "conflicting_lines",
        r"(?:Because |\n\s+)PACKAGEEXTRA[<>=!~ ]\S* depends on OTHER(?=[{\[<>=!~ ])",
        "What {package} needs of {other} excludes what another line asks for.",
        "Loosen the version of {package} or of {other}.",
    ),
    _signature(
        "missing_compiler",
        r"(?:command '?\S*(?:gcc|cc|g\+\+|clang|cl\.exe)'? failed|unable to execute '?\S*gcc|Python\.h: No such file)",
        "Building a package from source needs a compiler and Python's headers, and they are not there.",
        "Ask for a version that has a wheel.",
    ),
    _signature(
        "missing_system_library",
        r"(?:pg_config executable not found|fatal error: \S+\.h: No such file)",
        "Building a package from source needs a library of the system, and it is not there.",
        "Ask for a version that has a wheel.",
    ),
    _signature(
        "broken_build_script",
        r"(?:Failed to build `?|Failed building wheel for )PACKAGE",
        "The build script of {package} does not work here.",
        "Ask for a version that has a wheel.",
    ),
    _signature(
        "hash_mismatch",
        r"(?:Hash mismatch for `?|DO NOT MATCH THE HASHES.*?\n\s+)PACKAGE",
        "The file of {package} that was downloaded is not the one whose hash is recorded.",
        "Record the hash anew, after making sure that the file is the right one.",
    ),
    _signature(
        "hash_missing",
        r"(?:In `--require-hashes` mode.*?`?|In --require-hashes mode.*?:\s+)PACKAGE",
        "Some lines have hashes and {package} has none.",
        "Give every line a version and a hash, or none.",
    ),
    _signature(
        "index_access",
        r"(?:HTTP status (?:client|server) error \(|HTTP error )(?:401|403|404|407|5\d\d)",
        "The package index refused the request.",
        "Check the index address and the credentials.",
    ),
    _signature(
        "disk_full",
        r"No space left on device",
        "The disk is full.",
        "Make room, or set HARNESS_CACHE_DIR to another disk.",
    ),
)
