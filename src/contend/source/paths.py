"""Arithmetic on paths relative to the audited path: joined with `/`, "" being the audited path itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator


def parent_of(path: str) -> str:
    """The directory of a path; "" at the top."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def child(directory: str, name: str) -> str:
    """The path of `name` in `directory`."""
    return f"{directory}/{name}" if directory else name


def join_path(directory: str, relative: str) -> str | None:
    """`relative` seen from `directory`, with `.` and `..` resolved; None where it leads out of the audited path."""
    parts = directory.split("/") if directory else []
    for part in relative.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def below(path: str, directory: str) -> str:
    """The rest of a path that lies below `directory`."""
    return path[len(directory) + 1 :] if directory else path


def within(path: str, directory: str) -> bool:
    """Whether `path` lies below `directory`, or is it."""
    return not directory or path == directory or path.startswith(directory + "/")


def ancestors_of(path: str) -> Iterator[str]:
    """The directories above a path, nearest first, "" last."""
    while path:
        path = parent_of(path)
        yield path


def nearest_with(path: str, directories: Collection[str]) -> str | None:
    """The nearest directory above `path` that is among `directories`."""
    return next((directory for directory in ancestors_of(path) if directory in directories), None)
