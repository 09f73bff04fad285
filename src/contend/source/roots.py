"""Which directory to audit for a path that somebody gives: it may be an app, hold several, or lie inside of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from contend.source.discovery import NotAConvexApp, is_functions_directory
from contend.source.files import PathNotFound, list_files

_PROJECT_FILES = ("convex.json", "package.json")


def audit_root(path: Path) -> Iterator[Path]:
    """Directories to look for apps in, best first.

    Inside a function directory that is the root of its app, so that callers and import aliases are seen. Otherwise it
    is the path itself, and should that hold no app although it holds code, the root of the app it lies in. An app
    elsewhere in the repository is not looked for: whoever names a directory without one is told so. Raises
    `PathNotFound` where nothing exists at `path`, `NotAConvexApp` for a file outside of every app.
    """
    given = Path(os.path.abspath(path))
    if not os.path.exists(given):  # unlike `Path.exists`, says no to a name that is too long
        raise PathNotFound(path)
    start = given if given.is_dir() else given.parent
    above = _up_to_repository(start)
    functions = next((each for each in reversed(above) if is_functions_directory(each)), None)
    if functions is not None:
        yield _root_of(functions)
        return
    if given == start:
        yield start
        above = above[1:]
    code = list_files(given).sources
    if code or given.name in _PROJECT_FILES:
        for each in above:
            root = _root_at(each)
            if root is not None:
                yield root
                return
    if given != start:
        raise NotAConvexApp(path, len(code))


def _root_at(directory: Path) -> Path | None:
    """The root of the app whose `convex.json` or `convex` directory stands in a directory."""
    if (directory / "convex.json").is_file():
        return directory
    functions = directory / "convex"
    if not is_functions_directory(functions):
        return None
    root = _root_of(functions)
    return directory if root == functions else root


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
