"""Clients: which of one client's calls run at the same time, and what it does with one that failed
(convex-backend: npm-packages/convex/src/browser, crates/sync/src/worker.rs)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from contend.convex.clients import ClientKind
from contend.convex.limits import SOCKET_QUEUE
from contend.lab.actions import ActionRunner, run_action
from contend.lab.calls import MutationCall, SocketClosedError
from contend.lab.functions import Function
from contend.lab.tasks import Resume

if TYPE_CHECKING:
    from contend.lab.deployment import Deployment

Args = Mapping[str, Any]


class Client(Protocol):
    """Sends calls. `call` runs a function of any kind; `resume` gets its value or a `CallError`, where
    somebody waits for it."""

    def call(self, function: Function, args: Args, resume: Resume | None) -> None: ...


def send(deployment: Deployment, function: Function, args: Args, user: str | None, resume: Resume | None) -> None:
    """Sends an HTTP request, whatever the function is."""
    sent, away = deployment.kernel.now, deployment.network_ms()
    if away:
        deployment.kernel.after(away, _arrived, deployment, function, args, user, resume, sent)
    else:
        _arrived(deployment, function, args, user, resume, sent)


def _arrived(
    deployment: Deployment, function: Function, args: Args, user: str | None, resume: Resume | None, sent: float
) -> None:
    if function.kind == "mutation":
        MutationCall(deployment, function, args, "http", resume, user, sent, True).start()
    elif function.kind == "query":
        deployment.ask(function, args, resume, user=user, sent=sent, remote=True)
    else:
        run_action(deployment, function, args, resume, user=user, sent=sent, remote=True)


class HttpClient:
    """`fetchMutation`, raw HTTP, or a `ConvexHttpClient` whose mutations skip its queue: all at once."""

    __slots__ = ("_deployment", "user")

    def __init__(self, deployment: Deployment, user: str | None = None) -> None:
        self._deployment = deployment
        self.user = user

    def call(self, function: Function, args: Args, resume: Resume | None) -> None:
        """Sends at once."""
        send(self._deployment, function, args, self.user, resume)


class QueuedHttpClient:
    """A `ConvexHttpClient`: its mutations go one after another; queries and actions at once."""

    __slots__ = ("_busy", "_deployment", "_waiting", "user")

    def __init__(self, deployment: Deployment, user: str | None = None) -> None:
        self._deployment = deployment
        self.user = user
        self._busy = False
        self._waiting: deque[tuple[Function, Args, Resume | None]] = deque()

    def call(self, function: Function, args: Args, resume: Resume | None) -> None:
        """Sends, when the mutations before are through."""
        if function.kind != "mutation":
            send(self._deployment, function, args, self.user, resume)
        elif self._busy:
            self._waiting.append((function, args, resume))
        else:
            self._busy = True
            self._send(function, args, resume)

    def _send(self, function: Function, args: Args, resume: Resume | None) -> None:
        def answered(value: Any, error: BaseException | None) -> None:
            if self._waiting:
                self._send(*self._waiting.popleft())
            else:
                self._busy = False
            if resume is not None:
                resume(value, error)

        send(self._deployment, function, args, self.user, answered)


class Socket:
    """A WebSocket connection. The server runs its mutations one at a time, in order. When one has run out of retries,
    or more than `SOCKET_QUEUE` wait, it closes; the client waits, connects again and sends every mutation again that
    has not been answered. Its waits double until all that it sent again is answered (convex-backend:
    npm-packages/convex/src/browser/sync/request_manager.ts)."""

    __slots__ = (
        "_before_reopening",
        "_deployment",
        "_open",
        "_reconnects",
        "_running",
        "_unanswered",
        "_when_open",
        "user",
    )

    def __init__(self, deployment: Deployment, user: str | None = None) -> None:
        self._deployment = deployment
        self.user = user
        self._open = True
        self._running = False
        self._reconnects = 0
        self._before_reopening = 0
        self._unanswered: deque[MutationCall] = deque()
        self._when_open: dict[object, Callable[[], object]] = {}

    @property
    def open(self) -> bool:
        """Whether it is connected."""
        return self._open

    def when_open(self, key: object, action: Callable[[], object]) -> None:
        """Does something once it is connected again; of several with the same key the last."""
        self._when_open.pop(key, None)
        self._when_open[key] = action

    def call(self, function: Function, args: Args, resume: Resume | None) -> None:
        """Sends; mutations that are sent while it is closed wait for it."""
        deployment = self._deployment
        if function.kind != "mutation":
            send(deployment, function, args, self.user, resume)
            return
        sent = deployment.kernel.now
        _over_network(deployment, lambda: self._arrived(function, args, resume, sent))

    def _arrived(self, function: Function, args: Args, resume: Resume | None, sent: float) -> None:
        deployment, waiting = self._deployment, self._unanswered

        def answered(value: Any, error: BaseException | None) -> None:
            self._running = False
            if isinstance(error, SocketClosedError):
                self._close()
                return
            if resume is not None:
                deployment.kernel.after(deployment.network_ms(), resume, value, error)
            waiting.popleft()
            if self._before_reopening:
                self._before_reopening -= 1
                if not self._before_reopening:
                    self._reconnects = 0
            self._next()

        queued = max(len(waiting) - 1, 0)
        waiting.append(
            MutationCall(deployment, function, args, "websocket", answered, user=self.user, sent=sent, queued=queued)
        )
        if len(waiting) > SOCKET_QUEUE + 1:
            self._close()
        self._next()

    def _next(self) -> None:
        if self._open and not self._running and self._unanswered:
            self._running = True
            self._unanswered[0].start()

    def _close(self) -> None:
        if not self._open:
            return
        deployment = self._deployment
        policy = deployment.policies["websocket"]
        self._open = False
        base = min(policy.resend_initial_ms * 2.0**self._reconnects, policy.resend_max_ms)
        self._reconnects += 1
        wait = base * (0.5 + deployment.backoff_random.random())
        deployment.kernel.after(wait, self._reopen)

    def _reopen(self) -> None:
        self._open = True
        self._before_reopening = len(self._unanswered)
        self._next()
        if len(self._unanswered) > SOCKET_QUEUE + 1:  # all are sent again, which is too many again
            self._close()
            return
        waiting, self._when_open = self._when_open, {}
        for action in waiting.values():
            action()


class ActionClient:
    """`ctx.runMutation` and `ctx.runQuery` of an action: all at once, with no network in between."""

    __slots__ = ("_deployment", "_request_id", "_runner", "user")

    def __init__(self, deployment: Deployment, runner: ActionRunner, user: str | None = None) -> None:
        self._deployment = deployment
        self._runner: ActionRunner = runner
        self._request_id = deployment.request_id()
        self.user = user

    def call(self, function: Function, args: Args, resume: Resume | None) -> None:
        """Calls at once."""
        if function.kind == "mutation":
            self._deployment.mutate(function, args, self._runner, resume, user=self.user, request_id=self._request_id)
        elif function.kind == "query":
            self._deployment.ask(function, args, resume, user=self.user)
        else:
            run_action(self._deployment, function, args, resume, user=self.user)


def make_client(deployment: Deployment, kind: ClientKind, user: str | None) -> Client:
    """A new client of this kind."""
    if kind == "websocket":
        return Socket(deployment, user)
    if kind == "http-client":
        return QueuedHttpClient(deployment, user)
    if kind == "action":
        return ActionClient(deployment, "action", user)
    if kind == "node-action":
        return ActionClient(deployment, "node-action", user)
    return HttpClient(deployment, user)


def _over_network(deployment: Deployment, action: Callable[[], object]) -> None:
    away = deployment.network_ms()
    if away:
        deployment.kernel.after(away, action)
    else:
        action()
