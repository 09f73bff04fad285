"""What functions put on the scheduler: fire-and-forget is harmless only where the target writes nothing that others
write."""

from __future__ import annotations

from collections.abc import Iterator

from contend.evidence.inventory.contention import (
    contention_of,
    cost_in_words,
    documents,
    other_writers,
    writers_in_words,
)
from contend.evidence.inventory.listings import path_in
from contend.evidence.inventory.words import listed
from contend.evidence.inventory.world import Part, World, names
from contend.model.app import App
from contend.model.callers import Caller
from contend.model.functions import Function
from contend.model.inventory import SchedulerEntry, Verdict

_RANK: dict[Verdict, int] = {"fix": 0, "watch": 1, "safe": 2}
_FOR_EVER = "a scheduled mutation that conflicts is tried again for ever, at most a minute apart"
_MOST_READS = 3  # told of one mutation
_ONCE = "an action runs once and is not tried again"


def scheduler_entries(world: World, part: Part) -> Iterator[SchedulerEntry]:
    """One entry for each place that schedules a function, and each function that it can mean. It stands under the app
    of the function that schedules."""
    seen = set()
    for function in part.app.functions:
        if world.aliases[function.id] != function.id:
            continue
        for caller in world.started.get(function.id, ()):
            key = (caller.span, caller.function)
            if caller.client == "scheduler" and key not in seen:
                seen.add(key)
                yield _entry(world, part.app, function, caller)


def _entry(world: World, app: App, function: Function, caller: Caller) -> SchedulerEntry:
    target = world.functions.get(caller.function)
    mutations = world.run_by(caller.function)
    verdict, told = _judged(world, app, target, mutations)
    source = world.sources.get(id(caller))
    if source is not None and source.width > 1 and mutations:
        told.append(f"scheduled in a loop over {caller.loops[0].over.text}: its runs start together")
        verdict = min(verdict, "watch", key=_RANK.__getitem__)
    if caller.function == function.id:
        told.append("it schedules itself again")
    elif any(next_one.function == function.id for next_one in world.started.get(caller.function, ())):
        told.append("which starts the function that scheduled it again")
    if not caller.consequence.awaited:
        told.append("the call is not awaited: an error while scheduling goes unseen")
    return SchedulerEntry(
        app=app.root,
        function=function.path,
        file=caller.span.file,
        line=caller.span.line,
        trigger=world.triggers(function.id),
        target=path_in(app, caller.function),
        target_kind=target.kind if target is not None else None,
        awaited=caller.consequence.awaited,
        delay_ms=caller.delay_ms,
        writes_back=tuple(sorted({table for one in mutations for access in one.writes for table in access.tables})),
        verdict=verdict,
        reason=f"{'; '.join(told)}.",
    )


def _judged(
    world: World, app: App, target: Function | None, mutations: tuple[Function, ...]
) -> tuple[Verdict, list[str]]:
    if target is None:
        return "watch", ["its target could not be found"]
    if target.unread is not None:
        return "watch", [f"what the target does could not be read: {target.unread}"]
    if target.kind == "mutation":
        verdict, told = _of_mutation(world, app, target)
        kind = "an internal mutation" if target.internal else "a mutation"
        return verdict, [f"{kind}, not a call to the outside: {_FOR_EVER}", *told]
    if target.kind == "query":
        return "safe", ["a query: it writes nothing"]
    if not mutations:
        return "safe", ["an action that writes nothing back"]
    back = f"an action that writes back through {listed(names(mutations, app))}"
    worst: Verdict = "safe"
    meetings: list[str] = []
    for mutation in mutations:
        contention = contention_of(world, mutation)
        if contention.verdict == "safe":
            continue
        worst = min(worst, contention.verdict, key=_RANK.__getitem__)
        hot = {pair.writer for pair in contention.pairs}
        itself = ["itself"] if mutation.id in hot else []
        who = listed(itself + sorted(path_in(app, id) for id in hot - {mutation.id}))
        tables = listed(sorted({f"`{pair.table}`" for pair in contention.pairs}))
        cost = cost_in_words(contention, app)
        meetings.append(f"{names([mutation], app)[0]} meets {who} on {tables}{f' ({cost})' if cost else ''}")
    if worst == "safe":
        return "safe", [f"{back}, which no hot writer meets"]
    return worst, [f"{back}; {listed(meetings, 3)}; {_ONCE}, so a conflict lost for good loses the rest of its work"]


def _of_mutation(world: World, app: App, target: Function) -> tuple[Verdict, list[str]]:
    """A scheduled mutation is watched as soon as anything that is called writes its rows too."""
    contention = contention_of(world, target)
    verdict = contention.verdict
    rows: list[str] = []
    for document in documents(target):
        if document.fresh:
            continue
        writers = other_writers(world, target, document.table)
        rows.append(f"it writes {document.words}: {writers_in_words(world, writers)}")
        if verdict == "safe" and any(world.is_called(writer.id) for writer in writers):
            verdict = "watch"
    cost = cost_in_words(contention, app)
    rows = list(dict.fromkeys(rows)) or ["it only inserts" if target.writes else "it writes nothing"]
    written = {document.table for document in documents(target) if not document.fresh}
    for table in sorted({pair.table for pair in contention.pairs} - written)[:_MOST_READS]:
        hot = sorted({path_in(app, pair.writer) for pair in contention.pairs if pair.table == table})
        rows.append(f"its read of `{table}` is entered by {listed(hot)} (hot)")
    return verdict, [*rows, *([cost] if cost else [])]
