"""How often a function starts, and what starts together with it.

A function's heat is the sum of its sources: one for each place that calls it. A source says how many *events* set it
off in a day, how many calls each event makes (`width`), within what time they start, and whether they can run at the
same time:

| client of the call                             | calls of one event                                            |
|------------------------------------------------|---------------------------------------------------------------|
| WebSocket                                      | one after the other: the server serialises a connection        |
| HTTP from a server request                     | as many as a page load makes requests, at the same time        |
| HTTP, all through one client that queues       | one after the other (of one server instance)                   |
| HTTP, action: in a loop that runs in parallel  | at the same time                                              |
| HTTP, action: in a loop of awaited calls       | one after the other                                           |
| scheduler: scheduled in a loop                 | at the same time                                              |
| cron                                           | one; a cron never overlaps itself                             |
| inside another mutation                        | part of that transaction: no call of its own                  |

Where an effect or a watcher depends on a live query, all clients that look at the same data react to one change: a
*herd*, however serialised each connection is. (convex-backend: crates/sync/src/worker.rs,
crates/application/src/cron_jobs/mod.rs; `contend.convex.clients`.)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from contend.conflicts.traffic import Traffic
from contend.model.app import App
from contend.model.callers import Caller, Client, TriggerKind
from contend.model.functions import Guard, LoopContext
from contend.model.values import Origin, Value

Audience = Literal["users", "app"]  # set off by active users in their hours, or by the app itself around the clock
DAY_S: Final = 86_400.0
WIDEST: Final = 1_000.0  # calls of one event, whatever loops multiply to (convex-backend: crates/common/src/knobs.rs)

_UNASKED: Final = frozenset({"server-request", "render", "effect", "timer", "cron", "webhook"})  # by no one's decision

_ADMIN: Final = re.compile(r"(^|[/._\-\[(])(admin|backoffice|internal-tools|superuser)", re.IGNORECASE)
_EVERY_REQUEST: Final = re.compile(r"every request|^(load of \+)?layout\b|^endpoint /middleware/")  # in entries' words
_HOOK_FILE: Final = re.compile(
    r"(^|/)(hooks\.server|\+layout(\.server)?)\.[cm]?[jt]s$|^([^/]+/[^/]+/)?(src/)?(middleware|proxy)\.[cm]?[jt]s$"
)
_METHOD: Final = re.compile(r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|fallback|API route)\b")
_ENDPOINT: Final = re.compile(r"\+server\.|(^|/)route\.[jt]sx?|/api/", re.IGNORECASE)
_EVERYWHERE: Final = re.compile(r"layout|provider|(^|[/ ])(_?app|main|root)(\.\w+)?$", re.IGNORECASE)
_SHORTCUT: Final = re.compile(r"key(down|up|press)", re.IGNORECASE)
_OVER: Final = re.compile(
    r"((^|[^a-zA-Z])|[a-z](?=[A-Z]))"
    r"(?i:closed|done|completed?|finished|ended|success|succeeded|failed|aborted|cancell?ed)$"
)
_EXPIRED: Final = re.compile(r"expired|stale|outdated|overdue", re.IGNORECASE)
_CAUGHT: Final = "an error was caught"  # what holds inside a `catch`, as the extraction words it
_LEADER: Final = re.compile(r"host|leader|owner|admin|creator|master|primary", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """One place that starts a function. Rates are of the whole app. `width` calls start within `spread_ms` of each
    other in one event; `parallel` where they can run at the same time. `herd` where every client that looks at the same
    data calls on one change. `per_item` names the arguments that differ between the calls of one event."""

    caller: Caller
    events_per_day: float
    width: float
    spread_ms: float
    parallel: bool
    audience: Audience
    herd: bool = False
    per_item: frozenset[str] = frozenset()
    guessed: float = 1.0  # rounds of loops without a known bound on the way here

    @property
    def calls_per_day(self) -> float:
        return self.events_per_day * self.width

    @property
    def client(self) -> Client:
        return self.caller.client

    def active_seconds(self, traffic: Traffic) -> float:
        """The seconds of a day over which its events spread."""
        return traffic.open_seconds if self.audience == "users" else DAY_S


@dataclass(frozen=True, slots=True)
class Heat:
    """How often a function starts. `called` is False where nothing in the repository calls it: it then has a nominal
    rate and no sources. `scripts_only` where only scripts, seeds and tests do. `assumptions` are sentences."""

    function: str
    calls_per_day: float
    sources: tuple[Source, ...]
    called: bool
    scripts_only: bool
    assumptions: tuple[str, ...]

    @property
    def guessed(self) -> float:
        """Rounds of loops without a known bound on the way to a call, on average."""
        calls = self.calls_per_day if self.sources else 0.0
        return sum(one.calls_per_day * one.guessed for one in self.sources) / calls if calls else 1.0

    @property
    def concurrent(self) -> bool:
        """Whether calls of one event can run at the same time, or clients react together."""
        return any(source.herd or (source.parallel and source.width > 1) for source in self.sources)


def heats(app: App, traffic: Traffic | None = None) -> Mapping[str, Heat]:
    """The heat of every function of `app`, by id."""
    table = _Rates(app, traffic or Traffic())
    return {function.id: table.heat(function.id) for function in app.functions}


class _Rates:
    """Rates by function; what starts a function through another one is followed to its start. Within a cycle of
    functions, the one that is met again counts with what starts it from outside."""

    def __init__(self, app: App, traffic: Traffic) -> None:
        self.traffic = traffic
        self.callers: Mapping[str, list[Caller]] = defaultdict(list)
        for caller in app.callers:
            self.callers[caller.function].append(caller)
        self.periods = {cron.function: cron.period_ms for cron in app.crons}
        self.known: dict[str, Heat] = {}
        self.open: set[str] = set()

    def heat(self, id: str) -> Heat:
        found = self.known.get(id)
        if found is not None:
            return found
        self.open.add(id)
        used: dict[str, None] = {}
        callers = self.callers.get(id, [])
        sources = tuple(self._source(caller, used) for caller in callers if caller.client != "transaction")
        self.open.discard(id)
        calls = sum(source.calls_per_day for source in sources)
        if not callers:
            used["uncalled"] = None
            calls = self.traffic.uncalled
        heat = Heat(
            function=id,
            calls_per_day=calls,
            sources=sources,
            called=bool(callers),
            scripts_only=bool(callers) and all(caller.trigger.kind == "script" for caller in callers),
            assumptions=self.traffic.say(*used) if used else (),
        )
        self.known[id] = heat
        return heat

    def _source(self, caller: Caller, used: dict[str, None]) -> Source:
        events, audience = self._events(caller, used)
        traffic = self.traffic
        if any(_caught(guard) for guard in caller.guards) or (
            caller.trigger.kind in _UNASKED
            and not _waits_for_an_end(caller)
            and any(_asks(guard) for guard in caller.guards)
        ):
            used["branch"] = None
            events *= traffic.branch
        width, spread, parallel = 1.0, traffic.parallel_spread_ms, False
        if caller.trigger.kind == "server-request" and caller.client == "http" and _on_every_request(caller):
            used["requests_per_load"] = None
            width, spread, parallel = traffic.requests_per_load, traffic.request_spread_ms, not caller.queued
            events /= traffic.requests_per_load
        elif caller.trigger.kind == "webhook":
            width, spread, parallel = traffic.webhook_burst, traffic.webhook_spread_ms, True
            events /= max(traffic.webhook_burst, 1.0)
        around = self._guessed(caller)
        rounds, guessed, together = self._rounds(caller, around, used)
        if rounds > 1:
            width = min(width * rounds, WIDEST)
            waits = caller.queued or caller.client not in ("http", "action", "node-action")
            at_once = caller.client == "scheduler" or (together and not waits)
            if at_once and not parallel:
                used["parallel_spread_ms"] = None
            parallel = parallel or at_once
        return Source(
            caller=caller,
            events_per_day=events,
            width=width,
            spread_ms=spread,
            parallel=parallel,
            audience=audience,
            herd=_is_herd(caller),
            per_item=_per_item(caller),
            guessed=around * guessed,
        )

    def _guessed(self, caller: Caller) -> float:
        """Rounds of loops without a known bound in the functions that lead to a caller."""
        start = caller.from_function
        if start is None or start in self.open or caller.trigger.kind == "webhook":
            return 1.0
        return self.heat(start).guessed

    def _rounds(self, caller: Caller, around: float, used: dict[str, None]) -> tuple[float, float, bool]:
        """How many calls one event makes, how many of them by loops without a known bound (`around` such rounds stand
        around them), and whether some loop makes them at the same time."""
        loops = [
            loop
            for loop in caller.loops
            if loop.over.text != "[function]" and not _around_the_trigger(loop, caller)  # not one of several listeners
        ]
        if any(loop.bound is None for loop in loops):
            used["loop_width"] = None
        guessed = self.traffic.guessed_rounds(loops, around)
        return self.traffic.rounds(loops, around), guessed, any(loop.parallel for loop in loops)

    def _events(self, caller: Caller, used: dict[str, None]) -> tuple[float, Audience]:
        """Events of the whole app in a day, before loops (for server requests: single requests)."""
        traffic, trigger = self.traffic, caller.trigger
        entry = trigger.entry or (caller.chain[0].file if caller.chain else caller.span.file)
        by_admins = any(is_admin(text) for text in (entry, caller.span.file))
        people = traffic.admin_users if by_admins else traffic.users
        used["admin_users" if by_admins else "users"] = None
        kind: TriggerKind = trigger.kind
        match kind:
            case "server-request":
                if _on_every_request(caller):
                    used["page_loads"] = used["requests_per_load"] = None
                    return people * traffic.page_loads * traffic.requests_per_load, "users"
                name = "clicks" if _ENDPOINT.search(entry) else "page_views"
                used[name] = None
                return people * (traffic.clicks if name == "clicks" else traffic.page_views), "users"
            case "render" | "effect" | "timer-once":
                used["page_views"] = None
                return people * traffic.page_views, "users"
            case "timer" if _waits_for_an_end(caller):
                used["clicks"] = None
                return people * traffic.clicks, "users"
            case "timer":
                used["tabs"] = None
                if trigger.period_ms is None:
                    used["timer_period_s"] = None
                period = (trigger.period_ms or traffic.timer_period_s * 1_000) / 1_000
                shown = 1.0
                if not _EVERYWHERE.search(entry):
                    used["page_time"] = None
                    shown = traffic.page_time
                return people * traffic.tabs * shown * traffic.open_seconds / max(period, 0.01), "users"
            case "keystroke" if not _SHORTCUT.search(trigger.detail):
                used["keystrokes"] = None
                return people * traffic.keystrokes, "users"
            case "event" | "keystroke":
                used["clicks"] = None
                return people * traffic.clicks, "users"
            case "webhook":
                used["webhooks"] = None
                return traffic.webhooks, "app"
            case "cron":
                period_ms = trigger.period_ms or self.periods.get(caller.function)
                if period_ms is None:
                    used["cron_period_s"] = None
                return DAY_S / max((period_ms or traffic.cron_period_s * 1_000) / 1_000, 1.0), "app"
            case "scheduler" | "action" | "function":
                return self._started_by(caller, used)
            case "script":
                used["scripts"] = None
                return traffic.scripts, "app"
            case _:
                used["unknown"] = None
                return traffic.unknown, "app"

    def _started_by(self, caller: Caller, used: dict[str, None]) -> tuple[float, Audience]:
        """As often as the function that starts it; a function that starts itself: by its delay."""
        start = caller.from_function
        if start is not None and start in self.open:
            delay = caller.delay_ms if caller.delay_ms is not None else caller.trigger.period_ms
            if start == caller.function:
                return (DAY_S / max(delay / 1_000, 1.0) if delay else 0.0), "app"
            return self._directly(start, used)
        if start is not None and self.callers.get(start):
            heat = self.heat(start)
            audience: Audience = "users" if any(s.audience == "users" for s in heat.sources) else "app"
            return heat.calls_per_day, audience
        if start is not None:
            used["uncalled_start"] = None
            return self.traffic.uncalled, "app"
        name = "scheduled" if caller.client == "scheduler" else "actions"
        used[name] = None
        return (self.traffic.scheduled if name == "scheduled" else self.traffic.actions), "app"

    def _directly(self, id: str, used: dict[str, None]) -> tuple[float, Audience]:
        """The events of a function other than those that functions start: what enters a cycle at it."""
        found = [
            self._events(caller, used)
            for caller in self.callers.get(id, [])
            if caller.client != "transaction" and caller.trigger.kind not in ("scheduler", "action", "function")
        ]
        by_users = any(audience == "users" for _, audience in found)
        return sum(events for events, _ in found), "users" if by_users else "app"


def is_everywhere(entry: str) -> bool:
    """Whether a component is on every page: a layout, a provider, the app itself."""
    return bool(_EVERYWHERE.search(entry))


def is_admin(place: str) -> bool:
    """Whether a page or file is for administrators, by its path."""
    return bool(_ADMIN.search(place))


def _on_every_request(caller: Caller) -> bool:
    """Whether the call stands in a hook, middleware or layout that every request of the server passes, rather than in
    one page or endpoint: by what the entry is called, else by its file. A directory's name says nothing: what wraps
    the handler of one endpoint may stand in `middleware/`."""
    names = (caller.trigger.detail, caller.trigger.entry)
    if any(_EVERY_REQUEST.search(name) for name in names):
        return True
    if any(_METHOD.search(name) for name in names):
        return False
    return any(_HOOK_FILE.search(file) for file in (*names, *(frame.file for frame in caller.chain[:1])))


def _is_herd(caller: Caller) -> bool:
    """Whether all clients that look at the same data call on one change of it. Not where a guard picks one of them."""
    if caller.client != "websocket" or caller.trigger.kind != "effect":
        return False
    if not any(dependency.query is not None for dependency in caller.trigger.dependencies or ()):
        return False
    return not any(_LEADER.search(guard.condition.text) for guard in caller.guards)


def _per_item(caller: Caller) -> frozenset[str]:
    """The arguments that differ between rounds of the caller's loops: taken from what a loop iterates, fresh, or of
    unknown origin."""
    if not caller.loops:
        return frozenset()
    return frozenset(name for name, value in caller.arguments if _varies(value, caller.loops))


def _asks(guard: Guard) -> bool:
    """Whether a branch is taken only in a special case: by a comparison or a negation that holds. Whether something is
    there at all (`if (user)`, `list.length > 0`), what follows an early return and an `else` are the ordinary case."""
    return guard.holds and not guard.early_exit and _is_special(guard.condition)


def _caught(guard: Guard) -> bool:
    """Whether the call stands in a `catch`: it happens only where something failed."""
    return guard.holds and guard.condition.text == _CAUGHT


def _waits_for_an_end(caller: Caller) -> bool:
    """Whether a repeating timer only looks whether something is over (`if (popup.closed) { clearInterval(t); save() }`)
    and calls once, then: as often as a user starts that something, not at each beat."""
    return caller.trigger.kind == "timer" and any(
        guard.holds and not guard.early_exit and _is_over(guard.condition) and _stands_with(guard, caller)
        for guard in caller.guards
    )


def _stands_with(guard: Guard, caller: Caller) -> bool:
    """Whether the test is of the function that the call stands in, rather than of what draws the page around it."""
    file, _, line = caller.scope.rpartition(":")
    return not line.isdigit() or (guard.span.file == file and guard.span.line >= int(line))


def _is_over(condition: Value) -> bool:
    if condition.op == "&&":
        return any(_is_over(part) for part in condition.parts)
    if condition.op == "==":
        return any(_OVER.search(str(part.constant)) for part in condition.parts if isinstance(part.constant, str))
    return condition.op is None and bool(_OVER.search(_last_name(condition)))


def _last_name(value: Value) -> str:
    return re.split(r"[^\w$]+", value.text.rstrip("?!()"))[-1]


def _is_special(condition: Value) -> bool:
    if condition.op in ("&&", "||"):
        return any(_is_special(part) for part in condition.parts)
    if condition.op not in ("!", "==", "!=", "<", "<=", ">", ">="):
        name = _last_name(condition) if condition.op is None else condition.op
        return bool(_EXPIRED.search(name))  # `session.isExpired`, `call:isStale`
    there = condition.op in ("!=", ">", ">=") and any(
        part.origin is Origin.CONSTANT and (part.constant in (0, 1, "") or part.text in ("null", "undefined"))
        for part in condition.parts
    )
    return not there


def _around_the_trigger(loop: LoopContext, caller: Caller) -> bool:
    """Whether the loop draws the control rather than makes the calls: it stands around the place of the trigger."""
    if len(caller.chain) < 2 or caller.trigger.kind not in ("event", "keystroke"):
        return False
    top, span = caller.chain[0], loop.span
    return span.file == top.file and span.line <= top.line <= span.end_line


def _varies(value: Value, loops: Sequence[LoopContext]) -> bool:
    for part in value.walk():
        if part.origin in (Origin.FRESH, Origin.UNKNOWN):
            return True
        for loop in loops:
            over = loop.over.text
            if part == loop.over or (over and part.text.startswith((over + "[", over + "."))):
                return True
            if over.startswith("[") and over.endswith("]") and len(over) > 2 and part.text.startswith(over[1:-1]):
                return True  # `[post]`: an array of what each round takes one of
            if part.row is not None and any(part.row == item.row for item in loop.over.walk()):
                return True
    return False
