"""What pages, components and routes call, how the calls relate, and what that does.

Calls over one WebSocket connection run one after the other on the server, awaited or not; calls over HTTP run at the
same time (convex-backend: crates/sync/src/worker.rs, npm-packages/convex/src/browser/http_client.ts).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contend.conflicts import Source
from contend.evidence.inventory.calls import drawn_by, one_document, started_together
from contend.evidence.inventory.contention import contention_of, cost_in_words
from contend.evidence.inventory.listings import Sources, path_in
from contend.evidence.inventory.words import entry_words, is_shortcut, listed, page_of, period, trigger_words
from contend.evidence.inventory.world import Part, World
from contend.model.app import App
from contend.model.callers import Caller
from contend.model.functions import LoopContext
from contend.model.inventory import FrontendEntry, PageCall, Verdict

_ORDER = ("effect", "timer", "render", "keystroke", "every request", "loop", "parallel", "sequential", "single")
_RANK: dict[Verdict, int] = {"fix": 0, "watch": 1, "safe": 2}
_TOLD = 4  # sentences of one reason


@dataclass(frozen=True, slots=True)
class Sign:
    """Something said about the calls of a page."""

    pattern: str
    verdict: Verdict
    text: str


def frontend_entries(world: World, part: Part, sources: Sources) -> Iterator[FrontendEntry]:
    """One entry for each file of the client or of its server that calls mutations or actions of the app; a route file
    has one for each of its methods."""
    groups: dict[tuple[str, str], list[Caller]] = defaultdict(list)
    for caller in part.app.callers:
        function = world.functions.get(caller.function)
        if caller.client not in ("websocket", "http") or caller.from_function is not None or function is None:
            continue
        if caller.trigger.kind != "script" and function.kind != "query":
            groups[page_of(caller), caller.trigger.entry].append(caller)
    entries_of: dict[str, int] = defaultdict(int)
    for file, _ in groups:
        entries_of[file] += 1
    for (file, entry), callers in groups.items():
        page = f"{file} ({entry})" if entries_of[file] > 1 and entry else file
        yield _entry(world, part.app, page, callers, sources)


def _entry(world: World, app: App, page: str, callers: Sequence[Caller], sources: Sources) -> FrontendEntry:
    signs = [sign for caller in callers for sign in _of_call(world, app, caller, sources)]
    signs += _of_groups(world, app, callers)
    worst = min((sign.verdict for sign in signs), key=_RANK.__getitem__)
    telling = list(dict.fromkeys(sign.text for sign in signs if sign.verdict == worst))
    more = f"; and {len(telling) - _TOLD} more like these" if len(telling) > _TOLD else ""
    calls = sorted({PageCall(path_in(app, c.function), c.span.file, c.span.line) for c in callers}, key=_by_place)
    patterns = {sign.pattern for sign in signs}
    if len(calls) > 1 and patterns != {"single"}:
        patterns.discard("single")
    return FrontendEntry(
        app=app.root,
        page=page,
        calls=tuple(calls),
        pattern=" + ".join(sorted(patterns, key=_ORDER.index)),
        verdict=worst,
        reason=f"{'; '.join(telling[:_TOLD])}{more}.",
    )


def _of_call(world: World, app: App, caller: Caller, sources: Sources) -> Iterator[Sign]:
    """What one call says for itself."""
    name = path_in(app, caller.function)
    source = world.sources.get(id(caller))
    at = f"line {caller.span.line}" if caller.span.file == page_of(caller) else str(caller.span)
    loops = [loop for loop in caller.loops if not drawn_by(loop, caller, sources)]
    kind = caller.trigger.kind
    if kind == "effect":
        yield _effect(world, caller, name, at)
    elif kind == "timer" and not caller.flagged:
        every = f"every {period(caller.trigger.period_ms)}" if caller.trigger.period_ms else "again and again"
        yield Sign("timer", "watch", f"a timer calls {name} {every} in each open tab ({at})")
    elif kind == "render":
        yield Sign("render", "watch", f"{name} is called on each mount or render ({at})")
    elif kind == "keystroke" and not is_shortcut(caller):
        text = f"{name} is called as often as `{caller.trigger.detail or 'a change'}` fires, one write each ({at})"
        yield Sign("keystroke", "watch", text)
    elif kind == "server-request" and source is not None and source.parallel and not loops:
        yield _every_request(world, app, caller, source, name, at)
    else:
        yield Sign("single", "safe", f"{trigger_words(caller)} calls {name} once")
    yield from _of_loops(world, app, caller, loops, name, at)


def _effect(world: World, caller: Caller, name: str, at: str) -> Sign:
    loop = next((one for one in world.feedback.get(caller.function, ()) if one.caller is caller), None)
    if loop is not None:
        live = next(d.text for d in caller.trigger.dependencies or () if d.query)
        text = (
            f"the effect at {at} wakes itself: it depends on `{live}` ({loop.query}), and {loop.writer} writes "
            f"{loop.field} of `{loop.table}`, which that query returns, so that every write sets it off again"
        )
        return Sign("effect", "fix", text)
    if caller.flagged:
        return Sign("effect", "safe", f"the effect at {at} calls {name} once: a flag that it sets guards the call")
    if caller.trigger.dependencies is None:
        return Sign("effect", "watch", f"the effect at {at} has no dependency list: it calls {name} on every render")
    live = next((d for d in caller.trigger.dependencies if d.query), None)
    if live is not None:
        text = f"the effect at {at} depends on live data (`{live.text}`): each change of it calls {name} from every tab"
        return Sign("effect", "watch", text)
    return Sign("effect", "safe", f"the effect at {at} calls {name}, and nothing it writes sets it off again")


def _every_request(world: World, app: App, caller: Caller, source: Source, name: str, at: str) -> Sign:
    """A call on every request of a server: the requests of one page load start together."""
    lead = f"{entry_words(caller)} calls {name} ({at}) on each of the {source.width:g} requests of a page load, together"
    worst: Verdict = "safe"
    cost = ""
    for mutation in world.run_by(caller.function):
        contention = contention_of(world, mutation)
        if _RANK[contention.verdict] < _RANK[worst]:
            worst, cost = contention.verdict, cost_in_words(contention, app)
    return Sign("every request", worst, f"{lead}{f': {cost}' if cost else ''}")


def _of_loops(
    world: World, app: App, caller: Caller, loops: Sequence[LoopContext], name: str, at: str
) -> Iterator[Sign]:
    """Calls in a loop: one transaction for each item."""
    source = world.sources.get(id(caller))
    for loop in loops:
        if loop.over.text.isdigit() or loop.bound == 1 or source is None or source.width <= 1:
            continue
        over = f"one call of {name} for each of {loop.over.text} ({at})"
        if caller.client == "websocket":
            yield Sign("loop", "watch", f"{over}, run one after the other: a single mutation could take them all")
        elif not loop.parallel:
            yield Sign("loop", "watch", f"{over}, awaited one by one: a single mutation could take them all")
        elif not source.per_item and any(mutation.writes for mutation in world.run_by(caller.function)):
            yield Sign("loop", "fix", f"{over}, all at once and with the same arguments: they meet on one document")
        else:
            yield Sign("loop", "watch", f"{over}, all at once: a single mutation could take them all")


def _of_groups(world: World, app: App, callers: Sequence[Caller]) -> Iterator[Sign]:
    """What calls of one code function say together: one after the other, or at the same time."""
    scopes: dict[tuple[str, str], list[Caller]] = defaultdict(list)
    for caller in callers:
        scopes[caller.scope, caller.trigger.detail].append(caller)
    for group in scopes.values():
        ordered = sorted({caller.span: caller for caller in group}.values(), key=lambda caller: caller.order)
        for one, other in zip(ordered, ordered[1:], strict=False):
            names = listed([path_in(app, one.function), path_in(app, other.function)])
            where = f"lines {one.span.line} and {other.span.line}"
            shared = one_document(world, one, other)
            if not started_together(one, other):
                text = f"{names} ({where}) run one after the other, so they cannot conflict with each other"
                yield Sign("sequential", "safe", text)
            elif shared is None:
                yield Sign("parallel", "safe", f"{names} ({where}) run together and write no common document")
            elif one.client == other.client == "websocket":
                text = (
                    f"{names} ({where}) are sent together and write the same row of `{shared}`: one connection runs "
                    "them one after the other, so they meet other tabs only, but one mutation would do"
                )
                yield Sign("parallel", "watch", text)
            else:
                text = f"{names} ({where}) run at the same time and write the same row of `{shared}`: batch them in one"
                yield Sign("parallel", "fix", text)


def _by_place(call: PageCall) -> tuple[str, int, str]:
    return call.file, call.line, call.function
