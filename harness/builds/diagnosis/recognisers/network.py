"""The index cannot be reached, is not trusted, refuses, or never answers.

A warning that something is tried again is no failure: it counts only where the installer ended without what it tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from harness.builds.diagnosis.anchors import register
from harness.builds.diagnosis.build_log import BuildLog
from harness.builds.diagnosis.endings import got_over
from harness.builds.diagnosis.model import Cause, Facts, Recogniser
from harness.builds.diagnosis.patterns import Pattern

MOST_PLACES = 60
INCOMPLETE = "not enough bytes were received"
ADDRESS = r"[a-z+]{2,9}://[^\s'\"`)<>]{1,500}"


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Words that tell a kind of trouble, however the installer puts them. pattern: what makes them so, in one line."""

    category: str
    anchors: tuple[str, ...]
    pattern: Pattern


def _trouble(category: str, *anchors: str, pattern: str | None = None) -> _Trouble:
    either = "|".join(re.escape(anchor) for anchor in anchors)
    return _Trouble(category, anchors, Pattern(pattern or either))


# In the order in which they are asked: a line about a proxy's refusal also says that there is no connection.
TROUBLES = (
    _trouble(
        "index_access",
        "Tunnel connection failed",
        "proxy authorization required",
        "tunnel error",
        "unsuccessful tunnel",
    ),
    _trouble("index_access", "eceived HTTP code", pattern=r"eceived HTTP code (?:40[1-7]|5\d\d) from proxy"),
    _trouble(
        "tls_failure",
        "CERTIFICATE_VERIFY_FAILED",
        "certificate verify failed",
        "problem confirming the ssl certificate",
        "invalid peer certificate",
        "UnknownIssuer",
        "SSL certificate problem",
        "server certificate verification failed",
        "ertificate verification failed",
        "certificate signed by unknown authority",
        "x509: certificate",
        "self signed certificate",
        "self-signed certificate",
        "unable to get local issuer certificate",
        "SSLCertVerificationError",
        "WRONG_VERSION_NUMBER",
        "SSLV3_ALERT",
        "TLSV1_ALERT",
        "ssl-verification-failed",
        "SSL module is not available",
        "'ssl' module is unavailable",
        "ssl module in Python is not available",
        "CondaSSLError",
    ),
    _trouble(
        "tls_failure",
        "SSLError",
        pattern=r"SSLError(?!\(SSLEOFError)(?![^\n]*(?:EOF occurred|SSLEOFError|SSLZeroReturn))",
    ),
    _trouble(
        "timeout",
        "ReadTimeoutError",
        "Read timed out",
        "ReadTimeout",
        "network timeout",
        "Operation too slow",
        "Operation timed out after",
    ),
    _trouble(
        "timeout",
        "didn't respond within",
        pattern=r"didn't respond within [\d.]+ seconds(?! \(while establishing)",
    ),
    _trouble(
        "network_unreachable",
        "NewConnectionError",
        "onnection refused",
        "onnection reset",
        "ConnectionResetError",
        "RemoteDisconnected",
        "Name or service not known",
        "Temporary failure in name resolution",
        "Temporary failure resolving",
        "ould not resolve",
        "ailed to resolve",
        "NameResolutionError",
        "getaddrinfo failed",
        "nodename nor servname",
        "No address associated with hostname",
        "no such host",
        "dns error",
        "failed to lookup address",
        "No route to host",
        "Network is unreachable",
        "network is unreachable",
        "ConnectTimeout",
        "connect timeout",
        "while establishing a connection",
        "onnection timed out",
        "tcp connect error",
        "i/o timeout",
        "Cannot assign requested address",
        "EOF occurred in violation of protocol",
        "SSLEOFError",
        "Could not connect, are you offline",
        "network connectivity is disabled",
        "etwork was disabled",
        "ailed to connect to",
        "Unable to connect to",
        "Could not connect to",
        "Connection aborted",
        INCOMPLETE,
        "IncompleteRead",
        "connection-failed",
        "CONNECTION FAILED",
        "connection closed before message completed",
        "client error (Connect)",
    ),
    _trouble("timeout", "operation timed out", "onnection-timeout", "TimeoutError: The read operation timed out"),
    _trouble("index_access", "Error: ", pattern=r"\b(?:40[1-7]|429|5\d\d) (?:Client|Server) Error: "),
    _trouble(
        "index_access", "HTTP ", pattern=r"HTTP (?:error|status (?:client|server) error \()[ ]?(?:40[1-7]|429|5\d\d)"
    ),
    _trouble(
        "index_access",
        "lack of valid authentication credentials",
        "Missing credentials for",
        "Authentication failed for",
        "could not read Username",
        "Permission denied (publickey)",
        "Host key verification failed",
    ),
    _trouble("index_access", "index", pattern=r"An index (?:URL )?\([^\n)]+\) returned a (?:40\d|5\d\d)"),
    _trouble("index_access", "too many ", pattern=r"too many (?:5\d\d )?error responses"),
    _trouble("index_access", "he requested URL returned error: ", pattern=r"returned error: (?:40[1-7]|429|5\d\d)"),
    _trouble("index_access", "[IP: ", pattern=r"(?:40[1-7]|5\d\d)  [A-Z][\w ]+ \[IP: "),
    _trouble("index_access", "EOFError: EOF when reading a line"),
    _trouble("index_access", "Error, Credentials not correct", pattern=r"40\d Error, Credentials not correct"),
)
register(*(anchor for trouble in TROUBLES for anchor in trouble.anchors))

