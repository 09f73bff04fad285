"""Time stamps: values that differ at every call although they say nothing but "now"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from contend.model.callers import Caller
from contend.model.functions import Access
from contend.model.values import Origin, Value

_TIME_NAME = re.compile(
    r"(^|[a-z_.])(now|timestamp|time|date|seen|(last|updated|touched|accessed|active|modified|synced|used)[A-Za-z]*|[a-z]+At)$"
)
_ARITHMETIC = frozenset({"+", "-", "*"})


def is_time(value: Value, callers: Sequence[Caller] = ()) -> bool:
    """Whether a value is the current time: the clock, arithmetic on it, or an argument that callers fill with it."""
    if value.origin is Origin.TIME:
        return True
    if value.origin is Origin.ARGUMENT:
        name = (value.field or value.text).rsplit(".", 1)[-1]
        passed = [found for caller in callers for key, found in caller.arguments if key == name]
        if passed:
            return all(_is_clock(one) for one in passed)
        return bool(_TIME_NAME.search(name))
    if value.origin is Origin.COMPUTED and value.op in ("any", "??", "||"):
        return bool(value.parts) and any(is_time(part, callers) for part in value.parts)
    if value.origin is Origin.COMPUTED and (value.op in _ARITHMETIC or (value.op or "").startswith("call:")):
        return any(is_time(part, callers) for part in value.parts)
    return False


def _is_clock(value: Value) -> bool:
    return value.mentions(Origin.TIME) or bool(_TIME_NAME.search(value.text.rsplit(".", 1)[-1]))


def carries_over(value: Value, name: str, row: str | None) -> bool:
    """Whether a field `name` is written with what the row already holds, or with `new ?? old`."""
    if value.origin is Origin.FIELD:
        return value.field == name and (row is None or value.row == row or value.row is None)
    if value.origin is Origin.COMPUTED and value.op in ("??", "||"):
        return any(carries_over(part, name, row) for part in value.parts) and all(
            part.origin is not Origin.COMPUTED for part in value.parts
        )
    return (
        value.origin is Origin.COMPUTED
        and value.op == "any"
        and all(carries_over(part, name, row) for part in value.parts)
    )


def stamps_in(access: Access, callers: Sequence[Caller] = ()) -> tuple[str, ...]:
    """The fields of a write that only carry the time."""
    return tuple(write.name for write in access.fields if is_time(write.value, callers))


_TOUCH_NAME = re.compile(
    r"[sS]een|[aA]ctiv(e|ity)|[aA]ccess|(^u|U|_u)sed|[tT]ouched|[hH]eartbeat|^ping|[a-z]Ping|[bB]eatAt|[vV]isited|[vV]iewed"
    r"|lastRe(ad|quest)",
)
_PRESENCE_NAME = re.compile(r"online|active|present|typing|connected|away", re.IGNORECASE)


def touches(access: Access, callers: Sequence[Caller] = ()) -> bool:
    """Whether a write says no more than "somebody was here": stamps by name (`lastSeenAt`, `lastUsed`, `heartbeat`) or
    `updatedAt` alone, values carried over, and presence flags. A stamp that tells of an event (`revokedAt`,
    `publishedAt`) or stands beside a new state is news."""
    stamps = set(stamps_in(access, callers))
    rest = [write for write in access.fields if write.name not in stamps]
    news = [
        write
        for write in rest
        if not carries_over(write.value, write.name, access.row)
        and not (write.value.origin is Origin.CONSTANT and _PRESENCE_NAME.search(write.name))
    ]
    if not stamps or news:
        return False
    return any(_TOUCH_NAME.search(name) for name in stamps) or (
        not rest and all(name.lower().startswith(("updated", "modified")) for name in stamps)
    )


def differs_every_time(value: Value, field: str, callers: Sequence[Caller] = ()) -> bool:
    """Whether writing `value` twice writes two different values: it holds the time, something random, or itself plus
    something."""
    for part in value.walk():
        if part.origin in (Origin.TIME, Origin.FRESH):
            return True
        if part.origin is Origin.ARGUMENT and is_time(part, callers):
            return True
        if part.origin is Origin.COMPUTED and part.op in ("+", "-"):
            grows = any(inner.origin is Origin.FIELD and inner.field == field for inner in part.walk())
            if grows and any(inner.origin is Origin.CONSTANT and inner.constant for inner in part.parts):
                return True
    return False


def mentions_field(value: Value, table: str, fields: Iterable[str]) -> bool:
    """Whether a value looks at one of these fields of a row of `table`."""
    wanted = set(fields)
    return any(
        part.origin is Origin.FIELD
        and part.table == table
        and part.field is not None
        and part.field.split(".")[0].split("[")[0] in wanted
        for part in value.walk()
    )
