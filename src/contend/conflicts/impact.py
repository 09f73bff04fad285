"""What pairs cost in a day, and how bad that is.

Severity is that of the worst component; thresholds per day, the same for every rule:

| component     | critical |  high  | medium | low  |
|---------------|---------:|-------:|-------:|-----:|
| retries       |    5 000 |    100 |      5 |  0.2 |
| failures      |      100 |      1 |   0.05 | 0.01 |
| calls         |   20 000 |  5 000 |    500 |   50 |
| writes        |   20 000 |  5 000 |    500 |   50 |
| query re-runs |  500 000 | 10 000 |  1 000 |  100 |
| invariant     |    5 000 |     10 |      1 |  0.1 |

Calls and writes are *needless* ones, and `invariant` calls that rely on a check which does not protect; only a rule can
tell these: what pairs alone show has none. Severity falls two steps where nothing in the repository calls the function,
one where only scripts do, and one where confidence is low.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from contend.conflicts.heat import Heat, heats, is_admin, is_everywhere
from contend.conflicts.meeting import (
    Ground,
    Meetings,
    closes_its_guard,
    duration_ms,
    groups,
    guard_window_s,
    passing_window,
    with_another,
    with_itself,
)
from contend.conflicts.pairs import PairIndex
from contend.conflicts.traffic import Traffic
from contend.model.findings import Confidence, Impact, ImpactComponent, Pair, Severity, Sharing
from contend.model.functions import Access, Function, Key
from contend.model.values import Origin

THRESHOLDS: Final[Mapping[ImpactComponent, tuple[float, float, float, float]]] = {
    "retries": (5_000, 100, 5, 0.2),
    "failures": (100, 1, 0.05, 0.01),
    "calls": (20_000, 5_000, 500, 50),
    "writes": (20_000, 5_000, 500, 50),
    "query_reruns": (500_000, 10_000, 1_000, 100),
    "invariant": (5_000, 10, 1, 0.1),
}
"""Per day: from where on a component is critical, high, medium, low. Below, it is information."""
MATCHED: Final = 0.5  # part of a range that a `.filter(…).first()` reads: up to its match, wherever that stands
APPENDED: Final = 0.05  # inserts that a `.first()` from the start meets: the first ones, while the range is still empty


_NAME = re.compile(r"(email|slug|key|name|token|hash|handle|url|domain|ids?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A severity and the component that decided it."""

    severity: Severity
    by: ImpactComponent


