"""Accesses, guards and exits in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contend.model.functions import Access, Exit, Extent, Guard, LoopContext
from contend.reports.code_frame import source_line
from contend.reports.numbers import counted

_OPERATORS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "search": "matches"}
_FIELDS_SHOWN = 6


def access_words(access: Access) -> str:
    """`reads sessions via by_session, sessionId = args.sessionId: up to the first match` or
    `patches sessions: lastSeenAt`."""
    table = " or ".join(access.tables) or f"an unknown table ({access.unresolved or 'no reason known'})"
    if access.operation == "insert":
        return f"inserts into {table}{_fields(access)}"
    if access.writes:
        verb = {"patch": "patches", "replace": "replaces", "delete": "deletes from"}[access.operation]
        return f"{verb} {table}{_fields(access)}"
    verb = "reads, without recording it," if access.stale else "searches" if access.operation == "search" else "reads"
    if access.operation == "get":
        key = next((key.value.text for key in access.keys), None)
        return f"{verb} {table} by id{f' {key}' if key else ''}"
    bounds = ", ".join(f"{key.field} {_OPERATORS[key.operator]} {key.value.text}" for key in access.keys)
    index = access.index or "by_creation_time"
    return f"{verb} {table} via {index}{f', {bounds}' if bounds else ''}: {extent_words(access.extent)}"


def conditions(access: Access, sources: Mapping[str, str] | None = None) -> list[str]:
    """Under which conditions and in which loops it happens, in words, outermost first; conditions as `sources` have
    them."""
    words = [loop_words(loop) for loop in access.loops]
    words += [guard_words(guard, sources) for guard in access.guards]
    return words


def guard_words(guard: Guard, sources: Mapping[str, str] | None = None) -> str:
    """`only if session.stale`, `not if !session (it leaves before, line 7)`. The condition is the text of its span
    where `sources` hold the file, else what the model says of it."""
    lead = "only if" if guard.holds else "not if"
    place = f" (it leaves before, line {guard.span.line})" if guard.early_exit else ""
    written = source_line(guard.span, (sources or {}).get(guard.span.file))
    return f"{lead} {written or guard.condition.text}{place}"


def loop_words(loop: LoopContext) -> str:
    """`in a loop over rows, line 12`, `in parallel over items (3 rounds), line 4`."""
    lead = "in parallel over" if loop.parallel else "in a loop over"
    bound = f" ({counted(loop.bound, 'round')})" if loop.bound is not None else ""
    return f"{lead} {loop.over.text}{bound}, line {loop.span.line}"


def exit_words(exit: Exit, accesses: Sequence[Access]) -> str:
    """`returns at line 7 after 1 read, nothing written` or `... after 1 read and 1 write`."""
    done = [access for access in accesses if access.order in exit.accesses]
    writes = sum(access.writes for access in done)
    reads = len(done) - writes
    if not done:
        past = "before any access"
    elif not writes:
        past = f"after {counted(reads, 'read')}, nothing written"
    else:
        before = f"{counted(reads, 'read')} and " if reads else ""
        past = f"after {before}{counted(writes, 'write')}"
    return f"{exit_place(exit)} {past}"


def exit_place(exit: Exit) -> str:
    """`returns at line 7`."""
    verb = {"return": "returns", "throw": "throws", "end": "ends"}[exit.kind]
    return f"{verb} at line {exit.span.line}"


def extent_words(extent: Extent) -> str:
    """How much a read covers: `one document`, `up to the first match`, `up to 20 rows`, `the whole index`."""
    words = {
        "point": "one document",
        "first": "from the end to the last match" if extent.descending else "up to the first match",
        "take": "a number of rows" if extent.limit is None else f"up to {counted(extent.limit, 'row')}",
        "range": "the whole range",
        "whole": "the whole index",
    }[extent.reach]
    return f"{words}, filtered after it is read" if extent.filtered else words


def _fields(access: Access) -> str:
    names = ["fields not known by name" if field.name == "*" else field.name for field in access.fields]
    if not names:
        return ""
    more = f" and {len(names) - _FIELDS_SHOWN} more" if len(names) > _FIELDS_SHOWN else ""
    return f": {', '.join(names[:_FIELDS_SHOWN])}{more}"