# What only may have been the end: the installer tries again, or goes on without what it could not get.
_TENTATIVE = Pattern(
    r"^\s*(?:WARNING: |\[?WARN|W: |Err:|Ign:|warning: |Download error on )|Retrying \(|\bskipping\b|\[IP: "
    r"|Credentials not correct"
    r"|- skipping$|Some packages may not be found|^\s*DEBUG |^\s*TRACE |Cannot determine the|^\s*(?:Link|Skipping)",
)
_FATAL = Pattern(
    r"^\s*(?:ERROR: |error: |E: |fatal: |curl: \(|wget: |\u00d7|╰─▶|cause: |Caused by: |hint: |\[?Errno|npm ERR|"
    r"(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Timeout|Retr\w+|Status\w*)\b[:(]?|"
    r"ssh: |Host key |Permission denied|failed to |╰|├─▶|│ |error\b|subprocess-exited)"
)
# Heading of a report of pip 26 in two or more lines, and of uv: a line below an error line.
_BELOW_ERROR = Pattern(r"^\s*(?:ERROR: |error: |[\u00d7x] |[a-z-]+: )")
_CONCLUSION = Pattern(r"from versions: none|No matching distribution found|Could not find suitable distribution")
CONCLUSIONS = ("from versions: none", "No matching distribution found for ", "Could not find suitable distribution")
APT_CONCLUSIONS = ("E: ",)
register(*CONCLUSIONS, *APT_CONCLUSIONS)
_TRIED = Pattern(
    r": /(?:[^\s]*/)?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)/?$|(?P<url>https?://[^\s]+?/(?P<last>[\w.-]+)/?)[: ]"
)
_ADDRESS = Pattern(ADDRESS)
_HOST = Pattern(r"host='(?P<host>[^'\n]{1,300})'(?:, port=(?P<port>\d{1,5}))?|https?://(?P<named>[^/\s'\"`):]{1,300})")
_NAMED_ADDRESS = Pattern(r"(?:Collecting |`)(?P<name>[A-Za-z0-9][\w.-]{0,200})(?:\[[^\]\n]{0,200}\])? ?@ ")
_HOST_AND_PATH = Pattern(r"host='(?P<host>[^'\n]{1,300})'[^\n]{0,300}? with url: (?P<path>/[^\s()]{1,1000})")
_STATUS = Pattern(
    r"(?:\berror:? |failed: |code |\(|returned an? |WARNING: |: | {2})(?P<status>40[1-7]|429|5\d\d)\b"
    r"(?: +(?:(?:Client|Server) Error: )?(?!Client|Server|Error)(?P<reason>[A-Z][A-Za-z]+(?: [A-Z][a-z]+)*))?"
)

_SUMMARIES = {
    "network_unreachable": "{who} cannot be reached from where the build runs{why}.",
    "tls_failure": "The certificate of {who} is not trusted where the build runs{why}.",
    "timeout": "{who} did not answer in time.",
    "index_access": "{who} refuses the request{why}.",
}
_SUGGESTIONS = {
    "network_unreachable": "Check the network, the proxy settings and the address of the index.",
    "tls_failure": "Point pip's cert setting or SSL_CERT_FILE to the certificates of your organisation.",
    "timeout": "Try again later, or ask for a mirror that answers; pip's --timeout lets it wait longer.",
    "index_access": "Check the address of the index, and the user name and password or token for it.",
}
_STATUS_SUGGESTIONS = {
    "404": "Check the address: there is nothing at that place.",
    "407": "Give the proxy's user name and password in HTTPS_PROXY.",
    "403": "Ask for access to the index, or correct the credentials and the proxy settings.",
}

_NO_RUST = "Rust not found, installing into"  # of puccinialin, which maturin uses
_RUST_INSTALLER_SAYS = 20_000


def network_troubles(log: BuildLog, facts: Facts) -> tuple[Cause, ...]:
    """Recognise that the build ended because nothing could be downloaded."""
    for position, category in sorted(_places(log), reverse=True):
        line = log.line_at(position)
        if not _ended_the_build(log, facts, line, position):
            continue
        if INCOMPLETE in line and any("Connection timed out while" in above for above in log.before(position, 30)):
            category = "timeout"  # noqa: PLW2901 - the lines above tell more
        return (_cause(log, facts, category, line, position),)
    return ()


RECOGNISERS: tuple[Recogniser, ...] = (network_troubles,)


def _places(log: BuildLog) -> Iterator[tuple[int, str]]:
    """Yield the lines that speak of the network, each where it begins, with what it says."""
    seen: set[int] = set()
    for anchor in {anchor for trouble in TROUBLES for anchor in trouble.anchors}:
        for position in islice(log.places(anchor), MOST_PLACES):
            start = log.start_of_line(position)
            if start in seen:
                continue
            seen.add(start)
            category = _category(log.line_at(start))
            if category is not None:
                yield start, category


