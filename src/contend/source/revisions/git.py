"""What is asked of git: which commit a revision is, which files it holds, and their contents.

Only commands that read are run, as processes of their own without a shell, and told nothing by the environment about
where the repository is: it is the one around the path.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contend.model.errors import InputError
from contend.source.files import PathNotFound

_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE")
_LINK, _SUBMODULE = "120000", "160000"


class GitError(InputError):
    """A revision that cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a tree. `path` is relative to it, with `/`; `object` the name of its content."""

    path: str
    object: str
    is_link: bool


def find_commit(path: Path, revision: str) -> str:
    """The full name of the commit that `revision` means in the repository around `path`. `REV...` is where the branch
    that is checked out left REV. Raises `GitError`, and `PathNotFound` where nothing is there."""
    directory = _directory(path)
    if not os.path.isdir(directory):
        raise PathNotFound(path)
    _inside_work_tree(directory)
    branch_point = revision.endswith("...")
    named = revision.removesuffix("...")
    if ".." in named:
        raise GitError(
            f"'{revision}' is a range: give one revision, with which the files on disk are compared. "
            "REV... is the commit where this branch left REV"
        )
    commit = _commit(directory, named)
    if commit is None:
        raise _missing(directory, f"there is no revision '{named}'", "name a commit, branch or tag that was fetched")
    if not branch_point:
        return commit
    base = _name(_run(directory, "merge-base", commit, "HEAD"))
    if base is None:
        raise _missing(directory, f"'{named}' and HEAD have no common ancestor", "name a commit to compare with")
    return base


def prefix_of(directory: Path) -> str:
    """Where `directory` lies in its repository: relative to the top, with `/`; "" for the top itself."""
    return _out(directory, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").strip("\r\n").rstrip("/")


def tree_of(directory: Path, commit: str, prefix: str) -> str | None:
    """The name of the tree at `prefix` in a commit, None where it has no such directory."""
    name = _object(directory, f"{commit}:{prefix}")
    if name is None:
        return None
    return name if _out(directory, "cat-file", "-t", name).strip() == b"tree" else None


def list_tree(directory: Path, tree: str) -> tuple[Entry, ...]:
    """The files and links of a tree; submodules, whose files lie in another repository, are left out."""
    entries = []
    for record in _out(directory, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0"):
        head, _, name = record.partition(b"\t")
        if not name:
            continue
        mode, _, object = head.decode("ascii").split()
        if mode != _SUBMODULE:
            entries.append(Entry(os.fsdecode(name), object, mode == _LINK))
    return tuple(entries)


def read_objects(directory: Path, names: Sequence[str]) -> Iterator[bytes]:
    """The contents of `names`, in their order. Raises `GitError` for one that is not there."""
    if not names:
        return
    done = _run(directory, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode())
    if done.returncode:
        raise GitError(f"git cat-file: {_complaint(done)}")
    answer = memoryview(done.stdout)
    at = 0
    for name in names:
        end = done.stdout.index(b"\n", at)
        head = bytes(answer[at:end]).split()
        if len(head) != 3:
            raise GitError(f"the content of {name} is missing from this clone: run git fetch, then try again")
        start = end + 1
        at = start + int(head[2]) + 1
        yield bytes(answer[start : at - 1])


def _commit(directory: Path, revision: str) -> str | None:
    return _object(directory, f"{revision}^{{commit}}") if revision else None


def _object(directory: Path, expression: str) -> str | None:
    return _name(_run(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", expression))


def _name(done: subprocess.CompletedProcess[bytes]) -> str | None:
    name = done.stdout.decode("ascii", "replace").strip()
    return name if name and not done.returncode else None


def _missing(directory: Path, what: str, advice: str) -> GitError:
    if _run(directory, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        return GitError(
            f"{what} in this shallow clone: fetch more of the history "
            "(git fetch --unshallow; in GitHub Actions, fetch-depth: 0 of actions/checkout)"
        )
    return GitError(f"{what} in the git repository around {directory}: {advice}")


def _inside_work_tree(directory: Path) -> None:
    done = _run(directory, "rev-parse", "--is-inside-work-tree")
    if done.returncode:
        said = _complaint(done)
        if "not a git repository" in said:
            raise GitError(f"{directory}: not in a git repository, so there is no revision to compare with")
        raise GitError(f"git cannot read the repository around {directory}: {said}")
    if done.stdout.strip() != b"true":
        raise GitError(f"{directory}: not in a work tree of git, so there is no revision to compare with")


def _out(directory: Path, *arguments: str) -> bytes:
    done = _run(directory, *arguments)
    if done.returncode:
        raise GitError(f"git {arguments[0]}: {_complaint(done)}")
    return done.stdout


def _run(directory: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in _ELSEWHERE}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(
            ["git", "-C", os.fspath(directory), *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env=environment,
        )
    except FileNotFoundError as error:
        raise GitError("git was not found: --diff needs it installed and on the PATH") from error
    except (OSError, ValueError) as error:
        raise GitError(f"git could not be run: {error}") from error


def _complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else f"exit code {done.returncode}"


def _directory(path: Path) -> Path:
    absolute = Path(os.path.abspath(path))
    return absolute.parent if os.path.isfile(absolute) else absolute
