"""What is around an installer while its log is recorded: index servers that fail, small disks, little memory.

Each function is a context manager that gets the folder in which the installer runs and its variables, and gives more
variables. Used by record_build_logs.py, as `setting` in the table [record] of a case.
"""

# ruff: noqa: ARG001 - every setting gets the folder and the variables, also one that needs neither

from __future__ import annotations

import hashlib
import html
import io
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from harness.requirements import normalised, parse_requirements

Variables = dict[str, str]
PAGE = "text/html"


def index_at(url: str) -> Variables:
    """Return what makes pip and uv use this index alone, and give up on it soon."""
    return {
        "PIP_INDEX_URL": url,
        "UV_INDEX_URL": url,
        "UV_DEFAULT_INDEX": url,
        "PIP_RETRIES": "1",
        "UV_HTTP_RETRIES": "0",
    }


@contextmanager
def closed_port(folder: Path, environment: Variables) -> Iterator[Variables]:
    """Nothing listens where the index should be."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield index_at(f"http://127.0.0.1:{taken.getsockname()[1]}/simple")


@contextmanager
def unknown_host(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index has a name that no name server knows."""
    yield index_at("https://packages.nowhere.example/simple")


@contextmanager
def closed_proxy(folder: Path, environment: Variables) -> Iterator[Variables]:
    """Nothing listens where the proxy should be."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{taken.getsockname()[1]}"
        yield {**index_at("https://packages.nowhere.example/simple"), "HTTPS_PROXY": proxy, "https_proxy": proxy}


@contextmanager
def silent_index(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index takes connections and never answers; installers wait for two seconds."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        yield {**index_at(url), "PIP_TIMEOUT": "2", "UV_HTTP_TIMEOUT": "2", "UV_HTTP_CONNECT_TIMEOUT": "2"}


@contextmanager
def untrusted_certificate(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index shows a certificate that it has made itself."""
    key, certificate = folder.parent / "key.pem", folder.parent / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _server(lambda handler: _answer(handler, 200, b"")) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        yield index_at(f"https://localhost:{server.server_address[1]}/simple")


