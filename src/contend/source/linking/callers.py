"""Who starts which function: every recorded start, from its trigger down to the call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from contend.model.callers import Caller, Client, Cron, Dependency, Subscription, Trigger, TriggerKind
from contend.model.places import Frame
from contend.model.values import Value
from contend.source.evaluation import terms as t
from contend.source.evaluation.effects import (
    Effect,
    FlagEffect,
    InvokeEffect,
    Place,
    RegisterEffect,
    Setting,
    Site,
    Step,
    SubscribeEffect,
)
from contend.source.evaluation.escapes import lives_in
from contend.source.linking.accesses import AccessReader
from contend.source.linking.consequences import consequence_of
from contend.source.linking.functions import Linked
from contend.source.linking.positions import Positions
from contend.source.linking.references import References
from contend.source.linking.rendering import text_of, value_of
from contend.source.linking.roots import MODULE, Root

_CLIENTS: Mapping[str, Client] = {
    "websocket": "websocket",
    "http": "http",
    "http-queue": "http",
    "schedule": "scheduler",
}
# What registers a request handler with Express, Hono, Fastify, Node's own server, TanStack Start
_SERVING = frozenset(
    {"get", "post", "put", "patch", "delete", "options", "all", "openapi", "createServer", "serve"}
    | {"createFileRoute", "createAPIFileRoute", "createServerFileRoute", "createRootRoute"}
)
_LISTENING = frozenset({"on", "once", "addListener", "subscribe"})


class CallerReader:
    """Turns starts into callers."""

    def __init__(self, positions: Positions, references: References, reader: AccessReader) -> None:
        self._positions = positions
        self._references = references
        self._reader = reader

    def of_root(self, root: Root) -> Iterator[Caller]:
        """What a root outside the function directories starts."""
        set_in: dict[Site, set[t.RowId]] = {}
        for effect in root.effects:
            if isinstance(effect, FlagEffect):
                for setting in effect.place.settings:
                    set_in.setdefault(setting.site, set()).add(effect.flag)
        for order, effect in enumerate(root.effects):
            if isinstance(effect, InvokeEffect) and effect.via != "run":
                trigger = self._trigger(effect.place, root, effect)
                flags = {flag for setting in effect.place.settings for flag in set_in.get(setting.site, ())}
                flagged = bool(flags) and any(_guarded_by(guard.term, flags) for guard in effect.place.guards)
                for caller in self._callers(effect, trigger, order, None):
                    yield replace(caller, flagged=True) if flagged else caller

    def of_function(self, linked: Linked) -> Iterator[Caller]:
        """What a Convex function starts: functions it runs and functions it schedules."""
        function = linked.function
        for order, effect in enumerate(linked.effects):
            if not isinstance(effect, InvokeEffect):
                continue
            if effect.via == "schedule":
                trigger = Trigger("scheduler", function.path, _number(effect.delay), entry=function.path)
                yield from self._callers(effect, trigger, order, function.id)
            elif function.kind in ("action", "httpAction"):
                kind: TriggerKind = "webhook" if function.kind == "httpAction" else "action"
                client: Client = "node-action" if function.runtime == "node" else "action"
                trigger = Trigger(kind, function.path, entry=function.path)
                yield from self._callers(effect, trigger, order, function.id, client)
            else:
                trigger = Trigger("function", function.path, entry=function.path)
                yield from self._callers(effect, trigger, order, function.id, "transaction")

    def of_router(self, effects: Sequence[Effect]) -> Iterator[Caller]:
        """What functions handed to a library in `http.ts` start (`registerRoutes(http, component, { events })`)."""
        for order, effect in enumerate(effects):
            if isinstance(effect, InvokeEffect):
                detail = effect.place.settings[-1].detail if effect.place.settings else "http"
                client: Client = "scheduler" if effect.via == "schedule" else "action"
                yield from self._callers(effect, Trigger("webhook", detail, entry=detail), order, None, client)

    def of_cron(self, effect: RegisterEffect) -> Iterator[tuple[Caller, Cron]]:
        """A cron as the caller of its function."""
        span = self._positions.span(effect.place.site)
        for target in self._references.targets(effect.reference, effect.place.site.module):
            trigger = Trigger("cron", effect.detail, effect.period, entry=effect.name)
            frame = Frame(span.file, span.line, f"cron {effect.name}")
            caller = Caller(
                function=target,
                span=span,
                trigger=trigger,
                client="cron",
                chain=(frame,),
                consequence=consequence_of(effect.place, "cron", "cron", self._positions),
                snippet=self._positions.text(effect.place.site),
            )
            yield caller, Cron(effect.name, target, effect.detail, effect.period, span)

    def subscriptions(self, root: Root) -> Iterator[Subscription]:
        """The live queries that a root reads."""
        for effect in root.effects:
            if isinstance(effect, SubscribeEffect):
                for target in self._references.targets(effect.reference, effect.place.site.module):
                    chain, _ = self._chain(effect.place, effect.hook)
                    yield Subscription(
                        target, self._positions.span(effect.place.site), effect.hook, root.entry.label, chain
                    )

    # ── parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _callers(
        self, effect: InvokeEffect, trigger: Trigger, order: int, source: str | None, client: Client | None = None
    ) -> Iterator[Caller]:
        place = effect.place
        how: Client = client or _CLIENTS.get(effect.via, "websocket")
        for target in self._references.targets(effect.reference, place.site.module):
            chain, waits = self._chain(place, target.rsplit("#", 1)[-1])
            yield Caller(
                function=target,
                span=self._positions.span(place.site),
                trigger=trigger,
                client=how,
                chain=chain,
                consequence=consequence_of(place, how, trigger.kind, self._positions),
                arguments=_arguments(effect.arguments),
                guards=self._reader.guards(place.guards),
                loops=self._reader.loops(place.loops),
                scope=f"{place.body.module}:{self._positions.line(place.body)}",
                order=order,
                epoch=place.epoch,
                from_function=source,
                delay_ms=_number(effect.delay) if effect.via == "schedule" else None,
                snippet=self._positions.text(place.site),
                queued=effect.via == "http-queue",
                last=effect.last,
                waits=waits,
            )

    def _chain(self, place: Place, name: str) -> tuple[tuple[Frame, ...], tuple[bool, ...]]:
        """The frames down to a call, and of each whether its code waits."""
        steps = [*place.steps, Step(place.site, name, place.waited)]
        frames: list[Frame] = []
        waits: list[bool] = []
        for step in steps:
            frame = Frame(step.site.module, self._positions.line(step.site), step.name)
            if not frames or frames[-1] != frame:
                frames.append(frame)
                waits.append(step.waited)
        return tuple(frames), tuple(waits)

    def _trigger(self, place: Place, root: Root, effect: InvokeEffect) -> Trigger:
        callback: Setting | None = None
        for setting in reversed(place.settings):
            if setting.kind != "callback":
                return Trigger(
                    setting.kind,  # type: ignore[arg-type]
                    setting.detail,
                    _number(setting.period),
                    self._dependencies(setting, effect) if setting.kind == "effect" else (),
                    setting.detail if setting.kind == "server-request" else root.entry.label,
                )
            callback = callback or setting
        if root.entry.kind in ("script", "unknown"):
            route = next((one for one in place.settings if _registers(one.detail) in _SERVING), None)
            if route is not None:
                return Trigger("server-request", route.detail, entry=root.entry.label)
        if callback is not None and root.entry.kind in ("render", "unknown", "event"):
            return Trigger("event", callback.detail, entry=root.entry.label)
        if callback is not None and root.entry.label.startswith(MODULE):  # run some day, by something not seen here
            listens = any(_registers(one.detail) in _LISTENING for one in place.settings)
            kind: TriggerKind = "event" if listens else "unknown"
            return Trigger(kind, callback.detail, entry=root.entry.label)
        return Trigger(root.entry.kind, root.entry.label, entry=root.entry.label)  # type: ignore[arg-type]

    def _dependencies(self, setting: Setting, effect: InvokeEffect) -> tuple[Dependency, ...] | None:
        if setting.dependencies is None:
            if setting.detail in ("useEffect", "useLayoutEffect", "useInsertionEffect"):
                return None
            terms = [guard.term for guard in effect.place.guards] + [effect.arguments]
            return tuple(
                dependency for term in terms for dependency in self._lives(text_of(term), term, setting.site.module)
            )
        found: list[Dependency] = []
        for text, term in setting.dependencies:
            lives = self._lives(text, term, setting.site.module)
            found.extend(lives or [Dependency(text)])
        return tuple(found)

    def _lives(self, text: str, term: t.Value, module: str) -> list[Dependency]:
        found: list[Dependency] = []
        for live in lives_in(term):
            for target in self._references.targets(live.reference, module):
                dependency = Dependency(text, target, live.path)
                if dependency not in found:
                    found.append(dependency)
        return found


def _guarded_by(term: t.Value, flags: set[t.RowId]) -> bool:
    """Whether a condition looks at one of the states or refs in `flags`."""
    stack, seen = [term], 0
    while stack and seen < 200:
        seen += 1
        one = stack.pop()
        if isinstance(one, t.Bound):
            if one.data in flags:
                return True
        elif isinstance(one, t.Operation):
            stack.extend(one.parts)
        elif isinstance(one, t.Choice):
            stack.extend(one.items)
        elif isinstance(one, t.Field):
            stack.append(one.object)
    return False


def _registers(detail: str) -> str:
    """`post` of `app.post`, `createFileRoute` of `createFileRoute()`: the function that took a callback."""
    return detail.removesuffix("()").rsplit(".", 1)[-1]


def _arguments(term: t.Value) -> tuple[tuple[str, Value], ...]:
    for option in t.alternatives(term):
        if isinstance(option, t.Record):
            named = [(name, value_of(value)) for name, value in option.fields]
            named += [("*", value_of(spread)) for spread in option.spreads]
            return tuple(named)
    return ()


def _number(term: t.Value) -> float | None:
    if isinstance(term, t.Const) and isinstance(term.value, int | float) and not isinstance(term.value, bool):
        return float(term.value)
    return None


def registrations(effects: Sequence[Effect], what: str) -> list[RegisterEffect]:
    """The crons or routes among a module's effects."""
    return [effect for effect in effects if isinstance(effect, RegisterEffect) and effect.what == what]
