"""Who else writes the rows that a mutation writes, and how badly they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contend.evidence.inventory.listings import path_in
from contend.evidence.inventory.words import listed, per_day
from contend.evidence.inventory.world import World, names
from contend.model.app import App
from contend.model.findings import Impact, Pair, Severity
from contend.model.functions import Access, Function, Guard
from contend.model.inventory import Verdict
from contend.model.values import Origin

_MOST_WRITES = 80  # of one function, that are compared with each other


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
    table), what the worst of them is predicted to cost, and the verdict."""

    pairs: tuple[Pair, ...]
    worst: Pair | None
    impact: Impact
    verdict: Verdict


def documents(function: Function) -> tuple[Document, ...]:
    """The documents that a mutation writes, in program order. Writes of one row are one document."""
    groups: dict[tuple[str, str], list[Access]] = {}
    for access in function.writes:
        for table in access.tables or ("",):
            groups.setdefault((table, access.row or _id_text(access) or f"#{access.order}"), []).append(access)
    return tuple(
        Document(
            table=table or "an unknown table",
            found_by=next((text for access in group if (text := _id_text(access))), "by id"),
            accesses=tuple(group),
            fresh=any(access.operation == "insert" or _is_fresh(access) for access in group),
            many=any(loop.bound != 1 for access in group for loop in access.loops),
        )
        for (table, _), group in groups.items()
    )


def writes_several(found: Sequence[Document]) -> bool:
    """Whether one run can write more than one of the documents. An upsert, which inserts or patches, does not."""
    if any(document.many for document in found):
        return True
    some = found[:_MOST_WRITES]
    return any(
        not _exclusive(one, other) for at, one in enumerate(some) for other in some[at + 1 :] if one is not other
    )


def other_writers(world: World, function: Function, table: str) -> tuple[Function, ...]:
    """The other mutations that patch, replace or delete rows of a table: hot ones first, then by rate. Registrations of
    the same code count once, those of this function not at all. Inserts make rows of their own."""
    found: dict[str, Function] = {}
    for writer in world.row_writers.get((function.app, table), ()):
        if writer.span != function.span:
            found.setdefault(world.aliases.get(writer.id, writer.id), writer)
    return tuple(found.values())


def contention_of(world: World, function: Function) -> Contention:
    """How hot writers meet a mutation. `fix` where the prediction says that it costs at least as much as a finding of
    medium severity, `watch` where a hot writer is there."""
    estimator = world.estimators[function.id]
    found: dict[tuple[str, str], Pair] = {}
    for pair in estimator.pairs.of_victim(function.id):
        if pair.kind != "conflict" or pair.same_socket or world.hot(pair.writer) is None:
            continue
        if pair.writer != function.id and world.aliases[pair.writer] == world.aliases[function.id]:
            continue
        found.setdefault((pair.writer, pair.table), pair)
    worst, cost = None, Impact()
    if world.is_called(function.id):
        for pair in found.values():
            impact = estimator.of_pair(pair)
            if worst is None or (impact.failures_per_day, impact.retries_per_day) > (
                cost.failures_per_day,
                cost.retries_per_day,
            ):
                worst, cost = pair, impact
    verdict: Verdict = "watch" if found else "safe"
    if worst is not None:
        judged = estimator.severity(cost, "high", [function.id]).severity
        if judged.rank <= Severity.MEDIUM.rank:
            verdict = "fix"
    return Contention(tuple(found.values()), worst, cost, verdict)


def writers_in_words(world: World, app: App, writers: Sequence[Function]) -> str:
    """`x:a (hot: …), x:b and x:c also write it, none of them often`."""
    if not writers:
        return "nothing else writes it"
    hot = [(writer, why) for writer in writers if (why := world.hot(writer.id)) is not None]
    cold = [writer for writer in writers if world.hot(writer.id) is None]
    parts = [f"{name} (hot: {why})" for (_, why), name in zip(hot, names((w for w, _ in hot), app), strict=True)]
    verb = "writes" if len(writers) == 1 else "write"
    text = listed([*parts, *names(cold, app)], len(parts[:3]) + 3)
    return f"{text} also {verb} it{'' if hot else ', not often'}"


def cost_in_words(contention: Contention, app: App) -> str:
    """`predicted about 17 retries a day against x:a on `t``; empty without a prediction worth a word."""
    worst, cost = contention.worst, contention.impact
    if worst is None or cost.retries_per_day < 1:
        return ""
    against = "other calls of itself" if worst.victim == worst.writer else path_in(app, worst.writer)
    lost = f", {per_day(cost.failures_per_day)} lost for good" if cost.failures_per_day >= 1 else ""
    return f"predicted {per_day(cost.retries_per_day)} retries a day{lost} against {against} on `{worst.table}`"


def _exclusive(one: Document, other: Document) -> bool:
    return all(_apart(a.guards, b.guards) for a in one.accesses for b in other.accesses)


def _apart(one: Sequence[Guard], other: Sequence[Guard]) -> bool:
    """Whether two lists of guards cannot hold together."""
    held = {guard.span: guard.holds for guard in one}
    return any(held.get(guard.span, guard.holds) is not guard.holds for guard in other)


def _is_fresh(access: Access) -> bool:
    return any(key.field == "_id" and key.value.origin is Origin.FRESH for key in access.keys)


def _id_text(access: Access) -> str:
    return next((key.value.text for key in access.keys if key.field == "_id"), "")
