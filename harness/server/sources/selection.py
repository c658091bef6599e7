"""Which files of a repository the source paths of a request name, and where each goes in the task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.server.sources.model import Limits
from harness.server.sources.tree import File, Folder, Link, Special, Unreachable, find, is_of_git, joined, quoted
from harness.server.uploads.paths import UnsafePath, check_path
from harness.tasks.nearest import nearest

MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Chosen:
    """A file and its two paths; path_in_repository is where it was found, which may be a link to the file."""

    path_in_task: str
    path_in_repository: str
    file: File


def as_source_paths(source_path: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the paths that a request's `sourcePath` names, without `./` and a final `/`; "" is the whole repository.

    None, an empty list and `.` name the whole of it. Raises HarnessError for a path that could lead elsewhere.
    """
    written = (source_path,) if isinstance(source_path, str) else tuple(source_path or (".",))
    return tuple(dict.fromkeys(_as_source_path(path) for path in written))


def select(tree: Folder, source_paths: Sequence[str], limits: Limits) -> tuple[Chosen, ...]:
    """Return the files that the source paths name, sorted by their path in the task.

    A folder's content goes to the root of the task, a file goes there under its own name. Links are followed.
    Raises HarnessError where a path is not there, where two files would get one path, where a link leads out of the
    repository, and where there is more than the limits allow.
    """
    chosen: dict[str, Chosen] = {}
    total_bytes = 0
    for found in _all_found(tree, source_paths, limits):
        before = chosen.setdefault(found.path_in_task, found)
        if before is found:
            total_bytes += found.file.size_bytes
            if total_bytes > limits.total_bytes:
                raise too_large(limits)
        elif before.path_in_repository != found.path_in_repository:
            raise _two_sources(found.path_in_task, before, found)
    if not chosen:
        named = ", ".join(quoted(path) for path in source_paths if path)
        raise HarnessError(
            f"there is no file in {named or 'the repository'}", remedy="Name a folder or a file that is in it."
        )
    _refuse_file_as_folder(chosen)
    return tuple(chosen[path] for path in sorted(chosen))


def too_large(limits: Limits) -> HarnessError:
    return HarnessError(
        f"the files have more than {limits.total_bytes} bytes in all",
        remedy="Leave out what the task does not need.",
    )


def too_many(limits: Limits) -> HarnessError:
    return HarnessError(
        f"there are more than {limits.entries} files and folders", remedy="Leave out what the task does not need."
    )


def _as_source_path(path: str) -> str:
    bare = path if path == "/" else path.rstrip("/")
    try:
        return "" if bare == "." else check_path(bare)
    except UnsafePath as error:
        raise HarnessError(
            f"the source path {quoted(path)} {str(error).rstrip('.')}",
            remedy="Write the path of a folder or a file from the repository's root, with / between the names.",
        ) from error


def _all_found(tree: Folder, source_paths: Sequence[str], limits: Limits) -> Iterator[Chosen]:
    visited = 0
    for path in source_paths:
        node = _at(tree, path)
        if isinstance(node, Special):
            raise _special(path, node)
        found = _walk(tree, node, path) if isinstance(node, Folder) else [Chosen(path.split("/")[-1], path, node)]
        for chosen in found:
            visited += 1
            if visited > limits.entries:
                raise too_many(limits)
            if chosen is not None:
                yield _checked(chosen)


def _checked(chosen: Chosen) -> Chosen:
    try:
        check_path(chosen.path_in_task)
    except UnsafePath as error:
        raise HarnessError(
            f"{quoted(chosen.path_in_repository)}: the file's path in the task {str(error).rstrip('.')}",
            remedy="Rename it.",
        ) from error
    return chosen


def _at(tree: Folder, path: str) -> File | Special | Folder:
    try:
        return find(tree, path)
    except Unreachable as error:
        raise HarnessError(f"the source path {quoted(path)} {error}", remedy=_hint(tree, path)) from error


def _hint(tree: Folder, path: str) -> str:
    """Return what the user may have meant, from the deepest folder on the way that is there."""
    if any(character in path for character in "*?["):
        return "Name folders and files one by one: patterns are not looked up."
    if is_of_git(path):
        return "What git itself keeps is no part of a repository's files."
    above, _, name = path.rpartition("/")
    try:
        folder = find(tree, above)
    except Unreachable:
        return _hint(tree, above)
    names = sorted(folder.children) if isinstance(folder, Folder) else []
    near = nearest(name, names)
    if near:
        return f"Nearest: {quoted(joined(above, near))}."
    shown = ", ".join(quoted(joined(above, each)) for each in names[:MOST_NAMES])
    return f"There is {shown}{', …' if len(names) > MOST_NAMES else ''}." if names else "Look at the path again."


def _walk(tree: Folder, top: Folder, source_path: str) -> Iterator[Chosen | None]:
    """Yield every file below `top`, and None for everything else that was looked at, so that the caller can count.

    A folder that is reached again from within itself, through a link, is an error: it would never end.
    """
    waiting: list[tuple[Folder, str, tuple[Folder, ...]]] = [(top, "", (top,))]
    while waiting:
        folder, prefix, above = waiting.pop()
        for name, child in folder.children.items():
            path_in_task = joined(prefix, name)
            path = joined(source_path, path_in_task)
            node = _followed(tree, child, folder, path) if isinstance(child, Link) else child
            if isinstance(node, Special):
                raise _special(path, node)
            if isinstance(node, File):
                yield Chosen(path_in_task, path, node)
                continue
            yield None
            if any(node is each for each in above):
                raise HarnessError(
                    f"{quoted(path)} is a folder inside itself, through a link", remedy="Remove the link."
                )
            waiting.append((node, path_in_task, (*above, node)))


def _followed(tree: Folder, link: Link, folder: Folder, path: str) -> File | Special | Folder:
    try:
        return find(tree, joined(folder.path, link.path.rpartition("/")[2]))
    except Unreachable as error:
        raise HarnessError(
            f"{quoted(path)} is a link to {quoted(link.target)}, which {error}",
            remedy="Put the file itself in its place.",
        ) from error


def _special(path: str, node: Special) -> HarnessError:
    return HarnessError(f"{quoted(path)} is {node.what}, not a file", remedy="Remove it from the task's folder.")


def _two_sources(path_in_task: str, one: Chosen, other: Chosen) -> HarnessError:
    return HarnessError(
        f"both {quoted(one.path_in_repository)} and {quoted(other.path_in_repository)} would be "
        f"{quoted(path_in_task)} in the task",
        remedy="Name source paths whose files have different names.",
    )


def _refuse_file_as_folder(chosen: dict[str, Chosen]) -> None:
    for path, found in chosen.items():
        above = path.rpartition("/")[0]
        while above:
            if above in chosen:
                raise _two_sources(above, chosen[above], found)
            above = above.rpartition("/")[0]
