"""The pairs of two functions on one table as one entry: a row that is found by an index and then patched by its id is
read through both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contend.model.findings import Pair
from contend.model.places import Span
from contend.reports.names import path_in
from contend.reports.words import pair_names, sharing_words

_PLACES = 3


@dataclass(frozen=True, slots=True)
class Meeting:
    """The pairs of one victim and one writer on one table, in order. `aliases` are the ids of functions registered from
    the same code as one of them, which meet in the same places."""

    pairs: tuple[Pair, ...]
    aliases: tuple[str, ...]


def meetings_of(pairs: Sequence[Pair]) -> list[Meeting]:
    """`pairs` folded, in the order of the first of each."""
    groups: dict[tuple[str, str, str, str], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.victim, pair.writer, pair.table, pair.kind), []).append(pair)
    alike: dict[tuple[str, str, frozenset[tuple[Span, Span]]], list[list[Pair]]] = {}
    for (_, _, table, kind), group in groups.items():
        places = frozenset((pair.read.span, pair.write.span) for pair in group)
        alike.setdefault((table, kind, places), []).append(group)
    found = []
    for first, *others in alike.values():
        named = {first[0].victim, first[0].writer}
        aliases = dict.fromkeys(id for group in others for id in (group[0].victim, group[0].writer) if id not in named)
        found.append(Meeting(tuple(first), tuple(aliases)))
    return found


def meeting_words(meeting: Meeting, app: str, home: str) -> str:
    """`touchSession × itself on authSessions via by_session and by_id: one session's row`."""
    first = meeting.pairs[0]
    victim, writer = pair_names(first, app, home)
    indexes = list(dict.fromkeys(pair.index for pair in meeting.pairs if pair.index))
    place = f"{first.table} via {_listed(indexes)}" if indexes else first.table
    sharing = _listed(list(dict.fromkeys(map(sharing_words, meeting.pairs))))
    if first.kind == "invalidation":
        return f"{victim} re-runs when {writer} writes {place}: {sharing}"
    return f"{victim} × {'itself' if first.victim == first.writer else writer} on {place}: {sharing}"


def meeting_places(meeting: Meeting) -> str:
    """`read convex/a.ts:4 and convex/a.ts:9, write convex/a.ts:9`."""
    reads = list(dict.fromkeys(str(pair.read.span) for pair in meeting.pairs))
    writes = list(dict.fromkeys(str(pair.write.span) for pair in meeting.pairs))
    return f"read {_listed(reads)}, write {_listed(writes)}"


def aliases_words(meeting: Meeting, app: str) -> str:
    """`the same code is also registered as a:x and b:x`."""
    return f"the same code is also registered as {_listed([path_in(app, id) for id in meeting.aliases])}"


def _listed(items: Sequence[str]) -> str:
    if len(items) > _PLACES + 1:
        return f"{', '.join(items[:_PLACES])} and {len(items) - _PLACES} more"
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
