"""Whether the rows of a table ever go: which tables grow for ever, and what cleans them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contend.conflicts.sharing import table_sharing
from contend.model.findings import Sharing
from contend.model.functions import Access, Function
from contend.model.schema import Table
from contend.model.values import Origin
from contend.rules.guards import missing_rows
from contend.rules.lookups import filtered_by

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_EXPIRING = frozenset(
    {"session", "token", "otp", "code", "nonce", "challenge", "verification", "invitation", "invite", "lock", "lease"}
)
_TECHNICAL = frozenset(
    {
        "log",
        "delivery",
        "attempt",
        "run",
        "job",
        "trace",
        "request",
        "heartbeat",
        "ping",
        "error",
        "debug",
        "queue",
        "failure",
    }
)
_EVENTS = frozenset(
    {
        "event",
        "analytics",
        "view",
        "visit",
        "click",
        "impression",
        "metric",
        "stat",
        "beat",
        "presence",
        "hit",
        "activity",
    }
)
_HISTORY = frozenset(
    {"generation", "history", "snapshot", "notification", "message", "version", "revision", "feed", "cache"}
)
_TRAIL = frozenset({"log", "trail", "event", "entry", "record"})
_BUSINESS = frozenset({"scheduled", "config", "setting", "template", "type"})
_CLEANS = re.compile(r"clean|purge|prune|expire|sweep|trim|retention|stale|garbage|evict|vacuum", re.IGNORECASE)
MANY = 500.0  # rows a day that no user asks for, from which on a table is taken for one that only grows
_MOMENT = re.compile(r"date|day|hour|week|month|minute|time|period|bucket|session|token|event|message", re.IGNORECASE)
_EXPIRY_FIELD = re.compile(r"^expire(s|d)?(At|_at|On)?$|^(valid|ttl)_?(until|at)?$", re.IGNORECASE)


EXPIRING, TECHNICAL, EVENTS = "rows that expire", "a technical log", "events"
SET_UP = "set-up"


@dataclass(frozen=True, slots=True)
class Nature:
    """What kind of rows a table holds. `logs` for rows that are written once and lose their worth; `period` is how long
    to keep those."""

    logs: bool
    words: str
    period: str | None = None


def nature_of(table: Table, insert_rate: float, by_machine: float, looked_up: bool = False) -> Nature:
    """The nature of a table by its name, its indexes (one on an expiry) and its predicted inserts a day; `by_machine`
    are those that no user asks for (crons, webhooks, effects, timers, every request). `looked_up` where a row is made
    only if a lookup found none. Rows that are unique by a lookup, or that belong to a user, are never taken for ones
    that lose their worth because they are many: only a name or an expiry says so."""
    words = [_singular(word.lower()) for word in _WORDS.findall(table.name)]
    last = set(words[-2:])
    often = insert_rate >= 50
    if last & _BUSINESS or (words and words[0] in _BUSINESS):
        return Nature(False, "records that users work with")
    if "audit" in last and last & _TRAIL:
        return Nature(True, "an audit log", "1 year")
    if last & _EXPIRING or any(_EXPIRY_FIELD.match(index.fields[0]) for index in table.indexes):
        return Nature(True, EXPIRING, "until they expire")
    if "access" in last and "request" in last:
        return Nature(False, "records that users work with")
    if last & _TECHNICAL:
        return Nature(True, TECHNICAL, "7 days" if often else "30 days")
    if last & _EVENTS:
        return Nature(True, EVENTS, "30 days")
    if last & _HISTORY:
        return Nature(True, "a history", "90 days")
    if by_machine >= MANY and not looked_up and not _belongs_to_users(table):
        return Nature(True, "rows that no user asks for", "30 days" if often else "90 days")
    return Nature(False, "records that users work with")


def is_expiry(field: str) -> bool:
    """Whether a field says when its row expires, by its name."""
    return bool(_EXPIRY_FIELD.match(field))


def cleanups(functions: Iterable[Function], table: str, logs: bool) -> tuple[Function, ...]:
    """The functions that delete rows of a table by age: what they delete is bounded by time, or, in a table of `logs`,
    they call themselves a clean-up and loop over a part of it. One that empties tables whole is none, nor is a delete
    along with a parent."""
    return tuple(
        function
        for function in functions
        if any(_by_age(access, function, logs) for access in function.writes if _deletes(access, table))
    )


def deleters(functions: Iterable[Function], table: str) -> tuple[Function, ...]:
    """The functions that delete rows of a table."""
    return tuple(function for function in functions if any(_deletes(access, table) for access in function.writes))


def looks_first(inserts: Sequence[tuple[Function, Access]]) -> bool:
    """Whether some insert happens only if a lookup in its own table found none."""
    return any(
        any(set(read.tables) & set(insert.tables) for read in _missed(function, insert)) for function, insert in inserts
    )


def bounded_by(inserts: Sequence[tuple[Function, Access]]) -> str | None:
    """What a table has one row per, where every insert happens only if a lookup found none: the fields of the lookup,
    or `set-up` where all are made once, into what is empty. None where rows are made without looking, or for each
    moment or session anew."""
    found: dict[str, None] = {}
    for function, access in inserts:
        keys = _lookup(function, access)
        if keys is None or any(_MOMENT.search(field) for field in keys):
            return None
        if keys:
            found[", ".join(keys)] = None
    return next(iter(found), SET_UP if inserts else None)


def _lookup(function: Function, insert: Access) -> tuple[str, ...] | None:
    """The fields of the lookup that has to miss before an insert: in the same table, or in one whose row is made with
    it. None where nothing is looked up."""
    reads = _missed(function, insert)
    reads.sort(key=lambda read: not set(read.tables) & set(insert.tables))
    for read in reads:
        if any(write.operation == "insert" and set(write.tables) & set(read.tables) for write in function.writes):
            filtered = filtered_by(read) if read.extent.filtered else ()
            bound = tuple(key.field for key in read.keys if key.operator == "eq")
            return None if filtered is None else (*bound, *filtered)
    return None


def _missed(function: Function, insert: Access) -> list[Access]:
    """The reads that found nothing wherever the insert happens."""
    rows = {row for guard in insert.guards for row in missing_rows(guard)}
    return [read for read in function.reads if not read.writes and read.row in rows]


def _belongs_to_users(table: Table) -> bool:
    """Whether rows carry the id of a user, and no expiry."""
    if any(_EXPIRY_FIELD.match(name) for name in table.fields):
        return False
    return any(
        field.kind == "id" and field.table is not None and table_sharing(field.table) is Sharing.USER
        for declared in table.fields.values()
        for field in (declared, *declared.items)
    )


def _deletes(access: Access, table: str) -> bool:
    return access.operation == "delete" and table in access.tables


def _by_age(delete: Access, function: Function, logs: bool) -> bool:
    reads = [read for read in function.reads if not read.writes and read.row is not None and read.row == delete.row]
    by_time = any(guard.condition.mentions(Origin.TIME) for guard in delete.guards if not guard.early_exit) or any(
        key.value.mentions(Origin.TIME) or (key.operator in ("lt", "lte") and key.field == "_creationTime")
        for read in reads
        for key in read.keys
    )
    named = bool(_CLEANS.search(function.path))
    if by_time:
        return named or bool(delete.loops)
    narrowed = any(read.extent.filtered or read.keys or read.extent.reach == "take" for read in reads)
    return logs and named and narrowed and bool(delete.loops)


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is", "cs")) else word
