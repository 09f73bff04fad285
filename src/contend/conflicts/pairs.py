"""The conflict pairs of an app: every read of a victim with every write that can enter it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from contend.conflicts.overlap import WriteSide, index_of, logged_keys, overlap, read_side, write_side
from contend.conflicts.sharing import BREADTH, per_tab, sharing_of
from contend.convex.clients import always_checked
from contend.convex.coverage import LOGGED_KEYS, Overlap
from contend.convex.retries import Runner
from contend.model.app import App
from contend.model.callers import Client
from contend.model.findings import Pair, PairKind, Sharing
from contend.model.functions import Access, Function

_SIGNS: Mapping[str, str] = {"eq": "=", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤", "search": "matches"}


def derive_pairs(app: App) -> PairIndex:
    """The pairs of `app`. Each victim's are derived when first asked for."""
    return PairIndex(app)


def checked_without_writes(client: Client) -> bool:
    """Whether a mutation that `client` starts is checked against its reads even where it wrote nothing."""
    return client != "transaction" and always_checked(cast(Runner, client))


def interval_in_words(read: Access) -> str:
    """`by_session, sessionId = args.sessionId`: the index, its bounds, and where the read ends."""
    parts = [index_of(read)]
    parts += [f"{key.field} {_SIGNS[key.operator]} {key.value.text}" for key in read.keys]
    extent = read.extent
    if extent.reach == "whole" or (not read.keys and extent.reach == "range"):
        parts.append("all of it")
    elif extent.reach in ("first", "take"):
        many = "match" if extent.reach == "first" else f"{extent.limit or 'n'} matches"
        parts.append(f"from its {'end' if extent.descending else 'start'} to the first {many}")
    return ", ".join(parts)


@dataclass(frozen=True)
class PairIndex:
    """The pairs of one app, by victim, writer and access.

    Order everywhere: conflicts before invalidations, the most widely shared interval first, pairs of a function with
    itself before others, then by name. Victims are mutations that write, mutations that are checked without writing
    (by who calls them), and public queries (`invalidation`).
    """

    app: App
    _of_victim: dict[str, tuple[Pair, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _of_writer: dict[str, tuple[Pair, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def all(self) -> Iterator[Pair]:
        """Every pair, victim by victim."""
        for id in self._functions:
            yield from self.of_victim(id)

    @cached_property
    def count(self) -> int:
        """How many pairs there are."""
        return sum(len(self.of_victim(id)) for id in self._functions)

    def of_victim(self, id: str) -> tuple[Pair, ...]:
        """The pairs in which the function `id` is the victim; none for an unknown id."""
        if id not in self._of_victim:
            victim = self._functions.get(id)
            kind = self._kind(victim) if victim is not None else None
            found: list[Pair] = []
            if victim is not None and kind is not None:
                for read in victim.reads:
                    found.extend(self._pairs_of(victim, kind, read))
            self._of_victim[id] = tuple(sorted(found, key=_worst_first))
        return self._of_victim[id]

    def of_writer(self, id: str) -> tuple[Pair, ...]:
        """The pairs in which the function `id` is the writer."""
        if id not in self._of_writer:
            tables = {t for w in self._functions[id].writes for t in w.tables} if id in self._functions else set[str]()
            victims = {victim for table in tables for victim in self._readers.get(table, ())}
            found = [pair for victim in victims for pair in self.of_victim(victim) if pair.writer == id]
            self._of_writer[id] = tuple(sorted(found, key=_worst_first))
        return self._of_writer[id]

    def on_access(self, function: str, order: int) -> tuple[Pair, ...]:
        """The pairs that one access (`Access.order` in `function`) takes part in, as the read, the write or both."""
        as_read = [pair for pair in self.of_victim(function) if pair.read.order == order]
        as_write = [p for p in self.of_writer(function) if p.write.order == order and p not in as_read]
        return tuple(sorted([*as_read, *as_write], key=_worst_first))

    def sharing(self, function: str, access: Access) -> Sharing:
        """Who meets on what one access reads or writes."""
        key = (function, access.order)
        if key not in self._sharing:
            self._sharing[key] = sharing_of(access, self._functions[function], self.app.tables)
        return self._sharing[key]

    @cached_property
    def _sharing(self) -> dict[tuple[str, int], Sharing]:
        return {}

    @cached_property
    def _functions(self) -> dict[str, Function]:
        return {function.id: function for function in self.app.functions}

    @cached_property
    def _writes(self) -> Mapping[str, list[tuple[str, Access, WriteSide]]]:
        """Every write of a mutation, by table."""
        found: dict[str, list[tuple[str, Access, WriteSide]]] = defaultdict(list)
        for function in self.app.functions:
            if function.kind == "mutation":
                for access in function.writes:
                    side = write_side(access, function)
                    if side is not None:
                        for table in access.tables:
                            found[table].append((function.id, access, side))
        return found

    @cached_property
    def _sockets_only(self) -> frozenset[str]:
        """Functions that nothing but WebSocket clients call."""
        return frozenset(id for id, clients in self._clients.items() if clients == {"websocket"})

    @cached_property
    def _readers(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for function in self.app.functions:
            for access in function.reads:
                for table in access.tables:
                    found[table].add(function.id)
        return found

    @cached_property
    def _clients(self) -> Mapping[str, frozenset[Client]]:
        found: dict[str, set[Client]] = defaultdict(set)
        for caller in self.app.callers:
            found[caller.function].add(caller.client)
        return {id: frozenset(clients) for id, clients in found.items()}

    def _kind(self, function: Function) -> PairKind | None:
        """What the function is a victim of, None where it never is one."""
        if function.kind == "query":
            return None if function.internal else "invalidation"
        if function.kind != "mutation":
            return None
        clients = self._clients.get(function.id, frozenset())
        open_to_sockets = not clients and not function.internal
        if function.writes or open_to_sockets or any(checked_without_writes(client) for client in clients):
            return "conflict"
        return None

    def _pairs_of(self, victim: Function, kind: PairKind, read: Access) -> Iterator[Pair]:
        """The pairs of one read."""
        side, sharing, interval = read_side(read), self.sharing(victim.id, read), interval_in_words(read)
        one_tab = sharing is Sharing.NOBODY or (sharing is Sharing.SESSION and per_tab(read, victim))
        one_tab = one_tab and kind == "conflict" and victim.id in self._sockets_only
        for table in read.tables:
            logged = {op: logged_keys(self.app.tables.get(table), side.index, op) for op in LOGGED_KEYS}
            for writer, write, entering in self._writes.get(table, ()):
                if overlap(side, entering, logged[entering.operation]) is not Overlap.NO:
                    yield Pair(
                        victim=victim.id,
                        writer=writer,
                        kind=kind,
                        table=table,
                        index=side.index,
                        interval=interval,
                        sharing=sharing,
                        read=read,
                        write=write,
                        same_socket=one_tab and writer in self._sockets_only,
                    )


def _worst_first(pair: Pair) -> tuple[bool, bool, int, bool, str, str, int, int, str]:
    return (
        pair.kind == "invalidation",
        pair.same_socket,
        -BREADTH[pair.sharing],
        pair.victim != pair.writer,
        pair.victim,
        pair.writer,
        pair.read.order,
        pair.write.order,
        pair.table,
    )
