"""Install a task's requirements with pip, as the platform does, and tell the harness what came of it.

Runs inside a container of the environment's image, with the interpreter that the task will have. Needs nothing but the
standard library of Python 3.8. Its folder is a volume: nothing in it gets into the image.

    install_dependencies.py install     run pip; its output is the build log, its exit code ours
    install_dependencies.py keep DIR    add what pip has downloaded and installed in DIR to the cache of downloads
"""

import configparser
import contextlib
import glob
import importlib.util
import json
import os
import platform
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
LOOKS_EVERY_SECONDS = 0.02


def main() -> int:
    with open(os.path.join(FOLDER, "order.json"), encoding="utf-8") as stream:
        order = json.load(stream)
    if sys.argv[1] == "keep":
        return keep(order["cache"], sys.argv[2])
    threading.Thread(target=end_with_host, daemon=True).start()
    for folder in (TEMPORARY, DOWNLOADED):
        os.makedirs(folder, exist_ok=True)
    code, foreign = install(order) if order["install"] else (0, False)
    found = {
        "python": sys.executable,
        "pythonVersion": platform.python_version(),
        "packages": sysconfig.get_path("purelib"),
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
    watcher = threading.Thread(target=watch_downloads, args=(finished,))
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
            # Before it installs, pip says so; a small package is gone from its folder a moment later.
            collect_downloads()
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
    """Compile what pip has installed and is not compiled yet, on all processors; a task's container cannot write."""
    missing = [path for folder in site_folders() for path in uncompiled(folder)]
    listed = os.path.join(FOLDER, "uncompiled.txt")
    with open(listed, "w", encoding="utf-8") as stream:
        stream.writelines(path + "\n" for path in missing)
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "0", "-i", listed],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


def site_folders():
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


def uncompiled(folder):
    """Yield the sources below a folder that have nothing compiled, or something that is older."""
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".py") and "\n" not in path:
                source = os.path.join(path, name)
                if not is_compiled(source):
                    yield source


def is_compiled(source):
    try:
        with open(importlib.util.cache_from_source(source), "rb") as stream:
            header = stream.read(12)
    except OSError:
        return False
    unchecked = header[4:8] == (1).to_bytes(4, "little")
    same_time = int.from_bytes(header[8:12], "little") == int(os.stat(source).st_mtime) & 0xFFFFFFFF
    return header[:4] == importlib.util.MAGIC_NUMBER and (unchecked or same_time)


def watch_downloads(finished: threading.Event) -> None:
    while not finished.wait(LOOKS_EVERY_SECONDS):
        collect_downloads()


def collect_downloads() -> None:
    """Give each wheel that pip has downloaded a second name: pip removes its own when it is done."""
    for path in glob.glob(os.path.join(TEMPORARY, "pip-unpack-*", "*.whl")):
        with contextlib.suppress(OSError):
            os.link(path, os.path.join(DOWNLOADED, os.path.basename(path)))


def keep(folder, packages):
    """Add the wheels that are whole to the cache; a name appears there only when its content is complete."""
    target = os.path.join(CACHE, folder)
    os.makedirs(target, exist_ok=True)
    for name in os.listdir(DOWNLOADED):
        partial = os.path.join(target, "%s.%d.partial" % (name, time.time_ns()))
        try:
            repack(os.path.join(DOWNLOADED, name), partial, packages)
            os.replace(partial, os.path.join(target, cached_name(name)))
        except (OSError, ValueError, zipfile.BadZipFile, StopIteration):
            with contextlib.suppress(OSError):
                os.unlink(partial)
    return 0


def cached_name(wheel):
    """Return the wheel's name with a build tag: of two wheels of a version, pip takes the one that has it.

    Source: "The wheel binary package format", file name convention. ValueError where there is a build tag already.
    """
    project, version, python, abi, platforms = wheel.split("-")
    return "%s-%s-0-%s-%s-%s" % (project, version, python, abi, platforms)


def repack(wheel, target, packages):
    """Write the wheel uncompressed, with the code that was compiled for this Python beside it: both save time."""
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        record = next(name for name in source.namelist() if name.endswith(".dist-info/RECORD"))
        added = ""
        for item in source.infolist():
            if item.filename == record:
                continue
            content = source.read(item)
            copy.writestr(item, content, zipfile.ZIP_STORED)
            compiled = compiled_code(os.path.join(packages, item.filename), content)
            if compiled is not None:
                name = importlib.util.cache_from_source(item.filename)
                copy.writestr(name, compiled)
                added += name + ",,\n"
        copy.writestr(record, source.read(record).decode("utf-8") + added)


def compiled_code(installed, source):
    """Return the compiled code of an installed file; None where there is none.

    Its header says that the source need not be looked at (PEP 552), since pip gives that a time of its own.
    """
    if not installed.endswith(".py"):
        return None
    try:
        with open(importlib.util.cache_from_source(installed), "rb") as stream:
            compiled = stream.read()
    except OSError:
        return None
    if compiled[:4] != importlib.util.MAGIC_NUMBER:
        return None
    return compiled[:4] + (1).to_bytes(4, "little") + importlib.util.source_hash(source) + compiled[16:]


if __name__ == "__main__":
    sys.exit(main())
