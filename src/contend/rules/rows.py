"""Rows as a rule speaks of them: how they are found, who shares them, who starts their writers."""

from __future__ import annotations

from collections.abc import Sequence

from contend.conflicts.heat import is_admin
from contend.model.callers import Caller
from contend.model.findings import Sharing
from contend.model.functions import Access, Function
from contend.rules.graph import AuditGraph

_IDLE = frozenset({"script"})
_ALONE = frozenset({"cron"})


def lookup(function: Function, access: Access) -> Access | None:
    """The read that found the row of a write: the first of that row; None where the row came by its id alone."""
    if access.row is None:
        return None
    return next((read for read in function.accesses if read.row == access.row and not read.writes), None)


def row_in_words(function: Function, access: Access, sharing: Sharing) -> str:
    """`the one row of `stats``, `one `rooms` row (per `code`)`: what all who share it meet on."""
    if sharing is Sharing.EVERYONE:
        return f"one `{access.table}` row for the whole app"
    found = lookup(function, access)
    keys = [key for key in (found.keys if found is not None else access.keys) if key.operator == "eq"]
    fields = [key.field for key in keys if key.field != "_id"]
    if fields:
        return f"one `{access.table}` row per {' and '.join(f'`{field}`' for field in fields)}"
    return f"one `{access.table}` row"


def in_component(access: Access) -> bool:
    """Whether a row belongs to a component: how it is written is the component's matter, which key it has the app's."""
    return "/" in (access.table or "")


def live_callers(callers: Sequence[Caller]) -> tuple[Caller, ...]:
    """Callers other than scripts and administrators' pages."""
    return tuple(
        caller
        for caller in callers
        if caller.trigger.kind not in _IDLE and not is_admin(caller.trigger.entry or caller.span.file)
    )


def only_crons(callers: Sequence[Caller]) -> bool:
    """Whether nothing but crons starts something."""
    return bool(callers) and all(caller.trigger.kind in _ALONE for caller in callers)


def fans_out(callers: Sequence[Caller]) -> bool:
    """Whether every call is one of many that a loop starts at once: the loop, not the write, is then the cause."""
    started = [caller for caller in callers if caller.client != "transaction"]
    return bool(started) and all(
        caller.loops and (caller.client == "scheduler" or any(loop.parallel for loop in caller.loops))
        for caller in started
    )


def shared_by_callers(graph: AuditGraph, function: Function, access: Access) -> Sharing | None:
    """Who meets on a row where that is more than one user: everyone, a tenant, the holders of one key. None for a row
    of one user or session, and for one that nobody shares."""
    sharing = graph.pairs.sharing(function.id, access)
    if sharing in (Sharing.EVERYONE, Sharing.TENANT, Sharing.UNKNOWN):
        return sharing
    machine = any(caller.trigger.kind in ("webhook", "server-request") for caller in graph.origins(function.id))
    credential = (access.table or "").lower().rstrip("s").endswith(("apikey", "api_key", "token"))
    return sharing if sharing is Sharing.SESSION and machine and credential else None
