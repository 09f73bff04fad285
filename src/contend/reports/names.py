"""How reports name functions."""

from __future__ import annotations

from collections.abc import Iterable


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


def matching(wanted: str, ids: Iterable[str]) -> list[str]:
    """The function ids that `wanted` can mean, exact ones alone if there are any.

    From exact to loose: the id; the path within its app; its end at a `:`, `/` or `#` (`touchSession` finds
    `authSessions:touchSession`); the same without regard to case; any part of it of two or more letters. Both
    `module:export` and `module.export` do, as does the form of generated code, `api.module.export`.
    """
    names = sorted(set(ids))
    for form in dict.fromkeys((wanted, _as_path(wanted))):
        for fold in (False, True):
            target = form.casefold() if fold else form
            keyed = [(name, name.casefold() if fold else name) for name in names]
            exact = [name for name, key in keyed if key == target or key.rpartition("#")[2] == target]
            if exact:
                return exact
            ends = tuple(f"{mark}{target}" for mark in ":/#")
            found = [name for name, key in keyed if key.endswith(ends)]
            if found:
                return found
    part = wanted.casefold()
    return [name for name in names if len(part) > 1 and part in name.casefold()]


def _as_path(wanted: str) -> str:
    """`api.auth.sessions.touch` and `auth.sessions.touch` as `auth/sessions:touch`."""
    parts = wanted.split(".")
    if parts[0] in ("api", "internal") and len(parts) > 1:
        parts = parts[1:]
    return "/".join(parts[:-1]) + ":" + parts[-1] if len(parts) > 1 else wanted
