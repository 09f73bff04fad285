"""What callers do, as data: the steps of a caller's script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contend.convex.clients import ClientKind
from contend.lab.durations import Distribution

Scope = Literal["request", "page_load", "tab", "user", "instance", "everyone"]
"""Among whom something is shared: one request, one page load, one tab, all tabs of a user, one server, all."""
SCOPES: tuple[Scope, ...] = ("request", "page_load", "tab", "user", "instance", "everyone")


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on a field of a view's result as the caller last saw it (`field` dotted; empty: the result itself).
    With `older_than_ms` the field is a time in milliseconds since 1970."""

    view: str
    field: str
    test: Literal["is", "is_not", "missing", "exists", "older_than_ms"]
    value: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """Calls a function and waits for its answer."""

    function: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Several:
    """Steps one after another, or all at the same time; goes on when all are through."""

    steps: tuple[Step, ...]
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Lets time pass (ms)."""

    ms: Distribution


@dataclass(frozen=True, slots=True)
class Run:
    """Another caller's script, with this one's client."""

    caller: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same again and again."""

    times: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Fire:
    """Starts steps and does not wait for them."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class When:
    """Steps under a condition."""

    guard: Guard
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Debounce:
    """Waits until `ms` have passed without another call of the same scope, then does the steps as the last caller
    wanted them. Does not hold up the caller. `survives`: the chance (0 to 1) that such a timer ever runs, on servers
    that may freeze once the response is sent. Scope `instance` is one timer for all who meet on that server."""

    ms: float
    per: Scope
    steps: tuple[Step, ...]
    survives: float = 1.0


@dataclass(frozen=True, slots=True)
class SingleFlight:
    """While the steps run for one caller of the scope, others wait for its answer instead of doing them too."""

    per: Scope
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class OncePer:
    """Only the first caller of the scope does the steps."""

    per: Scope
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LeaderTab:
    """Only the user's first open tab does the steps."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Retry:
    """Does the steps again when a call failed, up to `times` more, each after a sleep of U[0, 1) times `backoff_ms`,
    doubled each time."""

    times: int
    backoff_ms: float
    steps: tuple[Step, ...]


Step = Call | Several | Wait | Run | Repeat | Fire | When | Debounce | SingleFlight | OncePer | LeaderTab | Retry


@dataclass(frozen=True, slots=True)
class View:
    """A live query that a caller subscribes to."""

    query: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effect:
    """Steps that run whenever what they depend on changes: the fields `depends_on` of a view's result (none named: all
    of it). Runs for the first result too, as React's effects do; does not wait for an earlier run."""

    view: str
    depends_on: tuple[str, ...]
    steps: tuple[Step, ...]
    when: Guard | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: with which client, one for each of scope `client_per`; what it does when it starts (`steps`), and,
    where it stays (a tab), its views and effects."""

    name: str
    client: ClientKind
    client_per: Scope
    steps: tuple[Step, ...]
    views: Mapping[str, View] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()


def inner_steps(step: Step) -> tuple[Step, ...]:
    """The steps inside a step."""
    return () if isinstance(step, (Call, Wait, Run)) else step.steps