def _category(line: str) -> str | None:
    return next((trouble.category for trouble in TROUBLES if trouble.pattern.search(line)), None)


def _ended_the_build(log: BuildLog, facts: Facts, line: str, position: int) -> bool:
    if got_over(log, facts.exit_code, position) or _is_of_rust_installer(log, position):
        return False
    if _TENTATIVE.search(line):
        return _concluded(log, line, position)
    if "EOFError" in line:
        return "_prompt_for_password" in "\n".join(log.before(position, 30))
    return _FATAL.search(line) is not None or _is_below_error(log, position)


def _is_of_rust_installer(log: BuildLog, position: int) -> bool:
    """Tell whether a build could not download the Rust that is not there: its lack is the cause."""
    before = log.text[max(0, position - _RUST_INSTALLER_SAYS) : position]
    return before.rfind(_NO_RUST) > before.rfind("[end of output]")


def _is_below_error(log: BuildLog, position: int) -> bool:
    return any(_BELOW_ERROR.match(above) for above in log.before(position, 6))


def _concluded(log: BuildLog, line: str, position: int) -> bool:
    """Tell whether the installer ended without what it tried to get here."""
    if "[IP: " in line or line.lstrip().startswith(("W: ", "Err:")):
        return any(place > position and log.line_at(place).startswith("E: ") for place in islice(log.places("E: "), 20))
    tried = _TRIED.search(line)
    name = (tried["name"] or tried["last"] or "") if tried else ""
    for anchor in CONCLUSIONS:
        for place in islice(log.places(anchor), 20):
            if place > position and (not name or _is_name_of(name, log.line_at(place))):
                return True
    return False


def _is_name_of(name: str, conclusion: str) -> bool:
    plain = re.sub(r"[-_.]+", "-", name).lower()
    return plain in re.sub(r"[-_.]+", "-", conclusion).lower()


def _cause(log: BuildLog, facts: Facts, category: str, line: str, position: int) -> Cause:
    around = [*log.before(position, 9), line, *log.block(position, 4).splitlines()[1:]]
    near = "\n".join([line, *reversed(around)])
    address = _ADDRESS.search(near)
    declared = next(
        (
            one
            for one in facts.requirements.lines
            if "://" in one.content and any(part in one.content for part in _addresses(near))
        ),
        None,
    )
    if declared is None and address:
        package = _NAMED_ADDRESS.search(near)
        declared = facts.requirements.line_of(package["name"]) if package else None
    host = _HOST.search(near)
    name = (host["host"] or host["named"]) if host else None
    status = _STATUS.search(line) if category == "index_access" else None
    proxy = "proxy" in line.lower() or "unnel" in line
    who = "The proxy" if proxy else f"The server {name}" if name else "The package index"
    evidence = [line.strip()]
    evidence += [told.strip() for told in _conclusion_lines(log, position)]
    return Cause(
        category=category,
        summary=_summary(category, who, status, line),
        suggestion=_STATUS_SUGGESTIONS.get(status["status"] if status else "", _SUGGESTIONS[category]),
        position=position,
        evidence=tuple(dict.fromkeys(evidence)),
        package=declared.package if declared else None,
        line_number=declared.line_number if declared else None,
    )


def _summary(category: str, who: str, status: re.Match[str] | None, line: str) -> str:
    why = ""
    if category == "index_access" and status:
        why = f" with status {status['status']}{' (' + status['reason'] + ')' if status['reason'] else ''}"
    elif category == "index_access" and "EOFError" in line:
        why = ": it asks for a user name and a password, and nobody is there to type them"
    elif category == "network_unreachable":
        why = next((f": {words}" for words, anchors in _REASONS.items() if any(one in line for one in anchors)), "")
    text = _SUMMARIES[category].format(who=who, why=why)
    return text.replace(" of The ", " of the ")


_REASONS = {
    "its name is not known": ("resol", "not known", "dns error", "lookup", "getaddrinfo", "nodename", "no such host"),
    "it refuses the connection": ("onnection refused",),
    "there is no way to its network": ("unreachable", "No route"),
    "it does not answer": ("imeout", "timed out", "establishing"),
    "the connection broke": ("reset", "aborted", "Disconnected", "EOF", "IncompleteRead", "not enough bytes"),
}


def _addresses(text: str) -> set[str]:
    """Return what an error was about, without scheme, revision and fragment: hosts with a path, no bare hosts."""
    found = {address.partition("://")[2] for address in _ADDRESS.findall(text)}
    found |= {f"{match['host']}{match['path']}" for match in _HOST_AND_PATH.finditer(text)}
    plain = (re.split(r"[#\s]|@v?\w+$", address, maxsplit=1)[0].rstrip(".,:;/") for address in found)
    return {address for address in plain if "/" in address}


def _conclusion_lines(log: BuildLog, position: int) -> Iterator[str]:
    for anchor in CONCLUSIONS:
        for place in islice(log.places(anchor), 3):
            if place > position:
                yield log.line_at(place)
