"""Time a first dependency build with downloads at hand against a plain `docker build` with pip, in turns.

    python benchmarks/docker_build_speed.py [--rounds N] [--base IMAGE]

Both install pandas, scikit-learn and one more package into the same empty venv of the same image. The plain build gets
this machine's certificates as a file in its context and nothing else. Removes the images that it makes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

PACKAGES = ("pandas==2.3.3", "scikit-learn==1.7.2", "toolz==1.0.0")
EMPTY_VENV = """
ARG BASE_IMAGE=python:3.11-slim-bookworm
FROM ${BASE_IMAGE}
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:${PATH}
RUN python3 -m venv "$VIRTUAL_ENV"
"""
PLAIN = """
FROM IMAGE
COPY ca.pem /tmp/ca.pem
COPY requirements.txt /tmp/requirements.txt
RUN PIP_CERT=/tmp/ca.pem pip install -r /tmp/requirements.txt
"""
CUSTOM = "def fit(X, y, output_dir, **kwargs):\n    pass\n"
METADATA = "name: timed\ntype: training\ntargetType: regression\n"


def main() -> None:
    """Measure in turns and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", default="task-harness-base:python3.11", help="an image with Python")
    options = parser.parse_args()
    image = f"harness-benchmark:{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            seconds = measure(folder, image, options.base, options.rounds)
        finally:
            subprocess.run(["docker", "rmi", "--force", image, f"{image}-plain"], capture_output=True, check=False)
    for who, values in seconds.items():
        print(f"{who:<24} median {statistics.median(values):6.2f} s   {min(values):.2f} to {max(values):.2f}")
    ratio = statistics.median(seconds["harness, warm"]) / statistics.median(seconds["docker build, cold"])
    print(f"warm harness / cold docker build: {ratio:.2f}")


def measure(folder: Path, image: str, base: str, rounds: int) -> dict[str, list[float]]:
    empty = write(folder / "empty", Dockerfile=EMPTY_VENV)
    run(["docker", "build", "--quiet", "--build-arg", f"BASE_IMAGE={base}", "--tag", image, str(empty)])
    requirements = "".join(f"{package}\n" for package in PACKAGES)
    plain = write(folder / "plain", Dockerfile=PLAIN.replace("IMAGE", image), **{"requirements.txt": requirements})
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", plain / "ca.pem")
    files = {"custom.py": CUSTOM, "model-metadata.yaml": METADATA, "requirements.txt": requirements}
    task = write(folder / "task", **files)
    build = [sys.executable, "-m", "harness", "build", str(task), "--backend", "docker", "--env", f"image:{image}"]
    run(build)  # fills the cache of downloads
    seconds: dict[str, list[float]] = {"harness, warm": [], "docker build, cold": []}
    for _ in range(rounds):
        forget(run(build).splitlines()[-1])
        seconds["harness, warm"].append(timed(build))
        command = ["docker", "build", "--quiet", "--no-cache", "--tag", f"{image}-plain", str(plain)]
        seconds["docker build, cold"].append(timed(command))
    forget(run(build).splitlines()[-1])
    return seconds


def forget(task_image: str) -> None:
    """Remove the images of a build down to the environment's, so that the next one is a first one."""
    from harness.backends.docker.images import list_images, remove_image
    from harness.docker_engine import connect

    api = connect()
    parent = api.inspect_image(task_image)["Parent"]
    images = [image for image in list_images(api) if image.tag == task_image or parent in (image.id, image.parent_id)]
    for image in sorted(images, key=lambda image: image.id == parent):
        remove_image(api, image)
    api.close()


def write(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    run(command)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
