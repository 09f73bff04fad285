"""A directory as it was at a commit, in a temporary place."""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from contend.source.files import is_read
from contend.source.revisions.git import Entry, GitError, list_tree, prefix_of, read_objects, tree_of

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def tree_at(path: str | Path, commit: str) -> Iterator[Path | None]:
    """The directory `path` as it was at `commit`, for as long as the context lasts; None where it did not exist there.

    Only files that an audit reads are there. The directory keeps its name, which can say what it holds. Where symbolic
    links lead out of it, the rest of the repository lies around it. Raises `GitError`.
    """
    root = Path(path)
    prefix = prefix_of(root)
    tree = tree_of(root, commit, prefix)
    if tree is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="contend-", ignore_cleanup_errors=True) as place:
        top = Path(place)
        (top / ".git").mkdir()  # nothing above belongs to the repository
        files, links = _wanted(root, tree)
        if prefix and any(_leads_out(path, target) for path, target in links):
            files, links = _wanted(root, tree_of(root, commit, "") or tree)
            inside = top / prefix
            _write(root, top, files, links)
        else:
            inside = top / (root.name or "tree")
            _write(root, inside, files, links)
        inside.mkdir(parents=True, exist_ok=True)
        yield inside


def _wanted(root: Path, tree: str) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The files of a tree that an audit reads, and its links with their targets."""
    entries = [entry for entry in list_tree(root, tree) if _is_safe(entry.path)]
    links = [entry for entry in entries if entry.is_link]
    targets = read_objects(root, [link.object for link in links])
    return (
        [entry for entry in entries if not entry.is_link and is_read(entry.path)],
        [(link.path, os.fsdecode(target)) for link, target in zip(links, targets, strict=True)],
    )


def _write(root: Path, place: Path, files: Sequence[Entry], links: Sequence[tuple[str, str]]) -> None:
    made: set[Path] = set()
    for entry, data in zip(files, read_objects(root, [entry.object for entry in files]), strict=True):
        file = place / entry.path
        try:
            if file.parent not in made:
                file.parent.mkdir(parents=True, exist_ok=True)
                made.add(file.parent)
            file.write_bytes(data)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise GitError(f"no room for the files of the revision in {place.parent}: {error.strerror}") from error
            # else a name that this system cannot have: then it is not on disk either
        except ValueError:
            continue
    for path, target in links:  # last, so that no file is written through one
        if _leads_out(path, target):
            continue
        link = place / path
        with contextlib.suppress(OSError, ValueError):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target, target_is_directory=(link.parent / target).is_dir())


def _is_safe(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and ".." not in parts and ".git" not in parts and "node_modules" not in parts


def _leads_out(path: str, target: str) -> bool:
    """Whether a link at `path` points outside of the tree that it stands in."""
    if target.startswith("/") or ":" in target or "\\" in target:
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).split("/")[0] == ".."
