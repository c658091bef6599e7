"""A git repository: the files of one commit, fetched without its history where the remote can do that."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from harness.backends.cancellation import Cancellation
from harness.errors import HarnessError
from harness.server.sources.copying import Readable, copy_stream
from harness.server.sources.git_program import Git, GitFailed
from harness.server.sources.model import Opened
from harness.server.sources.refs import BRANCHES, TAGS, RemoteRefs, Wanted, choose, not_found, parse_listing
from harness.server.sources.tree import Collision, File, Leaf, Link, quoted, tree_of

FETCHED = "refs/fetched"
LONGEST_TARGET = 4096
_LINK_MODE = "120000"


def open_git(location: str, ref: str | None, workspace: Path, cancellation: Cancellation) -> Opened:
    """Return the tree of a commit: what was committed, whatever a working tree has besides.

    Files are read from git's own records, byte by byte as they were committed: nothing is checked out, so that no
    attribute, filter or name in the repository has any effect. Submodules are left out.
    Raises HarnessError where the repository cannot be read, or has no such ref.
    """
    git = Git(workspace / "fetched.git", location, cancellation)
    try:
        refs = parse_listing(git.run("ls-remote", "--symref", "--", git.url))
        wanted = choose(refs, ref)
        commit = _fetch_commit(git, refs, wanted) if wanted.commit else _fetch_named(git, wanted)
        tree = tree_of(_leaves(git, commit))
    except GitFailed as error:
        raise git.failed(error) from error
    except Collision as error:
        raise HarnessError(
            f"the repository's tree is damaged: {quoted(str(error))} is there twice", remedy="Repair it with git."
        ) from error
    return Opened(tree, partial(_copy, git, cancellation), wanted.ref, commit)


def _fetch_named(git: Git, wanted: Wanted) -> str:
    place = f"{FETCHED}/named"
    refspec = f"+{wanted.full_name}:{place}"
    try:
        _fetch(git, "--depth=1", refspecs=(refspec,))
    except GitFailed as error:
        # A plain web server gives out files, not chosen commits.
        if "shallow" not in str(error):
            raise
        _fetch(git, refspecs=(refspec,))
    try:
        return _commit_of(git, place)
    except GitFailed as error:
        raise HarnessError(
            f"ref {quoted(wanted.ref)} is a tag of something else than a commit", remedy="Name another ref."
        ) from error


def _fetch_commit(git: Git, refs: RemoteRefs, wanted: Wanted) -> str:
    """Fetch a commit by its sha, or, where the remote refuses or the sha is short, all branches and tags to find it."""
    assert wanted.commit is not None
    if wanted.is_full_commit:
        with suppress(GitFailed):
            _fetch(git, "--depth=1", refspecs=(wanted.commit,))
            return _commit_of(git, wanted.commit)
    everything = [f"+{kind}*:{FETCHED}/{kind}*" for kind in (BRANCHES, TAGS)]
    if "HEAD" in refs.names:
        everything.append(f"+HEAD:{FETCHED}/HEAD")
    _fetch(git, "--update-shallow", refspecs=everything)
    try:
        return _commit_of(git, wanted.commit)
    except GitFailed as error:
        if "ambiguous" in str(error):
            raise HarnessError(
                f"ref {quoted(wanted.ref)} is the beginning of several commits", remedy="Write more of its digits."
            ) from error
        raise not_found(refs, wanted.ref) from error


def _fetch(git: Git, *options: str, refspecs: Sequence[str]) -> None:
    git.run("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", *options, "--", git.url, *refspecs)


def _commit_of(git: Git, name: str) -> str:
    return git.run("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}").strip()


def _leaves(git: Git, commit: str) -> Iterator[Leaf]:
    listing = git.run("ls-tree", "-r", "-z", "--long", "--full-tree", commit)
    links: list[File] = []
    for entry in listing.split("\0"):
        description, _, path = entry.partition("\t")
        if not path:
            continue
        mode, kind, sha, size = description.split()
        if kind != "blob":
            continue
        file = File(path, int(size), sha)
        if mode != _LINK_MODE:
            yield file
        elif file.size_bytes <= LONGEST_TARGET:
            links.append(file)
    yield from _links(git, links)


def _links(git: Git, links: Sequence[File]) -> Iterator[Link]:
    if links:
        with _contents(git) as content_of:
            for link in links:
                stream = content_of(link)
                yield Link(link.path, stream.read(link.size_bytes).decode("utf-8", "surrogateescape"))
                stream.read(1)


def _copy(git: Git, cancellation: Cancellation, wanted: Sequence[tuple[File, Path]]) -> None:
    with _contents(git) as content_of:
        for file, place in wanted:
            stream = content_of(file)
            copy_stream(stream, file, place, cancellation)
            stream.read(1)


@contextmanager
def _contents(git: Git) -> Iterator[Callable[[File], Readable]]:
    """Give a function that returns a stream at the beginning of a file's content, which one more byte follows."""
    with git.running("cat-file", "--batch") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        request, answer = process.stdin.fileno(), process.stdout

        def content_of(file: File) -> Readable:
            # Past the stream's own buffer, which would be written once more at the end.
            with suppress(BrokenPipeError):
                os.write(request, f"{file.key}\n".encode())
            if answer.readline() != f"{file.key} blob {file.size_bytes}\n".encode():
                git.refuse_if_cancelled()
                raise HarnessError(f"git cannot read {quoted(file.path)}", remedy="Check the repository: git fsck.")
            return answer

        yield content_of
