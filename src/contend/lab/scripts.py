"""Runs callers' scripts in simulated time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from contend.convex.values import UNDEFINED, same_value
from contend.lab.arguments import Place, Template, filled, picked
from contend.lab.clients import Client, HttpClient, Socket, make_client
from contend.lab.errors import CallError
from contend.lab.kernel import Timer
from contend.lab.steps import (
    Call,
    Caller,
    Debounce,
    Effect,
    Fire,
    Guard,
    LeaderTab,
    OncePer,
    Repeat,
    Retry,
    Run,
    Several,
    SingleFlight,
    Step,
    Wait,
    When,
)
from contend.lab.tasks import Resume, Suspend, Task, gather
from contend.lab.views import NOT_YET, LiveQuery

if TYPE_CHECKING:
    from contend.lab.deployment import Deployment

_STATELESS = frozenset({"fetch-mutation", "http-api", "http-client-skip-queue"})


class Scripts:
    """The callers of a scenario, and what they share: clients, timers, flights, tabs."""

    def __init__(self, deployment: Deployment, callers: Mapping[str, Caller], setup: Mapping[str, Any]) -> None:
        self.deployment = deployment
        self.callers = callers
        self.setup = setup
        self.started: Callable[[Caller, Place], object] | None = None
        """Told of every start of a caller."""
        self._clients: dict[tuple[str, object], Client] = {}
        self._http_clients: dict[int, HttpClient] = {}  # by user; they have no state: one serves all callers
        self._templates: dict[int, Template] = {}  # by the identity of the step
        self._timers: dict[tuple[int, object], Timer] = {}
        self._flights: dict[tuple[int, object], list[Resume]] = {}
        self._done: set[tuple[int, object]] = set()
        self._open_tabs: dict[int, list[object]] = {}
        self._random = deployment.streams.stream("callers")
        self._serial = itertools.count()

    def start(self, caller: Caller, place: Place) -> None:
        """A caller starts, and does its steps once. Calls that fail have been counted."""
        if self.started is not None:
            self.started(caller, place)
        client, steps = self.client(caller, place), caller.steps
        if len(steps) == 1 and type(steps[0]) is Call:  # by far the most frequent script
            self._send(steps[0], place, client, None)
        elif steps:
            Task(self._in_order(steps, place, client), _ignore)

    def open(self, caller: Caller, place: Place) -> OpenTab:
        """A tab opens: it subscribes to the caller's views and does its steps; its effects are awake until it
        closes."""
        return OpenTab(self, caller, place)

    def client(self, caller: Caller, place: Place) -> Client:
        """The client of this caller at this place."""
        if caller.client in _STATELESS:
            http = self._http_clients.get(place.user)
            if http is None:
                http = self._http_clients[place.user] = HttpClient(self.deployment, place.user_name)
            return http
        key = (caller.name if caller.client_per != "tab" else caller.client, place.key(caller.client_per))
        client = self._clients.get(key)
        if client is None:
            client = make_client(self.deployment, caller.client, place.user_name)
            if caller.client_per not in ("request", "page_load"):
                self._clients[key] = client
        return client

    def tab_opened(self, user: int, tab: object) -> None:
        """Another tab of the user is open."""
        self._open_tabs.setdefault(user, []).append(tab)

    def tab_closed(self, user: int, tab: object) -> None:
        """The tab is gone; the next one leads."""
        self._open_tabs[user].remove(tab)

    def run_steps(self, steps: Sequence[Step], place: Place, client: Client) -> None:
        """Starts steps."""
        Task(self._in_order(steps, place, client), _ignore)

    def holds(self, guard: Guard, place: Place) -> bool:
        """Whether a guard's condition holds for what the caller sees now. A view that has no result yet: no."""
        result = place.views.get(guard.view, NOT_YET)
        if result is NOT_YET:
            return False
        value = picked(result, guard.field)
        if guard.test == "missing":
            return value is UNDEFINED or value is None
        if guard.test == "exists":
            return value is not UNDEFINED and value is not None
        if guard.test == "older_than_ms":
            return not isinstance(value, (int, float)) or self.deployment.now_ms - value > guard.value
        return (value is not UNDEFINED and same_value(value, guard.value)) == (guard.test == "is")

    # Steps

    async def _in_order(self, steps: Sequence[Step], place: Place, client: Client) -> None:
        for step in steps:
            await self._step(step, place, client)

    async def _step(self, step: Step, place: Place, client: Client) -> None:
        if isinstance(step, Call):
            await Suspend(partial(self._send, step, place, client))
        elif isinstance(step, Several):
            if step.at_once:
                places = [place.at(index=index) for index in range(len(step.steps))]
                await gather(*[self._step(s, p, client) for s, p in zip(step.steps, places, strict=True)])
            else:
                await self._in_order(step.steps, place, client)
        elif isinstance(step, Wait):
            ms = step.ms.draw(self._random)
            await Suspend(lambda resume: self.deployment.kernel.after(ms, resume, None, None))
        elif isinstance(step, Run):
            await self._in_order(self.callers[step.caller].steps, place, client)
        elif isinstance(step, Repeat):
            for index in range(step.times):
                await self._in_order(step.steps, place.at(index=index), client)
        elif isinstance(step, Fire):
            self.run_steps(step.steps, place, client)
        elif isinstance(step, When):
            if self.holds(step.guard, place):
                await self._in_order(step.steps, place, client)
        elif isinstance(step, Debounce):
            self._debounce(step, place, client)
        elif isinstance(step, SingleFlight):
            await self._single_flight(step, place, client)
        elif isinstance(step, OncePer):
            key = (id(step), place.key(step.per))
            if key not in self._done:
                self._done.add(key)
                await self._in_order(step.steps, place, client)
        elif isinstance(step, LeaderTab):
            tabs = self._open_tabs.get(place.user)
            if (tabs[0] if tabs else 0) == (place.tab if tabs is None else place.open_tab):
                await self._in_order(step.steps, place, client)
        else:
            await self._retry(step, place, client)

    def _send(self, step: Call, place: Place, client: Client, resume: Resume | None) -> None:
        deployment = self.deployment
        template = self._templates.get(id(step))
        if template is None:
            template = self._templates[id(step)] = Template(step.args)
        args = template.fill(place, self.setup, deployment.now_ms, self._random)
        client.call(deployment.resolve(step.function), args, resume)

    def _debounce(self, step: Debounce, place: Place, client: Client) -> None:
        key = (id(step), place.key(step.per))
        before = self._timers.get(key)
        if before is not None:
            before.cancel()
        alive = step.survives >= 1 or self._random.random() < step.survives
        action = self.run_steps if alive else _nothing
        self._timers[key] = self.deployment.kernel.timer(step.ms, action, step.steps, place, client)

    async def _single_flight(self, step: SingleFlight, place: Place, client: Client) -> None:
        key = (id(step), place.key(step.per))
        waiting = self._flights.get(key)
        if waiting is not None:
            await Suspend(waiting.append)
            return
        waiting = self._flights[key] = []
        error: CallError | None = None
        try:
            await self._in_order(step.steps, place, client)
        except CallError as caught:
            error = caught
            raise
        finally:
            del self._flights[key]
            for resume in waiting:
                self.deployment.kernel.after(0.0, resume, None, error)

    async def _retry(self, step: Retry, place: Place, client: Client) -> None:
        for failures in range(step.times + 1):
            try:
                await self._in_order(step.steps, place, client)
                return
            except CallError:
                if failures == step.times:
                    raise
            sleep = step.backoff_ms * 2**failures * self._random.random()
            await Suspend(partial(_sleep, self.deployment, sleep))


