"""Install a task's requirements with pip, as the platform does, and tell the harness what came of it.

Runs inside a container of the environment's image, with the interpreter that the task will have. Needs nothing but the
standard library of Python 3.8. Its folder is a volume: nothing in it gets into the image.

    install_dependencies.py install     run pip; its output is the build log, its exit code ours
    install_dependencies.py keep        add what pip has downloaded to the cache of downloads
"""

import configparser
import contextlib
import glob
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
TEMPORARY = os.path.join(FOLDER, "tmp")
DOWNLOADED = os.path.join(FOLDER, "downloaded")
CACHE = "/run/harness-downloads"
# What pip says when it runs code of a package; what lies in its folders then is not certain to come from the index.
SIGNS_OF_FOREIGN_CODE = ("building wheel", "setup.py", "preparing metadata", "build dependencies", "preparing wheel")
LOOKS_EVERY_SECONDS = 0.1


def main() -> int:
    with open(os.path.join(FOLDER, "order.json"), encoding="utf-8") as stream:
        order = json.load(stream)
    if sys.argv[1] == "keep":
        return keep(order["cache"])
    threading.Thread(target=end_with_host, daemon=True).start()
    for folder in (TEMPORARY, DOWNLOADED):
        os.makedirs(folder, exist_ok=True)
    code, foreign = install(order) if order["install"] else (0, False)
    found = {
        "python": sys.executable,
        "pythonVersion": platform.python_version(),
        "downloads": [] if foreign else sorted(os.listdir(DOWNLOADED)),
    }
    with open(os.path.join(FOLDER, "result.json"), "w", encoding="utf-8") as stream:
        json.dump(found, stream)
    return code


def end_with_host() -> None:
    """End the container when the harness is gone: nobody holds our standard input any more."""
    while os.read(0, 4096):
        pass
    os._exit(1)


def install(order):
    """Run pip; return its exit code, and whether code of a package ran."""
    finished = threading.Event()
    watcher = threading.Thread(target=collect_downloads, args=(finished,))
    watcher.start()
    command = ["-m", "pip", "install", "--no-compile", "--requirement", "requirements.txt", *order["options"]]
    print("$ python " + " ".join(command), flush=True)
    environment = dict(os.environ, TMPDIR=TEMPORARY, PIP_NO_CACHE_DIR="1", PYTHONUNBUFFERED="1")
    environment.update(order["variables"])
    if order["useCache"] and os.path.isdir(os.path.join(CACHE, order["cache"])):
        environment["PIP_FIND_LINKS"] = find_links(environment["PIP_CONFIG_FILE"], order["cache"])
    foreign = False
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=FOLDER,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as pip:
        for line in pip.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            said = line.decode("utf-8", "replace").lower()
            foreign = foreign or any(sign in said for sign in SIGNS_OF_FOREIGN_CODE)
    finished.set()
    watcher.join()
    if pip.returncode == 0:
        compile_packages()
    # A signal's number is no exit code that a container can have.
    return (pip.returncode if pip.returncode >= 0 else 1), foreign


def find_links(config_file, cache):
    """Return pip's own find-links and the cache of downloads, which a variable would otherwise replace."""
    parser = configparser.RawConfigParser()
    parser.read(config_file, encoding="utf-8")
    own = parser.get("global", "find-links", fallback="").split()
    return " ".join([*own, os.path.join(CACHE, cache)])


def compile_packages() -> None:
    """Compile what pip has installed on all processors; a task's container cannot write."""
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "0", *sorted(folders)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def collect_downloads(finished: threading.Event) -> None:
    """Give each wheel that pip downloads a second name: pip removes its own when it is done."""
    while not finished.wait(LOOKS_EVERY_SECONDS):
        for path in glob.glob(os.path.join(TEMPORARY, "pip-unpack-*", "*.whl")):
            with contextlib.suppress(OSError):
                os.link(path, os.path.join(DOWNLOADED, os.path.basename(path)))


def keep(folder: str) -> int:
    """Copy the wheels that are whole; a name appears in the cache only when its content is complete."""
    target = os.path.join(CACHE, folder)
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(DOWNLOADED):
        path = os.path.join(DOWNLOADED, name)
        try:
            with zipfile.ZipFile(path) as wheel:
                wheel.getinfo(next(item for item in wheel.namelist() if item.endswith(".dist-info/RECORD")))
        except (OSError, zipfile.BadZipFile, StopIteration, KeyError):
            continue
        partial = os.path.join(target, "%s.%d.partial" % (name, time.time_ns()))
        shutil.copyfile(path, partial)
        os.replace(partial, os.path.join(target, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