@contextmanager
def answers_401(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index asks for a password that nobody has given."""
    with _refusing(401, {"WWW-Authenticate": 'Basic realm="packages"'}) as url:
        yield index_at(url)


@contextmanager
def wrong_password(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index does not take the user name and the password that it is given."""
    with _refusing(401, {"WWW-Authenticate": 'Basic realm="packages"'}) as url:
        yield index_at(url.replace("://", "://reader:outdated@"))


@contextmanager
def answers_403(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index forbids everything."""
    with _refusing(403, {}) as url:
        yield index_at(url)


@contextmanager
def answers_503(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index is overloaded."""
    with _refusing(503, {}) as url:
        yield index_at(url)


@contextmanager
def files_gone(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index lists a file that its file server does not have."""
    with _one_package(lambda handler: _answer(handler, 404, b"gone")) as url:
        yield {**index_at(url), "WHEELS": url.removesuffix("/simple")}


@contextmanager
def files_forbidden(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index lists a file that its file server does not give."""
    with _one_package(lambda handler: _answer(handler, 403, b"forbidden")) as url:
        yield index_at(url)


@contextmanager
def files_silent(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index lists a file that its file server begins to send, and never goes on with."""

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/octet-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"PK")
        handler.wfile.flush()
        time.sleep(12)

    with _one_package(stall) as url:
        yield {**index_at(url), "PIP_TIMEOUT": "2", "UV_HTTP_TIMEOUT": "2"}


@contextmanager
def asking_proxy(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The proxy wants a password."""
    with _refusing(407, {"Proxy-Authenticate": 'Basic realm="proxy"'}) as url:
        proxy = url.removesuffix("/simple")
        yield {**index_at("https://packages.nowhere.example/simple"), "HTTPS_PROXY": proxy, "https_proxy": proxy}


@contextmanager
def forbidding_proxy(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The proxy lets nobody reach the index."""
    with _refusing(403, {}) as url:
        proxy = url.removesuffix("/simple")
        yield {**index_at("https://packages.nowhere.example/simple"), "HTTPS_PROXY": proxy, "https_proxy": proxy}


@contextmanager
def small_disk(folder: Path, environment: Variables) -> Iterator[Variables]:
    """Temporary files have 1 MB; making such a disk takes the rights of root."""
    place = folder.parent / "small"
    place.mkdir()
    with _disk_of(place, "1m"):
        yield {"TMPDIR": str(place)}


@contextmanager
def small_environment(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The environment lies on a disk with 200 kB of room."""
    packages = next((folder.parent / "venv" / "lib").glob("python*/site-packages"))
    kept = folder.parent / "kept"
    shutil.copytree(packages, kept)
    size = sum(file.stat().st_size // 4096 + 1 for file in kept.rglob("*")) * 4096 + 200_000
    with _disk_of(packages, str(size)):
        shutil.copytree(kept, packages, dirs_exist_ok=True)
        yield {}


@contextmanager
def little_memory(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The installer can have 60 MB, which is too little to unpack a larger package."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (60_000_000, before[1]))
    try:
        yield {}
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def compiler_killed(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The kernel ends the compiler, as it does with the largest program where memory runs out."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            for entry in Path("/proc").glob("[0-9]*/comm"):
                try:
                    if entry.read_text().strip() in {"cc1", "cc1plus"} and _is_below(
                        int(entry.parent.name), os.getpid()
                    ):
                        os.kill(int(entry.parent.name), signal.SIGKILL)
                except OSError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield {}
    finally:
        ended.set()
        watcher.join()


@contextmanager
def ascii_locale(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The system says that text is ASCII."""
    yield {"LC_ALL": "POSIX", "LANG": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def _is_below(process: int, ancestor: int) -> bool:
    while process > 1:
        stat = Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])
        if process == ancestor:
            return True
    return False


@contextmanager
def _disk_of(place: Path, size: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def _refusing(status: int, headers: Variables) -> Iterator[str]:
    with _server(lambda handler: _answer(handler, status, b"", headers=headers)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"


@contextmanager
def _one_package(answer_file: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Serve an index that knows the package sprocket 1.0 alone, whose file `answer_file` sends."""
    name = "sprocket-1.0-py3-none-any.whl"
    digest = hashlib.sha256(b"sprocket").hexdigest()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.rstrip("/")
        if path == "/simple/sprocket":
            _answer(handler, 200, f'<a href="/files/{name}#sha256={digest}">{name}</a>'.encode())
        elif path == f"/files/{name}":
            answer_file(handler)
        else:
            _answer(handler, 404, b"")

    with _server(answer) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"


def _answer(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Variables | None = None) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": PAGE, "Content-Length": str(len(body)), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    """Says nothing about clients that go away."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: clients that do not trust the certificate close the connection."""


@contextmanager
def _server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_HEAD = do_CONNECT = do_GET  # noqa: N815 - the names that the base class looks for

        def log_message(self, *_: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        # Begins when its socket is asked for the first time: untrusted_certificate() wraps it first.
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def canonical_requirements(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The installer gets the sorted and merged lines that a build of the harness gives it."""
    file = folder / "requirements.txt"
    lines = normalised(parse_requirements(file))
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    yield {}


@contextmanager
def without_python_headers(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The compiler does not find Python's headers, as where Debian's python3-dev is not installed."""
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    script = (
        "#!/bin/bash\nfor given; do\n    shift\n"
        '    [[ $given == -I*/include/python* ]] || set -- "$@" "$given"\ndone\n'
        f'exec {shutil.which("gcc")} "$@"\n'
    )
    for name in ("gcc", "cc"):
        (programs / name).write_text(script, encoding="utf-8")
        (programs / name).chmod(0o755)
    yield {"PATH": os.pathsep.join([str(programs), environment["PATH"]])}


@contextmanager
def made_index(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The index has the wheels of the case's index.toml alone.

    Each table of `wheel` there: `name`, the file's name; `requires`, what it depends on; `requires-python` and
    `yanked` (a reason) as the index tells them; `metadata-only = true` where the wheel says `requires-python` and the
    index does not.
    """
    wheels = tomllib.loads((folder / "index.toml").read_text(encoding="utf-8")).get("wheel", [])
    files = {wheel["name"]: _wheel(wheel) for wheel in wheels}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        parts = handler.path.strip("/").split("/")
        links = [_link(wheel) for wheel in wheels if _project_of(wheel["name"]) == parts[-1]]
        if parts[0] == "simple" and links:
            _answer(handler, 200, "".join(links).encode())
        elif parts[0] == "files" and parts[-1] in files:
            _answer(handler, 200, files[parts[-1]], headers={"Content-Type": "application/octet-stream"})
        else:
            _answer(handler, 404, b"")

    with _server(answer) as server:
        yield index_at(f"http://127.0.0.1:{server.server_address[1]}/simple")


@contextmanager
def made_index_beside(folder: Path, environment: Variables) -> Iterator[Variables]:
    """There is the index of `made_index`, and the usual one."""
    with made_index(folder, environment) as made:
        yield {"PIP_EXTRA_INDEX_URL": made["PIP_INDEX_URL"], "UV_INDEX": made["UV_INDEX_URL"]}


@contextmanager
def made_folder(folder: Path, environment: Variables) -> Iterator[Variables]:
    """There is no index, but a folder `wheels` with the wheels of the case's index.toml."""
    place = folder / "wheels"
    place.mkdir()
    for wheel in tomllib.loads((folder / "index.toml").read_text(encoding="utf-8"))["wheel"]:
        (place / wheel["name"]).write_bytes(_wheel(wheel))
    yield {}


def _project_of(wheel_name: str) -> str:
    return wheel_name.split("-", maxsplit=1)[0].replace("_", "-").lower()


def _link(wheel: dict[str, Any]) -> str:
    """Return the wheel's link on the page of its project. Source: the simple repository API."""
    told = "" if wheel.get("metadata-only") else _attribute("data-requires-python", wheel.get("requires-python"))
    told += _attribute("data-yanked", wheel.get("yanked"))
    return f'<a href="/files/{wheel["name"]}"{told}>{wheel["name"]}</a><br/>'


def _attribute(name: str, value: str | None) -> str:
    return "" if value is None else f' {name}="{html.escape(value)}"'


def _wheel(wheel: dict[str, Any]) -> bytes:
    """Return the wheel's bytes: metadata, and nothing to install."""
    name, version, tag = wheel["name"].removesuffix(".whl").split("-", maxsplit=2)
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Dist: {required}\n" for required in wheel.get("requires", ())]
    extras = re.findall(r"extra == '([^']+)'", " ".join(wheel.get("requires", ())))
    metadata += [f"Provides-Extra: {extra}\n" for extra in dict.fromkeys(extras)]
    if "requires-python" in wheel:
        metadata.append(f"Requires-Python: {wheel['requires-python']}\n")
    texts = {"METADATA": "".join(metadata), "WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file, text in texts.items():
            archive.writestr(f"{name}-{version}.dist-info/{file}", text)
        archive.writestr(f"{name}-{version}.dist-info/RECORD", "")
    return content.getvalue()


@contextmanager
def package_of_the_system(folder: Path, environment: Variables) -> Iterator[Variables]:
    """The environment has a package as a distribution of Linux brings it: pip does not know its files."""
    site_packages = next((folder.parent / "venv" / "lib").glob("python3.*/site-packages"))
    told = site_packages / "six-1.10.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: six\nVersion: 1.10.0\n", encoding="utf-8")
    (told / "INSTALLER").write_text("debian\n", encoding="utf-8")
    (site_packages / "six.py").write_text('__version__ = "1.10.0"\n', encoding="utf-8")
    yield {}
