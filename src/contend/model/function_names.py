"""Which function a person means."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from contend.model.errors import InputError

LISTED = 20


class UnknownFunction(InputError):
    """No function, or more than one, has the name that was asked for; the message lists what there is."""


def find_function(wanted: str, ids: Iterable[str]) -> str:
    """The one of `ids` that `wanted` names, in any form that `matching` takes. Raises `UnknownFunction`, with the
    nearest name, where none or several match."""
    known = list(ids)
    found = matching(wanted, known)
    if not found:
        raise UnknownFunction(f"no function matches '{wanted}' among {len(known)}; {_hint(wanted, known)}")
    if len(found) > 1:
        listed = "".join(f"\n  {id}" for id in found[:LISTED])
        more = f"\n  and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise UnknownFunction(f"'{wanted}' can mean {len(found)} functions; name one of them:{listed}{more}")
    return found[0]


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


def _hint(wanted: str, ids: Iterable[str]) -> str:
    named = {name: id for id in ids for name in (id.rpartition(":")[2], id)}
    close = difflib.get_close_matches(wanted, list(named), n=1, cutoff=0.6)
    return f"did you mean '{named[close[0]]}'?" if close else "`contend audit --format json` lists them"
