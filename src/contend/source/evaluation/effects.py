"""What a function does, in the order it does it, in terms of its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from contend.model.functions import Operation, Reach
from contend.source.evaluation.terms import RowId, Value

Mode = Literal["awaited", "returned", "dropped", "value"]


class Site(NamedTuple):
    """A stretch of a module, in bytes."""

    module: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known to hold (`holds`) or not where an effect happens."""

    term: Value
    holds: bool
    site: Site
    early: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """A loop around an effect."""

    over: Value
    site: Site
    parallel: bool
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class Catching:
    """A `try` or `.catch` around an effect: what its handler does (`model.callers.Consequence.catch`)."""

    site: Site
    catch: str
    calls: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    attached: bool = False  # `.catch(…)`: it sees a failure whether or not anybody waits


@dataclass(frozen=True, slots=True)
class Setting:
    """What runs the code: an effect, a timer, an event handler, a request … `kind` as `model.callers.TriggerKind`."""

    kind: str
    detail: str
    site: Site
    period: Value = None
    dependencies: tuple[tuple[str, Value], ...] | None = ()


class Step(NamedTuple):
    """One link of the way down: at `site`, `name` is called, and `waited` for where it stands."""

    site: Site
    name: str
    waited: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where and under what circumstances an effect happens. `tries` has the innermost first, `steps` the outermost.
    `body` is the innermost code function around it. `mode` is how its result is used up to the start of it all,
    `waited` whether its own code waits for it."""

    site: Site
    body: Site
    guards: tuple[Condition, ...] = ()
    loops: tuple[Round, ...] = ()
    tries: tuple[Catching, ...] = ()
    settings: tuple[Setting, ...] = ()
    steps: tuple[Step, ...] = ()
    mode: Mode = "value"
    epoch: int = 0
    waited: bool = True

    def below(self, outer: Place, name: str) -> Place:
        """This place, reached through a call of `name` at `outer`."""
        detached = bool(self.settings) or self.mode == "dropped"
        mode: Mode = self.mode
        if not detached and outer.mode != "value":
            mode = outer.mode
        return Place(
            site=self.site,
            body=self.body,
            guards=outer.guards + self.guards,
            loops=outer.loops + self.loops,
            tries=self.tries + _reaching(outer, detached),
            settings=outer.settings + self.settings,
            steps=(*outer.steps, Step(outer.site, name, outer.waited), *self.steps),
            mode=mode,
            epoch=self.epoch,
            waited=self.waited,
        )


def _reaching(outer: Place, detached: bool) -> tuple[Catching, ...]:
    """The handlers around a call that see what fails in it."""
    if detached:
        return ()
    return tuple([one for one in outer.tries if one.attached]) if outer.mode == "dropped" else outer.tries


@dataclass(frozen=True, slots=True)
class DatabaseEffect:
    """A database operation. `target` is the table (a `Const`) or the id or document operated on; `tables` is set where
    it is already known. `patch` is the value written. `component` is the way to the component whose table it is
    (`rateLimiter/`); `unknown` why a component's call is not known."""

    place: Place
    operation: Operation
    target: Value
    row: RowId
    index: str | None = None
    keys: tuple[tuple[str, str, Value], ...] = ()
    reach: Reach = "point"
    limit: Value = None
    descending: bool = False
    filtered: bool = False
    filters: tuple[Value, ...] = ()
    patch: Value = None
    explicit: bool = False
    stale: bool = False
    component: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class InvokeEffect:
    """A Convex function is started. `via`: `run` (`ctx.runMutation` …), `schedule`, or a client's kind (`websocket`,
    `http`, `http-queue`). `kind` is mutation, query, action or "" where the call does not say. `last`: the code
    function it stands in returns after it, without another start in between."""

    place: Place
    via: str
    kind: str
    reference: Value
    arguments: Value
    delay: Value = None
    stale: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class SubscribeEffect:
    """A live query is read."""

    place: Place
    reference: Value
    hook: str
    arguments: Value = None


@dataclass(frozen=True, slots=True)
class DeferredEffect:
    """A call that waits for the caller's arguments: its callee or receiver is symbolic. `number` names its result."""

    place: Place
    callee: Value
    arguments: tuple[Value, ...]
    number: int


@dataclass(frozen=True, slots=True)
class MountEffect:
    """A component is rendered; `component` is its closure's key."""

    place: Place
    component: tuple[str, int]
    name: str


@dataclass(frozen=True, slots=True)
class RegisterEffect:
    """A cron or a route is registered at module level: `what` is `cron` or `route`, `name` its name or path."""

    place: Place
    what: str
    name: str
    reference: Value
    detail: str
    period: float | None = None


@dataclass(frozen=True, slots=True)
class FlagEffect:
    """A client's own state is set: a React state or ref, named by `flag`."""

    place: Place
    flag: RowId


@dataclass(frozen=True, slots=True)
class EscapeEffect:
    """`ctx` was handed to code outside the app: whatever it does is not seen."""

    place: Place
    callee: str


Effect = (
    DatabaseEffect
    | InvokeEffect
    | SubscribeEffect
    | DeferredEffect
    | MountEffect
    | RegisterEffect
    | FlagEffect
    | EscapeEffect
)


@dataclass(frozen=True, slots=True)
class ExitPoint:
    """A way out of a function; `after` counts the effects recorded before it."""

    kind: Literal["return", "throw", "end"]
    site: Site
    guards: tuple[Condition, ...]
    after: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A function, evaluated once in terms of its parameters (`owner` identifies them, `key` the function)."""

    owner: int
    key: tuple[str, int]
    name: str
    module: str
    effects: tuple[Effect, ...]
    exits: tuple[ExitPoint, ...]
    result: Value
    waits: bool = False  # it awaits something outside Convex


def moved(effect: Any, place: Place) -> Any:
    """The same effect at another place."""
    return replace(effect, place=place)
