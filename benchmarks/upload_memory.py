"""How much memory a server takes while large files are uploaded, and how fast they come in.

    python benchmarks/upload_memory.py [--megabytes 1000]

A small server of its own receives a form with a file of 1 MB, then one of the asked-for size, each in a fresh process
over a real connection. Its peak of memory is what the server's process says of itself.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from harness.server.contents import Contents
from harness.server.uploads.forms import pair_files
from harness.server.uploads.multipart import receive_form

MEGABYTE = 1024 * 1024
BOUNDARY = "b7c1"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="filePath"\r\n\r\nlarge.bin\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


def main() -> None:
    """Upload both sizes and print the peaks and the speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(Path(options.serve))
        return
    for megabytes in (1, options.megabytes):
        peak_megabytes, seconds = measure(megabytes)
        print(f"{megabytes:5} MB: {megabytes / seconds:4.0f} MB/s, peak of the server {peak_megabytes:.0f} MB")


def measure(megabytes: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([sys.executable, __file__, "--serve", folder], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            connection = http.client.HTTPConnection("127.0.0.1", int(server.stdout.readline()))
            began = time.perf_counter()
            connection.request(
                "POST",
                "/",
                body(megabytes),
                {
                    "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                    "Content-Length": str(len(HEAD) + megabytes * MEGABYTE + len(TAIL)),
                },
            )
            answer = json.load(connection.getresponse())
            seconds = time.perf_counter() - began
            connection.close()
            assert answer["sizes"] == [megabytes * MEGABYTE]
        finally:
            server.terminate()
            server.wait()
    return answer["peak"] / 1024, seconds


def body(megabytes: int) -> Iterator[bytes]:
    """Yield a form with a file of random bytes that repeat, so that the client costs little."""
    piece = os.urandom(MEGABYTE)
    yield HEAD
    for _ in range(megabytes):
        yield piece
    yield TAIL


def serve(folder: Path) -> None:
    import socket

    import uvicorn

    contents = Contents(folder)

    async def upload(request: Request) -> JSONResponse:
        form = await receive_form(
            request, contents, most_bytes=1 << 40, fields=frozenset({"filePath"}), files=frozenset({"file"})
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return JSONResponse({"sizes": [file.content.size_bytes for _, file in pair_files(form)], "peak": peak})

    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        app = Starlette(routes=[Route("/", upload, methods=["POST"])])
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
