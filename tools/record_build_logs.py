"""Record the logs of failing dependency builds by running real installers.

    python tools/record_build_logs.py [CASE...]

A case is a folder of tests/builds/logs/ with a case.toml, a requirements.txt, and what else the installer is to find.
Each installer of DEFAULT, or those that case.toml names, installs the requirements into a new venv of this interpreter.
What it prints goes to INSTALLER.log beside them, its exit code to exit-codes.toml. Places and hosts of this machine are
replaced. Each folder in `sources`, named as NAME-VERSION, is made into a source distribution in `links` beforehand.
case.toml says which diagnosis is right, for the tests, and in its table [record], all optional:

    installers   names from INSTALLERS, or "docker": the pip of the base image in a Docker build without a network
    options      more arguments for the installer, such as ["--require-hashes"]
    environment  variables for the installer
    path         "bare": only the venv is on PATH, so that no compiler is found; or the programs that are found besides
    seed         requirements that the venv has beforehand, such as ["setuptools==65.5.0"], which legacy builds need
    then         what the venv's Python runs after an installation that succeeds, such as "import cv2"
    setting      the name of a function in build_log_settings.py beside this file: what is around the installer
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from harness.builds.pip_settings import pip_options

CASES = Path(__file__).parents[1] / "tests" / "builds" / "logs"
INSTALLERS = {
    "pip-21": "pip==21.3.1",
    "pip-22": "pip==22.3.1",
    "pip-23": "pip==23.3.2",
    "pip-24": "pip==24.3.1",
    "pip-25": "pip==25.3",
    "pip-26": "pip==26.2",
    "uv-0.4": "uv==0.4.30",
    "uv-0.8": "uv==0.8.24",
    "uv-0.13": "uv==0.13.9",
}
IN_DOCKER = "docker"
DEFAULT = ("pip-21", "pip-22", "pip-23", "pip-24", "pip-25", "pip-26", "uv-0.4", "uv-0.13")
LONGEST_SECONDS = 900
KEPT_VARIABLES = re.compile(r"PATH|HOME|LANG|SSL_CERT_FILE|SSL_CERT_DIR|(?i:(?:https?|all|no)_proxy)", re.ASCII)
DOCUMENTATION = ("pip.pypa.io", "docs.astral.sh", "github.com", "setuptools.pypa.io", "peps.python.org")


def main() -> int:
    names = sys.argv[1:] or sorted(file.parent.name for file in CASES.glob("*/case.toml"))
    for name in names:
        record(CASES / name)
    return 0


def record(case: Path) -> None:
    """Run each installer on the case and write what it printed."""
    wanted = tomllib.loads((case / "case.toml").read_text(encoding="utf-8")).get("record", {})
    codes = {}
    for installer in wanted.get("installers", DEFAULT):
        with tempfile.TemporaryDirectory(prefix="record-") as scratch:
            folder = Path(scratch) / "task"
            shutil.copytree(case, folder, ignore=shutil.ignore_patterns("*.log", "case.toml", "exit-codes.toml"))
            pack_sources(folder)
            codes[installer], output = install(installer, folder, wanted)
            (case / f"{installer}.log").write_text(scrubbed(output, scratch), encoding="utf-8")
            print(f"{case.name}: {installer} ended with {codes[installer]}")
    written = "".join(f'"{installer}" = {code}\n' for installer, code in codes.items())
    (case / "exit-codes.toml").write_text(written, encoding="utf-8")


def install(installer: str, folder: Path, wanted: dict[str, Any]) -> tuple[int, str]:
    """Return the exit code and the output of `installer` on the requirements.txt of `folder`."""
    if installer == IN_DOCKER:
        return install_in_docker(folder, wanted)
    venv = folder.parent / "venv"
    program = INSTALLERS[installer]
    tool = prepared(program)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    packages = venv / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    for seed in wanted.get("seed", []):
        shutil.copytree(prepared(seed), packages, dirs_exist_ok=True)
    if program.startswith("pip"):
        shutil.copytree(tool, packages, dirs_exist_ok=True)
        command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir", "--no-color"]
    else:
        command = [str(tool / "bin" / "uv"), "pip", "install", "--python", python, "--no-cache", "--no-progress"]
    command += ["-r", "requirements.txt", *wanted.get("options", [])]
    environment = way_to_index()
    if "path" in wanted:
        found = [] if wanted["path"] == "bare" else wanted["path"]
        environment["PATH"] = os.pathsep.join([str(venv / "bin"), str(folder_of_programs(folder.parent, found))])
    environment["NO_COLOR"] = "1"
    with setting(wanted.get("setting"), folder, environment) as changed:
        environment.update(changed or {})
        environment.update(wanted.get("environment", {}))
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0 or "then" not in wanted:
        return done.returncode, output
    after = subprocess.run(
        [python, "-c", wanted["then"]],
        cwd=folder.parent,
        env={"PATH": environment["PATH"]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return after.returncode, output + after.stdout.decode(errors="replace")


def install_in_docker(folder: Path, wanted: dict[str, Any]) -> tuple[int, str]:
    """Return the exit code and the output of a Docker build that installs the requirements.txt of `folder`."""
    options = " ".join(wanted.get("options", []))
    (folder / "Dockerfile").write_text(
        "FROM task-harness-base:python3.11\nENV PIP_BREAK_SYSTEM_PACKAGES=1\nCOPY . /task\nWORKDIR /task\n"
        f"RUN python3 -m pip install {options} -r requirements.txt\n",
        encoding="utf-8",
    )
    image = "recorded-" + re.sub(r"[^a-z0-9]", "", folder.parent.name)
    command = ["docker", "build", "--network", "none", "--force-rm", "--tag", image, "."]
    with setting(wanted.get("setting"), folder, {}):
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "DOCKER_BUILDKIT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    subprocess.run(["docker", "image", "rm", image], check=False, capture_output=True)
    return done.returncode, done.stdout.decode(errors="replace").replace(image, "task")


def folder_of_programs(scratch: Path, names: list[str]) -> Path:
    """Return a folder from which just these programs of this machine can be started."""
    programs = scratch / "programs"
    programs.mkdir()
    for name in names:
        place = shutil.which(name)
        assert place is not None, f"{name} is not on this machine"
        (programs / name).symlink_to(place)
    return programs


def pack_sources(folder: Path) -> None:
    """Make each folder in `sources`, named as NAME-VERSION, into a source distribution in `links`."""
    for source in sorted((folder / "sources").glob("*")):
        (folder / "links").mkdir(exist_ok=True)
        with tarfile.open(folder / "links" / f"{source.name}.tar.gz", "w:gz") as archive:
            archive.add(source, source.name)


def way_to_index() -> dict[str, str]:
    """Return the variables with which installers reach this machine's index, and no other settings of the machine."""
    environment = {name: value for name, value in os.environ.items() if KEPT_VARIABLES.fullmatch(name)}
    settings = pip_options(os.environ)
    environment["PIP_CONFIG_FILE"] = os.devnull
    if "index-url" in settings:
        environment["PIP_INDEX_URL"] = environment["UV_INDEX_URL"] = settings["index-url"]
    if "cert" in settings:
        environment["PIP_CERT"] = environment["SSL_CERT_FILE"] = settings["cert"]
    return environment


