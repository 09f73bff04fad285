"""Who starts a function, what set that off, and what a failure means there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contend.model.functions import Guard, LoopContext
from contend.model.places import Frame, Span
from contend.model.values import Value

TriggerKind = Literal[
    "server-request",  # every request of a web server: hook, middleware, load, endpoint, server component
    "render",  # a component's render or mount
    "effect",  # an effect or watcher with dependencies
    "timer",  # repeats
    "timer-once",
    "keystroke",  # input, change, scroll, mouse move
    "event",  # click, submit and other single user events
    "webhook",  # an HTTP route of the app itself
    "cron",
    "scheduler",
    "action",  # started by an action or HTTP action that nothing else explains
    "function",  # started by another function in the same transaction
    "script",  # a command-line script, a test, a seed
    "unknown",
]
Client = Literal["websocket", "http", "action", "node-action", "scheduler", "cron", "transaction"]


@dataclass(frozen=True, slots=True)
class Dependency:
    """One entry of an effect's dependency list (or of what a watcher reads). Where it stems from a live query, `query`
    is that function's id and `path` the dotted part of its result it uses (empty: the whole result)."""

    text: str
    query: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What sets a call off. `detail` is the event name, hook name or route; `period_ms` for timers, crons and scheduler
    delays; `dependencies` for effects (None: no list, so every render); `entry` the page, hook or route at the top."""

    kind: TriggerKind
    detail: str = ""
    period_ms: float | None = None
    dependencies: tuple[Dependency, ...] | None = ()
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What becomes of a call that fails for good.

    `catch` is what the nearest handler does: `logs`, `returns`, `rethrows`, `retries`, `swallows`, `reports` (shows the
    user something), `calls` (starts something else: `catch_calls` names it). `text` says it in words a user would.
    """

    awaited: bool
    caught: bool
    text: str
    catch: str = ""
    catch_span: Span | None = None
    catch_calls: tuple[str, ...] = ()
    shares_try_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """A place that starts a function.

    `function` is the callee's id; `span` the call itself; `chain` leads from the trigger (first) down to the call
    (last). `arguments` are what it passes, by name, with `*` for a spread. `scope` identifies the innermost code
    function the call stands in (`file:line` of its start) and `order` its place in it, so that consecutive calls can be
    found; `epoch` counts the awaits of work outside Convex that stand before it there. `flagged`: a
    state or ref that the same code sets guards the call, so that it happens once. `queued`: it goes over an HTTP client
    that the calls of its loop share, which sends one mutation after the other. `last`: its function returns after it,
    without another start in between, so that what stands further down never follows it. `waits` says of each frame of
    the chain whether its own code waits for what it calls.
    """

    function: str
    span: Span
    trigger: Trigger
    client: Client
    chain: tuple[Frame, ...]
    consequence: Consequence
    arguments: tuple[tuple[str, Value], ...] = ()
    guards: tuple[Guard, ...] = ()
    loops: tuple[LoopContext, ...] = ()
    scope: str = ""
    order: int = 0
    epoch: int = 0
    from_function: str | None = None  # id of the Convex function that starts it
    delay_ms: float | None = None  # scheduler
    snippet: str = ""
    flagged: bool = False
    queued: bool = False
    last: bool = False
    waits: tuple[bool, ...] = ()

    def is_over_before(self, other: Caller) -> bool:
        """Whether code that makes both calls, this one first, waits for it: where their chains part."""
        for frame, at, waited in zip(self.chain, other.chain, self.waits, strict=False):
            if frame != at:
                return waited
        return self.waits[-1] if self.waits else self.consequence.awaited


@dataclass(frozen=True, slots=True)
class Subscription:
    """A live query in a client: `hook` reads it at `span`; `component` is the page or hook it stands in."""

    query: str
    span: Span
    hook: str
    component: str
    chain: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Cron:
    """One entry of `crons.ts`."""

    name: str
    function: str
    schedule: str
    period_ms: float | None
    span: Span
