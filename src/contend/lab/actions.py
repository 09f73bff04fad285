"""Actions: scripts of several transactions. Each call is a transaction of its own, and time passes between them."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Literal, cast

from contend.convex.errors import BadRequestError
from contend.engine import services
from contend.lab.contexts import Auth, Reference
from contend.lab.errors import CallError, EndlessError
from contend.lab.guarding import Guarded
from contend.lab.tasks import Resume, Suspend, Task

if TYPE_CHECKING:
    from contend.lab.deployment import Deployment
    from contend.lab.functions import Function

ActionRunner = Literal["action", "node-action"]
MOST_NESTED = 16
"""Actions within actions, beyond which they count as endless."""


class ActionScheduler:
    """`ctx.scheduler` of an action: each call is a short transaction of its own, at once."""

    __slots__ = ("_ctx",)

    def __init__(self, ctx: ActionCtx) -> None:
        self._ctx = ctx

    async def run_after(self, delay_ms: float, function: Reference, args: Mapping[str, Any] | None = None) -> str:
        """Runs the function `delay_ms` after now; the job's id."""
        return await self.run_at(self._ctx.now + delay_ms, function, args)

    async def run_at(self, at_ms: float, function: Reference, args: Mapping[str, Any] | None = None) -> str:
        """Runs the function at a time; the job's id."""
        deployment = self._ctx.deployment
        target = deployment.resolve(function)
        tx = deployment.begin("app_funrun_schedule_job")
        job = services.schedule(tx, target.path, dict(args or {}), at_ms)
        deployment.schedule_after_commit(tx, job, target, dict(args or {}), at_ms)
        deployment.commit_at_once(tx)
        return job

    async def cancel(self, job: str) -> None:
        """Cancels a job that has not run yet."""
        deployment = self._ctx.deployment
        tx = deployment.begin("app_funrun_cancel_job")
        services.cancel(tx, job)
        deployment.commit_at_once(tx)


class ActionCtx:
    """`ctx` of an action. `await gather(ctx.run_mutation(…), ctx.run_mutation(…))` lets two run at the same time, and
    conflict."""

    __slots__ = ("_call", "_depth", "_random", "_request_id", "deployment", "runner", "user")

    def __init__(
        self, deployment: Deployment, user: str | None, call: str, runner: ActionRunner = "action", depth: int = 0
    ) -> None:
        self.deployment = deployment
        self.user = user
        self.runner: ActionRunner = runner
        self._call = call
        self._depth = depth
        self._random: Random | None = None
        self._request_id = deployment.request_id()

    @property
    def now(self) -> float:
        """Milliseconds since 1970."""
        return self.deployment.now_ms

    @property
    def auth(self) -> Auth:
        """Who calls."""
        return Auth(self.user)

    @property
    def params(self) -> Mapping[str, Any]:
        """The scenario's `[params]`."""
        return self.deployment.params

    @property
    def random(self) -> Random:
        """Random numbers of this run."""
        if self._random is None:
            self._random = self.deployment.random_of(self._call)
        return self._random

    @property
    def scheduler(self) -> ActionScheduler:
        """Jobs for later."""
        return ActionScheduler(self)

    def measure(self, name: str, value: float) -> None:
        """Adds a value to the measure `name` of the report."""
        self.deployment.tally.measure(name, float(value))

    async def sleep(self, ms: float) -> None:
        """Lets time pass, as a call of another service does."""
        await Suspend(lambda resume: self.deployment.kernel.after(ms, resume, None, None))

    async def run_mutation(self, function: Reference, args: Mapping[str, Any] | None = None) -> Any:
        """Runs a mutation as a transaction of its own. Raises `CallError` where it fails, also after its last retry."""
        target = self.deployment.resolve(function)
        if target.kind != "mutation":
            raise BadRequestError(f"{target.path} is a {target.kind}, not a mutation")

        def start(resume: Resume) -> None:
            self.deployment.mutate(
                target, dict(args or {}), self.runner, resume, user=self.user, request_id=self._request_id
            )

        return await Suspend(start)

    async def run_query(self, function: Reference, args: Mapping[str, Any] | None = None) -> Any:
        """Runs a query on a snapshot of its own."""
        target = self.deployment.resolve(function)
        if target.kind != "query":
            raise BadRequestError(f"{target.path} is a {target.kind}, not a query")
        return await Suspend(lambda resume: self.deployment.ask(target, dict(args or {}), resume, user=self.user))

    async def run_action(self, function: Reference, args: Mapping[str, Any] | None = None) -> Any:
        """Runs another action."""
        target = self.deployment.resolve(function)
        if target.kind != "action":
            raise BadRequestError(f"{target.path} is a {target.kind}, not an action")
        if self._depth >= MOST_NESTED:
            raise BadRequestError(f"{target.path} would be the {MOST_NESTED + 1}th action within another: without end?")
        deployment, depth = self.deployment, self._depth + 1
        return await Suspend(
            lambda resume: run_action(deployment, target, dict(args or {}), resume, user=self.user, depth=depth)
        )


def run_action(
    deployment: Deployment,
    function: Function,
    args: Mapping[str, Any],
    done: Resume | None,
    *,
    user: str | None = None,
    sent: float | None = None,
    remote: bool = False,
    runner: ActionRunner = "action",
    depth: int = 0,
) -> None:
    """Starts an action; `done` gets its value or a `CallError`. Actions are never retried."""
    deployment.calls += 1
    kernel = deployment.kernel
    tally = deployment.tally.function(function.path)
    tally.calls += 1
    tally.attempts += 1
    sent = kernel.now if sent is None else sent

    def finished(value: Any, error: BaseException | None) -> None:
        back = deployment.network_ms() if remote else 0.0
        tally.latencies.append(kernel.now + back - sent)
        if error is not None:
            if isinstance(error, EndlessError) and not error.args:
                deployment.endless.add(function.path)
            message = deployment.error_text(error, function)
            tally.failed(message)
            error = CallError(message, isinstance(error, CallError) and error.conflict)
        if done is None:
            return
        if back:
            kernel.after(back, done, value, error)
        else:
            done(value, error)

    if function.path in deployment.endless:
        finished(None, EndlessError(f"{function.path} did not come to an end before, and is not run again"))
        return
    ctx = ActionCtx(deployment, user, str(deployment.calls), runner, depth)
    guarded = Guarded(function.handler(ctx, dict(args)), deployment.watch)
    Task(cast("Coroutine[Any, Any, Any]", guarded), finished)
