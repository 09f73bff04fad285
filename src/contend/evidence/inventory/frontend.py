"""What pages, components and routes call, how the calls relate, and what that does.

Calls over one WebSocket connection run one after the other on the server, awaited or not; calls over HTTP run at the
same time (convex-backend: crates/sync/src/worker.rs, npm-packages/convex/src/browser/http_client.ts).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from contend.conflicts import Source
from contend.evidence.inventory.calls import drawn_by, one_document, started_together
from contend.evidence.inventory.contention import apart, contention_of, cost_in_words
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
    """Something about the calls of a page; `text` is empty where there is nothing to say."""

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
    telling = list(dict.fromkeys(sign.text for sign in signs if sign.verdict == worst and sign.text))
    more = f"; and {len(telling) - _TOLD} more like these" if len(telling) > _TOLD else ""
    if not telling:
        telling = [f"each call is set off on its own: {listed(dict.fromkeys(map(trigger_words, callers)), _TOLD)}"]
    calls = sorted({PageCall(path_in(app, c.function), c.span.file, c.span.line) for c in callers}, key=_by_place)
    patterns = {sign.pattern for sign in signs}
    if len(patterns) > 1:
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
    """What one call says for itself. A call that writes nothing conflicts with nothing, whatever sets it off."""
    name = path_in(app, caller.function)
    source = world.sources.get(id(caller))
    at = f"line {caller.span.line}" if caller.span.file == page_of(caller) else str(caller.span)
    loops = [loop for loop in caller.loops if not drawn_by(loop, caller, sources)]
    sign = _own_sign(world, app, caller, source, name, at)
    if not _writes(world, caller):
        yield Sign(sign.pattern, "safe", "" if sign.pattern == "single" else f"{name} ({at}) writes nothing")
        return
    yield sign
    yield from _of_loops(caller, source, loops, name, at)


def _writes(world: World, caller: Caller) -> bool:
    """Whether a call writes, as far as its code could be read."""
    function = world.functions.get(caller.function)
    unread = function is None or function.unread is not None
    return unread or any(mutation.writes or mutation.unread for mutation in world.run_by(caller.function))


def _own_sign(world: World, app: App, caller: Caller, source: Source | None, name: str, at: str) -> Sign:
    """By what sets the call off."""
    kind = caller.trigger.kind
    if kind == "effect":
        return _effect(world, caller, name, at)
    if kind == "timer" and not caller.flagged:
        every = f"every {period(caller.trigger.period_ms)}" if caller.trigger.period_ms else "again and again"
        return Sign("timer", "watch", f"a timer calls {name} {every} in each open tab ({at})")
    if kind == "render":
        return Sign("render", "watch", f"{name} is called on each mount or render ({at})")
    if kind == "keystroke" and not is_shortcut(caller):
        text = f"{name} is called as often as `{caller.trigger.detail or 'a change'}` fires, one write each ({at})"
        return Sign("keystroke", "watch", text)
    if kind == "server-request" and source is not None and source.parallel and not caller.loops:
        return _every_request(world, app, caller, source, name, at)
    return Sign("single", "safe", "")


def _effect(world: World, caller: Caller, name: str, at: str) -> Sign:
    loop = next((one for one in world.feedback.get(caller.function, ()) if one.caller is caller), None)
    live = [dependency for dependency in caller.trigger.dependencies or () if dependency.query]
    if loop is not None:
        text = (
            f"the effect at {at} wakes itself: it depends on `{live[0].text}` ({loop.query}), and {loop.writer} writes "
            f"{loop.field} of `{loop.table}`, which that query returns, so that every write sets it off again"
        )
        return Sign("effect", "fix", text)
    if caller.flagged:
        return Sign("effect", "safe", f"the effect at {at} calls {name} once: a flag that it sets guards the call")
    if caller.trigger.dependencies is None:
        return Sign("effect", "watch", f"the effect at {at} has no dependency list: it calls {name} on every render")
    if live:
        text = (
            f"the effect at {at} depends on live data (`{live[0].text}`): each change of it calls {name} from every tab"
        )
        return Sign("effect", "watch", text)
    return Sign("effect", "safe", f"the effect at {at} calls {name}, and nothing it writes sets it off again")


def _every_request(world: World, app: App, caller: Caller, source: Source, name: str, at: str) -> Sign:
    """A call on every request of a server: the requests of one page load start together."""
    requests = f"each of the {source.width:g} requests of a page load, together"
    lead = f"{entry_words(caller)} calls {name} ({at}) on {requests}"
    worst: Verdict = "safe"
    cost = ""
    for mutation in world.run_by(caller.function):
        contention = contention_of(world, mutation)
        if _RANK[contention.verdict] < _RANK[worst]:
            worst, cost = contention.verdict, cost_in_words(contention, app)
    return Sign("every request", worst, f"{lead}{f': {cost}' if cost else ''}")


def _of_loops(
    caller: Caller, source: Source | None, loops: Sequence[LoopContext], name: str, at: str
) -> Iterator[Sign]:
    """Calls in a loop: one transaction for each item."""
    for loop in loops:
        if loop.over.text.isdigit() or loop.bound == 1 or source is None or source.width <= 1:
            continue
        over = f"one call of {name} for each of {loop.over.text} ({at})"
        if caller.client == "websocket":
            yield Sign("loop", "watch", f"{over}, run one after the other: a single mutation could take them all")
        elif not loop.parallel:
            yield Sign("loop", "watch", f"{over}, awaited one by one: a single mutation could take them all")
        elif not source.per_item:
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
        together = False
        for one, other in pairwise(ordered):
            if started_together(one, other) and not apart(one.guards, other.guards):
                together = True
                yield _parallel(world, app, one, other)
        consecutive = [
            caller for caller in ordered if any(c is not caller and not apart(c.guards, caller.guards) for c in ordered)
        ]
        if consecutive and not together:
            yield _sequential(world, app, consecutive)


def _parallel(world: World, app: App, one: Caller, other: Caller) -> Sign:
    shared = one_document(world, one, other)
    both = f"{listed([path_in(app, one.function), path_in(app, other.function)])} {_lines([one, other])}"
    if shared is None:
        return Sign("parallel", "safe", f"{both} run together and write no common document")
    if one.client == other.client == "websocket":
        text = (
            f"{both} are sent together and write the same row of `{shared}`: one connection runs them one after the "
            "other, so they meet those of other tabs only, but one mutation would do"
        )
        return Sign("parallel", "watch", text)
    return Sign("parallel", "fix", f"{both} run at the same time and write the same row of `{shared}`: batch them")


def _sequential(world: World, app: App, ordered: Sequence[Caller]) -> Sign:
    """Calls that wait for each other cannot conflict with each other; two writes of one row in a row are still one too
    many, and over HTTP meet those of other requests."""
    for at, one in enumerate(ordered):
        for other in ordered[at + 1 :]:
            shared = one_document(world, one, other)
            if shared is None or apart(one.guards, other.guards):
                continue
            both = f"{listed([path_in(app, one.function), path_in(app, other.function)])} {_lines([one, other])}"
            text = f"{both} write the same row of `{shared}` one after the other: one mutation would do"
            return Sign("sequential", "watch" if other.client == "http" else "safe", text)
    all_of_them = f"{listed(path_in(app, caller.function) for caller in ordered)} {_lines(ordered)}"
    text = f"{all_of_them} run one after the other and write no common document"
    return Sign("sequential", "safe", text)


def _lines(callers: Sequence[Caller]) -> str:
    return f"(lines {listed([str(caller.span.line) for caller in callers])})"


def _by_place(call: PageCall) -> tuple[str, int, str]:
    return call.file, call.line, call.function