@dataclass(frozen=True)
class Estimator:
    """Predicts what pairs of one app cost, under one traffic table."""

    pairs: PairIndex
    traffic: Traffic = field(default_factory=Traffic)

    _met: dict[tuple[str, str, Ground, float | None, bool], Meetings] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    _priced: dict[tuple[str, str, str, Sharing, bool, int, int], tuple[Pair, Impact]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    _windows: dict[int, tuple[Access, float | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def heats(self) -> Mapping[str, Heat]:
        """The heat of every function, by id."""
        return heats(self.pairs.app, self.traffic)

    def of_pair(self, pair: Pair) -> Impact:
        """What one pair costs in a day: retries and lost calls of the victim, or re-runs of a query."""
        key = (pair.victim, pair.writer, pair.table, pair.sharing, pair.same_socket, id(pair.read), id(pair.write))
        known = self._priced.get(key)
        if known is None:  # the pair is kept with its price, so that the ids stay those of its accesses
            known = pair, self._invalidation(pair) if pair.kind == "invalidation" else self._conflict(pair)
            self._priced[key] = known
        return known[1]

    def of_pairs(self, pairs: Iterable[Pair]) -> Impact:
        """What the pairs of one cause cost together. Several intervals between the same two functions count once, by
        the worst: they are the same two transactions."""
        worst: dict[tuple[str, str], Impact] = {}
        for pair in pairs:
            found = self.of_pair(pair)
            key = (pair.victim, pair.writer)
            worst[key] = worst_of(worst[key], found) if key in worst else found
        return total(worst.values())

    def severity(self, impact: Impact, confidence: Confidence, functions: Iterable[str]) -> Judgement:
        """How bad an impact is, given who calls the functions that it concerns."""
        return severity(impact, confidence, [self.heats[id] for id in functions if id in self.heats])

    def calls_per_day(self, function: str) -> float:
        """How often a function starts in a day."""
        heat = self.heats.get(function)
        return heat.calls_per_day if heat is not None else 0.0

    def open_queries(self, query: str) -> float:
        """Live queries of this function that are open while users are active. A tab shows one page at a time: a query
        of single pages is open in that share of the tabs, one of a layout or provider in every tab; of an
        administrator's tabs only, where only pages for those subscribe to it."""
        places = self._subscribed.get(query)
        if not places:
            return 0.0
        people = self.traffic.admin_users if all(is_admin(place) for place, _ in places) else self.traffic.users
        entries = {entry for _, entry in places}
        shown = 1.0 if any(is_everywhere(entry) for entry in entries) else min(1.0, len(entries) * self._page_share)
        return people * self.traffic.tabs * shown

    @cached_property
    def _page_share(self) -> float:
        """The share of the time that a tab shows one given page, as far as the app has that many."""
        pages = {entry for places in self._subscribed.values() for _, entry in places if not is_everywhere(entry)}
        return min(self.traffic.page_time, 1 / max(1, len(pages)))

    @cached_property
    def _subscribed(self) -> Mapping[str, set[tuple[str, str]]]:
        """The files and the pages that subscribe to each query."""
        found: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for subscription in self.pairs.app.subscriptions:
            found[subscription.query].add((subscription.span.file, subscription.component))
        return found

    @cached_property
    def _functions(self) -> Mapping[str, Function]:
        return {function.id: function for function in self.pairs.app.functions}

    def _conflict(self, pair: Pair) -> Impact:
        victim, writer = self.heats[pair.victim], self.heats[pair.writer]
        if pair.same_socket:
            return Impact(assumptions=("both sides come from one connection, which never races with itself",))
        ground = Ground(pair.sharing, self._reached(pair), arguments_of(pair.read))
        once = pair.victim == pair.writer and closes_its_guard(pair.write, self._functions[pair.writer])
        key = (pair.victim, pair.writer, ground, self._window(pair.write), once)
        if key not in self._met:
            self._met[key] = self._meetings(pair, ground, once)
        found = self._met[key]
        return _impact(
            found.times(entry_share(pair) * self._hit(pair)), self._assumptions(victim, writer, pair, "transaction_ms")
        )

    def _meetings(self, pair: Pair, ground: Ground, once: bool) -> Meetings:
        victim, writer = self.heats[pair.victim], self.heats[pair.writer]
        duration = duration_ms(self._functions[pair.victim], self.traffic)
        if pair.victim == pair.writer:
            return with_itself(victim, ground, pair.write, duration, self.traffic, once)
        return with_another(victim, writer, ground, pair.write, duration, self.traffic)

    def _invalidation(self, pair: Pair) -> Impact:
        writer = self.heats[pair.writer]
        separate = self._reached(pair)
        if separate is None or not writer.sources or self._delivers(pair):
            return Impact()
        open_now = self.open_queries(pair.victim) / separate
        writes = 0.0
        window = self._window(pair.write)
        for source in writer.sources:
            passing = passing_window(window, source.events_per_day / separate, source.active_seconds(self.traffic))
            daytime = 1.0 if source.audience == "users" else self.traffic.open_hours / 24
            writes += source.calls_per_day * daytime * (1.0 if passing is None else passing)
        reruns = writes * open_now * entry_share(pair) * self._hit(pair)
        return Impact(query_reruns_per_day=reruns, assumptions=self._assumptions(writer, writer, pair, "users", "tabs"))

    def _delivers(self, pair: Pair) -> bool:
        """Whether the re-run is what the query is for: it shows, by name, a field that the write changes on a row it
        asked for. That of another row, or of a field that it leaves out, is needless."""
        if pair.read.extent.filtered or not (pair.read.keys or pair.read.extent.reach == "point"):
            return False
        shown = {
            name
            for projection in self._functions[pair.victim].projections
            if projection.table == pair.table
            for name in projection.fields
        }
        return bool((shown - {"*"}) & {field.name.split(".")[0] for field in pair.write.fields})

    def _window(self, write: Access) -> float | None:
        """`guard_window_s`, once for each write."""
        known = self._windows.get(id(write))
        if known is None:  # the write is kept with it, so that its id stays its own
            known = self._windows[id(write)] = write, guard_window_s(write)
        return known[1]

    def _reached(self, pair: Pair) -> float | None:
        """One of how many intervals like the victim's a call of the writer reaches: of all there are; fewer where it
        writes in a loop; of one where it writes rows found by reading everyone's."""
        separate = groups(pair.sharing, self.traffic, self._is_document(pair))
        if separate is None or not pair.write.loops or pair.write.operation == "insert":
            return separate
        if self.pairs.sharing(pair.writer, pair.write) is Sharing.EVERYONE:
            return 1.0
        coarse = groups(pair.sharing, self.traffic) or 1.0
        return max(coarse, separate / self.traffic.rounds(pair.write.loops))

    def _hit(self, pair: Pair) -> float:
        """The share of the writer's writes that change one given row: where the victim looks for the row with a fixed
        name (`email = "system"`) and the writer changes whichever user's or tenant's row it has, mostly another."""
        named = {key.field for key in pair.read.keys if key.value.origin is Origin.CONSTANT and self._names(pair, key)}
        if not named or pair.write.operation == "insert" or named & {field.name for field in pair.write.fields}:
            return 1.0
        return 1 / (groups(self.pairs.sharing(pair.writer, pair.write), self.traffic) or 1.0)

    def _names(self, pair: Pair, key: Key) -> bool:
        """Whether a key's value stands for few rows: a name or an address, not a state or a kind."""
        table = self.pairs.app.tables.get(pair.table)
        declared = table.fields.get(key.field) if table is not None else None
        return declared is not None and declared.kind in ("string", "id") and bool(_NAME.search(key.field))

    def _is_document(self, pair: Pair) -> bool:
        """Whether the interval is one document of a table that no other table refers to."""
        return pair.read.extent.reach == "point" and pair.table not in self._parents

    @cached_property
    def _parents(self) -> frozenset[str]:
        """Tables that other tables refer to by id."""
        return frozenset(
            validator.table
            for table in self.pairs.app.tables.values()
            for validator in table.fields.values()
            if validator.kind == "id" and validator.table and validator.table != table.name
        )

    def _assumptions(self, one: Heat, other: Heat, pair: Pair, *names: str) -> tuple[str, ...]:
        wanted = [*names, "tabs"] if pair.sharing in (Sharing.USER, Sharing.SESSION) else list(names)
        if pair.sharing in (Sharing.TENANT, Sharing.UNKNOWN):
            wanted += ["tenant_users", "documents"] if self._is_document(pair) else ["tenant_users"]
        return tuple(dict.fromkeys([*one.assumptions, *other.assumptions, *self.traffic.say(*wanted)]))


def estimate(pairs: Iterable[Pair], index: PairIndex, traffic: Traffic | None = None) -> Impact:
    """What `pairs` of `index` cost together. To estimate many, keep one `Estimator`."""
    return Estimator(index, traffic or Traffic()).of_pairs(pairs)


def severity(impact: Impact, confidence: Confidence, callers: Iterable[Heat]) -> Judgement:
    """The severity of the worst component of `impact`, lowered by who calls and by confidence (see the module)."""
    values = _components(impact)
    ranks = {component: _rank(value, THRESHOLDS[component]) for component, value in values.items()}
    by = min(ranks, key=lambda component: (ranks[component], -values[component] / THRESHOLDS[component][-1]))
    heat = list(callers)
    steps = 0
    if heat and not any(one.called for one in heat):
        steps += 2
    elif heat and all(one.scripts_only or not one.called for one in heat):
        steps += 1
    if confidence == "low":
        steps += 1
    levels = list(Severity)
    return Judgement(levels[min(ranks[by] + steps, len(levels) - 1)], by)


def entry_share(pair: Pair) -> float:
    """The share of the writer's writes that fall into the part of the range which the victim's read covers.

    A read that stops at its first documents is not met by rows appended behind them; read from the end, by all
    (convex-backend: crates/database/src/query/index_range.rs). A filtered read goes on to its match: half of the range
    on average, be that a bounded one or, without an index, the whole table.
    """
    extent = pair.read.extent
    if extent.reach not in ("first", "take") or pair.index == "by_id":
        return 1.0
    covered = min(extent.share, MATCHED if extent.filtered and extent.reach == "first" else 1.0)
    if pair.write.operation == "insert" and _appends(pair.read):
        if extent.descending:
            return 1.0
        return covered if extent.filtered else APPENDED
    return covered


def arguments_of(access: Access) -> frozenset[str]:
    """The arguments that the access's keys depend on, by name."""
    found = set()
    for key in access.keys:
        for value in key.value.walk():
            if value.origin is Origin.ARGUMENT:
                name = value.text.split(".", 2)
                found.add(name[1].rstrip("?!") if len(name) > 1 else value.text)
    return frozenset(found)


def worst_of(one: Impact, other: Impact) -> Impact:
    """The larger of each component."""
    return _combined((one, other), max)


def total(impacts: Iterable[Impact]) -> Impact:
    """The sum of each component."""
    return _combined(tuple(impacts), sum)


def _combined(impacts: tuple[Impact, ...], how: Callable[[Iterable[float]], float]) -> Impact:
    if not impacts:
        return Impact()
    telling = [impact for impact in impacts if any(_components(impact).values())] or impacts  # what costs nothing: mute
    return Impact(
        retries_per_day=how(impact.retries_per_day for impact in impacts),
        failures_per_day=how(impact.failures_per_day for impact in impacts),
        calls_per_day=how(impact.calls_per_day for impact in impacts),
        writes_per_day=how(impact.writes_per_day for impact in impacts),
        query_reruns_per_day=how(impact.query_reruns_per_day for impact in impacts),
        invariant_per_day=how(impact.invariant_per_day for impact in impacts),
        assumptions=tuple(dict.fromkeys(text for impact in telling for text in impact.assumptions)),
    )


def _components(impact: Impact) -> Mapping[ImpactComponent, float]:
    return {
        "retries": impact.retries_per_day,
        "failures": impact.failures_per_day,
        "calls": impact.calls_per_day,
        "writes": impact.writes_per_day,
        "query_reruns": impact.query_reruns_per_day,
        "invariant": impact.invariant_per_day,
    }


def _impact(found: Meetings, assumptions: tuple[str, ...]) -> Impact:
    return Impact(retries_per_day=found.retries, failures_per_day=found.failures, assumptions=assumptions)


def _rank(value: float, thresholds: tuple[float, ...]) -> int:
    return next((rank for rank, threshold in enumerate(thresholds) if value >= threshold), len(thresholds))


def _appends(read: Access) -> bool:
    """Whether new rows land at the end of the range: no bound but equalities, so creation time orders it. (An index
    with more fields orders by those first; then this is a guess.)"""
    return all(key.operator == "eq" for key in read.keys)