def setting(
    name: str | None, folder: Path, environment: dict[str, str]
) -> AbstractContextManager[dict[str, str] | None]:
    """Return the context in which the installer runs; it gives variables for it."""
    if name is None:
        return nullcontext()
    settings = importlib.import_module("build_log_settings")
    found: AbstractContextManager[dict[str, str] | None] = getattr(settings, name)(folder, environment)
    return found


def prepared(program: str) -> Path:
    """Return a folder with the installer in it, made once."""
    target = Path(tempfile.gettempdir()) / "record-build-logs" / program
    if not target.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), program]
        subprocess.run(command, check=True)
    return target


def scrubbed(output: str, scratch: str) -> str:
    """Return the output without this machine's places and hosts."""
    text = output.replace(scratch, "/build").replace(sys.base_prefix, "/usr/local")
    text = text.replace(tempfile.gettempdir(), "/scratch").replace(str(Path.home()), "/home/user")
    index = pip_options(os.environ).get("index-url")
    if index:
        text = text.replace(index.rstrip("/"), "https://index.example/simple")
    return re.sub(r"(?P<scheme>https?://)(?P<host>[A-Za-z0-9.-]+)", other_host, text)


def other_host(address: re.Match[str]) -> str:
    """Return an address without the index's own host; the documentation that installers point to stays."""
    if address["host"] in DOCUMENTATION or address["host"].startswith("127.") or address["host"].endswith(".example"):
        return address.group()
    return f"{address['scheme']}index.example"


if __name__ == "__main__":
    sys.exit(main())
