"""Scheduled functions and crons (convex-backend: crates/application/src/scheduled_jobs/mod.rs,
crates/application/src/cron_jobs/mod.rs)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contend.engine.services import finish_job
from contend.lab.actions import run_action
from contend.lab.calls import MutationCall
from contend.lab.functions import Function

if TYPE_CHECKING:
    from contend.lab.deployment import Deployment


class JobQueue:
    """Scheduled jobs. A job holds its slot until it is through, its sleeps after conflicts included, so a hot mutation
    can starve the others."""

    __slots__ = ("_deployment", "_free", "_waiting", "lag_ms")

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._free = deployment.settings.size.scheduled_jobs
        self._waiting: deque[tuple[str, Function, Mapping[str, Any], float]] = deque()
        self.lag_ms = 0.0

    def add(self, job: str, function: Function, args: Mapping[str, Any], at: float) -> None:
        """A job is to run at `at`, in simulated time."""
        self._deployment.kernel.at(at, self._due, job, function, args)

    def _due(self, job: str, function: Function, args: Mapping[str, Any]) -> None:
        if self._free:
            self._free -= 1
            self._run(job, function, args)
        else:
            self._waiting.append((job, function, args, self._deployment.kernel.now))

    def _run(self, job: str, function: Function, args: Mapping[str, Any]) -> None:
        deployment = self._deployment
        if function.kind == "mutation":
            MutationCall(deployment, function, args, "scheduler", self._done, job=job).start()
            return
        tx = deployment.begin("scheduled_job_progress")
        if not finish_job(tx, job):
            tx.abort()
            self._done(None, None)
            return
        deployment.commit_at_once(tx)
        run_action(deployment, function, args, self._done)

    def _done(self, value: Any, error: BaseException | None) -> None:
        if not self._waiting:
            self._free += 1
            return
        job, function, args, due = self._waiting.popleft()
        self.lag_ms = max(self.lag_ms, self._deployment.kernel.now - due)
        self._run(job, function, args)


class Cron:
    """A function that runs every `every` ms, first after `offset` and up to `until`. It never overlaps itself: runs
    that came due meanwhile are left out."""

    __slots__ = ("_args", "_deployment", "_every", "_function", "_name", "_run", "_running", "_until", "skipped")

    def __init__(
        self,
        deployment: Deployment,
        name: str,
        function: Function,
        args: Mapping[str, Any],
        every: float,
        offset: float,
        until: float,
    ) -> None:
        self._deployment = deployment
        self._name = name
        self._function = function
        self._args = args
        self._every = every
        self._until = until
        self._run = 0
        self._running = False
        self.skipped = 0
        deployment.kernel.at(offset, self._due)

    def _due(self) -> None:
        deployment = self._deployment
        if deployment.kernel.now + self._every <= self._until:
            deployment.kernel.after(self._every, self._due)
        self._run += 1
        if self._running:
            self.skipped += 1
            deployment.tally.function(self._function.path).skipped += 1
            return
        self._running = True
        if self._function.kind == "mutation":
            run = (self._name, self._run)
            MutationCall(deployment, self._function, self._args, "cron", self._done, cron=run).start()
        else:
            run_action(deployment, self._function, self._args, self._done)

    def _done(self, value: Any, error: BaseException | None) -> None:
        self._running = False
