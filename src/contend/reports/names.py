"""How reports name functions."""

from __future__ import annotations


def path_in(app: str, id: str) -> str:
    """The `module:export` path of a function id, seen from `app`; one of another app keeps its whole id."""
    prefix = f"{app}#"
    return id[len(prefix) :] if app and id.startswith(prefix) else id


def module_of(path: str) -> str:
    """`module` of `module:export` (a default export is its module)."""
    return path.rpartition(":")[0] or path


def export_of(path: str) -> str:
    """`export` of `module:export`."""
    return path.rpartition(":")[2]
