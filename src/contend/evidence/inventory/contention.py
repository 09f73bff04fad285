"""Who else writes the rows that a mutation writes, and how badly they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contend.evidence.inventory.listings import path_in
from contend.evidence.inventory.words import listed_of, per_day
from contend.evidence.inventory.world import RowWriter, World
from contend.model.app import App
from contend.model.findings import Impact, Pair, Severity
from contend.model.functions import Access, Function, Guard
from contend.model.inventory import Verdict
from contend.model.values import Origin

_MOST_WRITES = 80  # of one function, that are compared with each other
_MOST_NAMED = 5  # writers of one row in a sentence
_MOST_ESTIMATED = 5  # hot writers of one victim, the hottest ones


@dataclass(frozen=True, slots=True)
class Document:
    """A document that a mutation writes: one row of `table`, or each of several (`many`). `fresh` for one that it
    inserts, which nobody else can hold yet. `found_by` is the text of its id."""

    table: str
    found_by: str
    accesses: tuple[Access, ...]
    fresh: bool
    many: bool

    @property
    def words(self) -> str:
        if self.fresh:
            return f"{'new rows' if self.many else 'a new row'} of `{self.table}`"
        return f"{'several rows' if self.many else 'a row'} of `{self.table}` ({self.found_by})"


@dataclass(frozen=True, slots=True)
class Contention:
    """What hot writers do to a mutation: the pairs in which they enter what it reads or writes (one per writer and
    table, the worst first), what the worst of them is predicted to cost, and the verdict."""

    pairs: tuple[Pair, ...]
    worst: Pair | None
    impact: Impact
    verdict: Verdict


def documents(function: Function) -> tuple[Document, ...]:
    """The documents that a mutation writes, in program order. Writes of one row are one document."""
    groups: dict[tuple[str, str], list[Access]] = {}
    for access in function.writes:
        names = (access.row or _id_text(access) or f"#{access.order}").split("|")  # one of several rows
        for table in access.tables or ("",):
            group = next((groups[table, name] for name in names if (table, name) in groups), [])
            group.append(access)
            groups.update(((table, name), group) for name in names if (table, name) not in groups)
    distinct = {id(group): (table, group) for (table, _), group in groups.items()}
    return tuple(
        Document(
            table=table or "an unknown table",
            found_by=next((text for access in group if (text := _id_text(access))), "by id"),
            accesses=tuple(group),
            fresh=any(access.operation == "insert" or _is_fresh(access) for access in group),
            many=any(loop.bound != 1 for access in group for loop in access.loops),
        )
        for table, group in distinct.values()
    )


def writes_several(found: Sequence[Document]) -> bool:
    """Whether one run can write more than one of the documents. An upsert, which inserts or patches, does not."""
    if any(document.many for document in found):
        return True
    some = found[:_MOST_WRITES]
    return any(
        not _exclusive(one, other) for at, one in enumerate(some) for other in some[at + 1 :] if one is not other
    )


def apart(one: Sequence[Guard], other: Sequence[Guard]) -> bool:
    """Whether two lists of guards cannot hold together: they stand on both sides of one test."""
    held = {guard.span: guard.holds for guard in one}
    return any(held.get(guard.span, guard.holds) is not guard.holds for guard in other)


def other_writers(world: World, function: Function, table: str) -> tuple[RowWriter, ...]:
    """The other mutations that patch, replace or delete rows of a table: hot ones first, then by rate."""
    own = world.aliases[function.id]
    return tuple(writer for writer in world.row_writers.get((function.app, table), ()) if writer.id != own)


def contention_of(world: World, function: Function) -> Contention:
    """How hot writers meet a mutation. `fix` where the prediction says that it costs at least as much as a finding of
    medium severity, `watch` where a hot writer is there."""
    known = world.contentions.get(function.id)
    if known is None:
        known = world.contentions[function.id] = _contention(world, function)
    return known


def _contention(world: World, function: Function) -> Contention:
    estimator = world.estimators[function.id]
    found: dict[tuple[str, str], list[Pair]] = {}
    for pair in estimator.pairs.of_victim(function.id):
        if pair.writer not in world.hot_functions or pair.kind != "conflict" or pair.same_socket:
            continue
        if pair.writer == function.id or world.aliases[pair.writer] != world.aliases[function.id]:
            found.setdefault((pair.writer, pair.table), []).append(pair)
    verdict: Verdict = "watch" if found else "safe"
    worst, cost = None, Impact()
    if world.is_called(function.id):
        hottest = sorted(found, key=lambda key: (key[0] != function.id, -world.rate(key[0])))[:_MOST_ESTIMATED]
        for pair in (pair for key in hottest for pair in found[key]):
            impact = estimator.of_pair(pair)
            if worst is None or _lost(impact) > _lost(cost):
                worst, cost = pair, impact
        if worst is not None and estimator.severity(cost, "high", [function.id]).severity.rank <= Severity.MEDIUM.rank:
            verdict = "fix"
    pairs = tuple(worst if worst is not None and worst in group else group[0] for group in found.values())
    return Contention(tuple(sorted(pairs, key=lambda pair: pair is not worst)), worst, cost, verdict)


def _lost(impact: Impact) -> tuple[float, float]:
    return impact.failures_per_day, impact.retries_per_day


def writers_in_words(world: World, writers: Sequence[RowWriter]) -> str:
    """`x:a (hot: …), x:b and x:c also write it`."""
    if not writers:
        return "nothing else writes it"
    named = [
        f"{writer.function.path} (hot: {world.hot(writer.id)})" if writer.hot else writer.function.path
        for writer in writers[:_MOST_NAMED]
    ]
    text = listed_of(named, len(writers))
    verb = "writes" if len(writers) == 1 else "write"
    return f"{text} also {verb} it{'' if writers[0].hot else ', not often'}"


def cost_in_words(contention: Contention, app: App) -> str:
    """`predicted about 17 retries a day against x:a on `t``; empty without a prediction worth a word."""
    worst, cost = contention.worst, contention.impact
    if worst is None or cost.retries_per_day < 1:
        return ""
    against = "other calls of itself" if worst.victim == worst.writer else path_in(app, worst.writer)
    lost = f", {per_day(cost.failures_per_day)} lost for good" if cost.failures_per_day >= 1 else ""
    return f"predicted {per_day(cost.retries_per_day)} retries a day{lost} against {against} on `{worst.table}`"


def _exclusive(one: Document, other: Document) -> bool:
    return all(apart(a.guards, b.guards) for a in one.accesses for b in other.accesses)


def _is_fresh(access: Access) -> bool:
    return any(key.field == "_id" and key.value.origin is Origin.FRESH for key in access.keys)


def _id_text(access: Access) -> str:
    return next((key.value.text for key in access.keys if key.field == "_id"), "")