class OpenTab:
    """A tab with its views and effects."""

    def __init__(self, scripts: Scripts, caller: Caller, place: Place) -> None:
        self._scripts = scripts
        self._caller = caller
        self._open = True
        self._place = place
        self._views: dict[str, Any] = {}
        place.views = self._views
        place.open_tab = self
        self._seen: dict[int, object] = {}
        self._client = scripts.client(caller, place)
        self._lives: list[tuple[LiveQuery, Callable[[Any], object]]] = []
        scripts.tab_opened(place.user, self)
        deployment = scripts.deployment
        for name, view in caller.views.items():
            args = filled(
                view.args, place, scripts.setup, deployment.now_ms, scripts.deployment.streams.stream("views")
            )
            subscriber = partial(self._delivered, name)
            live = deployment.views.subscribe(deployment.resolve(view.query), args, place.user_name, subscriber)
            self._lives.append((live, subscriber))
        if caller.steps:
            scripts.run_steps(caller.steps, place, self._client)

    def close(self) -> None:
        """The tab closes: no more effects."""
        if not self._open:
            return
        self._open = False
        self._scripts.tab_closed(self._place.user, self)
        for live, subscriber in self._lives:
            live.leave(subscriber)

    def _delivered(self, name: str, result: Any) -> None:
        if not self._open:
            return
        if isinstance(self._client, Socket) and not self._client.open:
            self._client.when_open((self, name), lambda: self._delivered(name, result))
            return
        self._views[name] = result
        for effect in self._caller.effects:
            if effect.view == name:
                self._wake(effect, result)

    def _wake(self, effect: Effect, result: Any) -> None:
        depends_on = [picked(result, field) for field in effect.depends_on] if effect.depends_on else [result]
        seen = self._seen.get(id(effect))
        if isinstance(seen, list) and all(
            (a is b) or (a is not UNDEFINED and b is not UNDEFINED and same_value(a, b))
            for a, b in zip(seen, depends_on, strict=True)
        ):
            return
        self._seen[id(effect)] = depends_on
        if effect.when is None or self._scripts.holds(effect.when, self._place):
            self._scripts.run_steps(effect.steps, self._place, self._client)


def _sleep(deployment: Deployment, ms: float, resume: Resume) -> None:
    deployment.kernel.after(ms, resume, None, None)


def _ignore(value: Any, error: BaseException | None) -> None:
    """A script has ended. A failed call has been counted; any other error is one of the lab itself."""
    if error is not None and not isinstance(error, CallError):
        raise error


def _nothing(*_: object) -> None:
    """What a timer does that never runs."""
