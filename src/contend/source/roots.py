"""Which directory to audit for a path that somebody gives: it may be an app, hold several, or lie inside of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from contend.source.discovery import is_functions_directory
from contend.source.files import PathNotFound

_PROJECT_FILES = ("convex.json", "package.json")


def audit_root(path: Path) -> Iterator[Path]:
    """Directories to look for apps in, best first.

    Inside a function directory that is the root of its app, so that callers and import aliases are seen. Otherwise it
    is the path itself, and should that hold no app, the nearest directory above that does, up to the root of the
    repository (`.git`). Raises `PathNotFound` where nothing exists at `path`.
    """
    start = Path(os.path.abspath(path))
    if not start.exists():
        raise PathNotFound(path)
    if not start.is_dir():
        start = start.parent
    above = _up_to_repository(start)
    functions = next((each for each in reversed(above) if is_functions_directory(each)), None)
    if functions is not None:
        yield _root_of(functions)
        return
    yield start
    repository = above[-1] if (above[-1] / ".git").exists() else None
    for each in above[1:]:
        if (each / "convex.json").is_file() or is_functions_directory(each / "convex"):
            yield each
            return
    if repository is not None and repository != start:
        yield repository


def _up_to_repository(start: Path) -> list[Path]:
    """`start` and the directories above it, up to that of the repository, or short of the user's home."""
    home = Path.home()
    found: list[Path] = []
    for each in (start, *start.parents):
        if found and each in (home, Path(each.anchor)):
            break
        found.append(each)
        if (each / ".git").exists():
            break
    return found


def _root_of(functions: Path) -> Path:
    """The directory of the app whose function directory this is: that of its project file, else itself."""
    for each in _up_to_repository(functions)[1:]:
        if any((each / name).is_file() for name in _PROJECT_FILES):
            return each
    return functions
