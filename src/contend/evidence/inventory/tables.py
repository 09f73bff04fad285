"""The tables: who writes them how often, whether they grow for ever, and whether their rows are fought over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from contend.evidence.inventory.contention import contention_of, cost_in_words
from contend.evidence.inventory.words import listed, per_day
from contend.evidence.inventory.world import Part, World, names
from contend.model.callers import TriggerKind
from contend.model.findings import Sharing
from contend.model.functions import Access, Function
from contend.model.inventory import TableEntry, TimeToLive, Verdict
from contend.model.schema import Table
from contend.rules.retention import Nature, bounded_by, cleanups, deleters, looks_first, nature_of

HIGH, MEDIUM = 500.0, 50.0
"""Writes a day from which on a table is high or medium."""
MANY = 1_000.0
"""New rows a day from which on a table grows fast, even of rows that users want to keep."""
_MACHINE: frozenset[TriggerKind] = frozenset(
    {"cron", "webhook", "effect", "timer", "timer-once", "render", "server-request", "keystroke", "unknown", "action"}
)
_RANK: dict[Verdict, int] = {"fix": 0, "watch": 1, "safe": 2}


def table_entries(world: World, part: Part) -> Iterator[TableEntry]:
    """One entry for each table that the schema declares or the code uses."""
    writing: dict[str, dict[str, Function]] = defaultdict(dict)
    for function in part.app.functions:
        for access in world.writes[function.id]:
            for name in access.tables:
                writing[name][function.id] = function
    for name, table in sorted(part.app.tables.items()):
        yield _entry(world, part, table, tuple(writing.get(name, {}).values()))


def _entry(world: World, part: Part, table: Table, writers: Sequence[Function]) -> TableEntry:
    app = part.app
    distinct = [function for function in writers if world.aliases[function.id] == function.id]
    rates = {function.id: _rate(world, part, function, table.name) for function in distinct}
    inserts = [
        (function, access)
        for function in distinct
        for access in world.writes[function.id]
        if access.operation == "insert" and table.name in access.tables
    ]
    nature, rate = _nature(world, part, table, inserts)
    cleaners = cleanups(distinct, table.name, nature.logs)
    ttl, period, growth, why = _growth(world, part, table, inserts, cleaners, nature, rate, distinct)
    rows, fought = _rows(world, part, table, distinct)
    return TableEntry(
        app=app.root,
        name=table.name,
        writers=tuple(sorted(names(writers, app))),
        heat=_heat(world, distinct, rates),
        deletes=tuple(sorted(names(deleters(writers, table.name), app))),
        ttl=ttl,
        proposed_period=period,
        verdict=min(growth, rows, key=_RANK.__getitem__),
        reason=f"{'; '.join([*([fought] if fought else []), why])}.",
        cleaners=tuple(sorted(names(cleaners, app))),
    )


def _nature(world: World, part: Part, table: Table, inserts: Sequence[tuple[Function, Access]]) -> tuple[Nature, float]:
    """What kind of rows a table holds, and how many are predicted to come in a day."""
    rate = sum(_insert_rate(world, part, function, access) for function, access in inserts)
    machine = sum(
        _insert_rate(world, part, function, access)
        for function, access in inserts
        if all(caller.trigger.kind in _MACHINE for caller in world.origins(function.id))
    )
    return nature_of(table, rate, machine, looks_first(inserts)), rate


def _growth(
    world: World,
    part: Part,
    table: Table,
    inserts: Sequence[tuple[Function, Access]],
    cleaners: Sequence[Function],
    nature: Nature,
    rate: float,
    writers: Sequence[Function],
) -> tuple[TimeToLive, str | None, Verdict, str]:
    """Whether rows go in time: the answer, a period to propose, a verdict, and why."""
    if table.library is not None and table.library.startswith("component "):
        return "not needed", None, "safe", f"the {table.library} keeps its rows"
    scheduled = [function for function in cleaners if world.reached_on_schedule(function.id)]
    if scheduled:
        return "scheduled", None, "safe", f"{listed(names(scheduled, part.app))} cleans it up on schedule"
    if not inserts:
        if table.library is not None:
            return "not needed", None, "safe", f"the package {table.library} keeps its rows"
        return "not needed", None, "safe", "nothing in this repository inserts into it, so it does not grow"
    per = bounded_by(inserts)
    if per is not None and not cleaners:
        kept = "made once, at set-up" if per == "set-up" else f"one row per {per}: it grows no further than those"
        return "not needed", None, "safe", kept
    if not nature.logs and not cleaners:
        grows = f"{nature.words}, predicted {per_day(rate)} new a day"
        if rate >= MANY:
            return "not needed", None, "watch", f"{grows}: many for rows that are kept, so look at what reads them all"
        return "not needed", None, "safe", f"{grows}: they are kept"
    others = [function for function in deleters(writers, table.name) if world.has_live_start(function.id)]
    return _unscheduled(world, part, table.name, cleaners, others, inserts, nature, rate)


def _unscheduled(
    world: World,
    part: Part,
    table: str,
    cleaners: Sequence[Function],
    others: Sequence[Function],
    inserts: Sequence[tuple[Function, Access]],
    nature: Nature,
    rate: float,
) -> tuple[TimeToLive, str | None, Verdict, str]:
    """A table of rows that should go, and that nothing removes in time; `others` delete some for another reason."""
    grows = f"{nature.words}, predicted {per_day(rate)} new a day"
    verdict: Verdict = "fix" if rate >= HIGH else "watch"
    if not any(world.has_live_start(function.id) for function, _ in inserts):
        grows = f"{nature.words}, but nothing in this repository starts what inserts them"
        verdict = "safe"
    ttl: TimeToLive = "exists but never scheduled" if cleaners else "none"
    by = f"{listed(names(cleaners, part.app))} would remove old ones, but no cron and no scheduler reaches it"
    if any(_reads_all(cleaner, table) for cleaner in cleaners):
        by += "; it reads the whole table to find them (an index on the time would do)"
    if not cleaners:
        by = "nothing removes old ones"
        if others:
            by += f": {listed(names(others, part.app))} delete{'s' if len(others) == 1 else ''} rows, but not by age"
    return ttl, nature.period or "90 days", verdict, f"{grows}; {by}"


def _reads_all(function: Function, table: str) -> bool:
    return any(
        read.operation == "query" and table in read.tables and read.extent.reach == "whole"
        for read in function.accesses
    )


def _rows(world: World, part: Part, table: Table, writers: Sequence[Function]) -> tuple[Verdict, str]:
    """Whether hot functions fight over rows of a table that exist: a verdict, and by whom."""
    worst: Verdict = "safe"
    told: dict[str, None] = {}
    for function in writers:
        touched = [a for a in world.writes[function.id] if a.operation != "insert" and table.name in a.tables]
        if not touched or world.hot(function.id) is None:
            continue
        contention = contention_of(world, function)
        if not any(pair.table == table.name for pair in contention.pairs):
            continue
        decides = contention.worst is not None and contention.worst.table == table.name
        verdict: Verdict = contention.verdict if decides else "watch"
        if _RANK[verdict] < _RANK[worst]:
            worst = verdict
            told.clear()
        if verdict == worst:
            cost = cost_in_words(contention, part.app) if decides else ""
            told[f"{names([function], part.app)[0]}{f' ({cost})' if cost else ''}"] = None
    if worst == "safe":
        return "safe", ""
    shared = any(
        part.estimator.pairs.sharing(function.id, access) is Sharing.EVERYONE
        for function in writers
        if world.hot(function.id) is not None
        for access in world.writes[function.id]
        if access.operation != "insert" and table.name in access.tables
    )
    which = "rows that everyone shares" if shared else "its rows"
    return worst, f"{which} are written by hot functions: {listed(told)}"


def _heat(world: World, writers: Sequence[Function], rates: Mapping[str, float]) -> str:
    """How often the table is written, and what sets that off."""
    if not writers:
        return "none: nothing writes it"
    called = [function for function in writers if world.is_called(function.id)]
    if not called:
        return "none: nothing in this repository calls its writers"
    total = sum(rates.values())
    level = "high" if total >= HIGH else "medium" if total >= MEDIUM else "low"
    live = [function for function in called if world.has_live_start(function.id)] or called
    hottest = sorted(live, key=lambda function: (-rates[function.id], function.path))[:3]
    triggers = world.triggers_of([function.id for function in hottest])
    return f"{level}: predicted {per_day(total)} writes a day, from {triggers}"


def _rate(world: World, part: Part, function: Function, table: str) -> float:
    """Predicted writes of a function to a table in a day; of writes under different conditions the most."""
    rounds = [_rounds(part, access) for access in world.writes[function.id] if table in access.tables]
    return world.rate(function.id) * max(rounds, default=0.0)


def _insert_rate(world: World, part: Part, function: Function, access: Access) -> float:
    return world.rate(function.id) * _rounds(part, access)


def _rounds(part: Part, access: Access) -> float:
    rounds = 1.0
    for loop in access.loops:
        rounds *= part.estimator.traffic.loop_width if loop.bound is None else loop.bound
    return rounds
