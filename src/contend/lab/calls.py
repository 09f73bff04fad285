"""One call of a mutation in simulated time: begin, wait for a permit, run, wait for the committer, be checked, and
what follows (convex-backend: crates/application/src/application_function_runner/mod.rs)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from contend.convex.clients import JOB_RUNNERS, SESSION_RUNNERS
from contend.convex.errors import DatabaseError, OutOfRetentionError, TooManyWritesError
from contend.convex.limits import SYSTEM_TIMEOUT_S
from contend.convex.paths import parse_write_source
from contend.convex.retries import Runner
from contend.engine import services
from contend.engine.attempts import Call, NextStep
from contend.engine.conflicts import Conflict
from contend.engine.database import START_NS, Committed
from contend.engine.transaction import Transaction
from contend.lab.contexts import MutationCtx
from contend.lab.documents import Work
from contend.lab.errors import CallError, EndlessError
from contend.lab.functions import Function
from contend.lab.tally import FunctionTally, Loss

if TYPE_CHECKING:
    from contend.lab.deployment import Deployment

_ALWAYS_CHECKED = SESSION_RUNNERS | JOB_RUNNERS
Done = Callable[[Any, BaseException | None], object]


class SocketClosedError(CallError):
    """The server closed the connection because the call ran out of retries; its client sends it again."""


class JobEndedError(Exception):
    """The job was cancelled before it ran."""


class MutationCall:
    """A call on its way. `start` begins its first attempt; `done` gets its value or a `CallError`.

    `sent` is when the client sent it, `remote` whether the answer goes back over the network; `job` the scheduled job
    that it runs as, `cron` name and number of a cron's run; `queued` how many waited before it on its connection.
    """

    __slots__ = (
        "_attempts",
        "_source",
        "_tally",
        "_tx",
        "args",
        "attempt",
        "began",
        "cron",
        "deployment",
        "done",
        "function",
        "job",
        "number",
        "queued",
        "ran",
        "remote",
        "request_id",
        "runner",
        "sent",
        "user",
    )

    def __init__(
        self,
        deployment: Deployment,
        function: Function,
        args: Mapping[str, Any],
        runner: Runner,
        done: Done | None = None,
        user: str | None = None,
        sent: float | None = None,
        remote: bool = False,
        *,
        job: str | None = None,
        cron: tuple[str, int] | None = None,
        queued: int | None = None,
        request_id: str | None = None,
    ) -> None:
        self.number = deployment.calls = deployment.calls + 1
        self.deployment = deployment
        self.function = function
        self.args = args
        self.runner: Runner = runner
        self.done = done
        self.user = user
        self.sent = deployment.kernel.now if sent is None else sent
        self.remote = remote
        self.job = job
        self.cron = cron
        self.queued = queued
        self.attempt = 0
        self.began = self.ran = 0.0
        self._source = (
            function.canonical if runner not in JOB_RUNNERS else services.write_source(runner, function.canonical)
        )
        self._tally: FunctionTally = deployment.tally.function(function.path)
        self._tally.calls += 1
        self.request_id = request_id
        self._attempts: Call | None = None
        self._tx: Transaction | None = None

    @property
    def _call(self) -> Call:
        """The way through the attempts, made when first needed: most calls commit at once and leave no event."""
        if self._attempts is None:
            deployment, request_id = self.deployment, self.request_id
            ids: Callable[[], str] | None = None
            if deployment.log is not None:
                ids = deployment.request_id if request_id is None else (lambda: request_id)
            self._attempts = Call(self.function.path, self.runner, ids, deployment.policies[self.runner])
        return self._attempts

    def start(self) -> None:
        """Begins an attempt: its snapshot is the one of now, however long it waits for a permit."""
        deployment = self.deployment
        self._tx = deployment.begin(self._source)
        self.began = deployment.kernel.now
        self._tally.attempts += 1
        permits = deployment.permits
        if permits.free:
            permits.free -= 1
            self._run()
        else:
            permits.wait(self._run, self._refused)

    # The steps of an attempt

    def _run(self) -> None:
        deployment, function, tx = self.deployment, self.function, self._tx
        assert tx is not None
        work = Work(tx)
        ctx = MutationCtx(deployment, work, deployment.now_ms, self.user, (self.number, self.attempt), self.job)
        value: Any = None
        error: BaseException | None = None
        try:
            if self.job is not None and not services.finish_job(tx, self.job):
                raise JobEndedError
            value = deployment.run_handler(function, ctx, self.args)
            if self.cron is not None:
                services.finish_cron(tx, *self.cron)
        except (Exception, EndlessError) as caught:
            error = caught
        if self.runner in _ALWAYS_CHECKED:
            tx.always_checked = True
        duration = deployment.run_ms(work.operations)
        if isinstance(error, EndlessError):
            duration = min(duration, SYSTEM_TIMEOUT_S * 1_000)
        deployment.kernel.after(duration, self._ran, value, error, ctx)

    def _refused(self) -> None:
        assert self._tx is not None
        self._tx.abort()
        self.ran = self.deployment.kernel.now
        message = "Too many concurrent requests. Your deployment is overloaded; this mutation waited 5 s for its turn"
        self._failed(self._call.system_error(DatabaseError(message, "TooManyConcurrentRequests")), message)

    def _ran(self, value: Any, error: BaseException | None, ctx: MutationCtx) -> None:
        deployment, tx = self.deployment, self._tx
        assert tx is not None
        self.ran = deployment.kernel.now
        deployment.permits.release()
        if error is not None:
            tx.abort()
            if isinstance(error, JobEndedError):
                self._tally.skipped += 1
                self._finish(None, None)
                return
            message = deployment.error_text(error, self.function)
            self._failed(self._call.failed(message), message)
            return
        commit = deployment.timing.commit
        if commit.first:
            deployment.kernel.after(commit.draw(deployment.duration_random), self._commit, value, ctx)
        else:
            self._commit(value, ctx)

    def _commit(self, value: Any, ctx: MutationCtx) -> None:
        deployment, tx = self.deployment, self._tx
        assert tx is not None
        database = deployment.database
        database.now_ns = START_NS + int(deployment.kernel.now * 1e6)
        try:
            outcome = database.validate(tx)
        except TooManyWritesError as error:
            self._retry_or_fail(self._call.rejected(error), error)
        except OutOfRetentionError as error:
            self._failed(self._call.system_error(error), str(error))
        except DatabaseError as error:
            self._failed(self._call.failed(str(error)), str(error))
        else:
            if isinstance(outcome, Conflict):
                self._conflicted(outcome)
            elif isinstance(outcome, Committed):
                self._committed(value, ctx, 0)
            else:
                if deployment.observer is not None:
                    deployment.observer.committed_call(self, outcome.ts)
                deployment.publish(outcome, self._committed, value, ctx)

    def _committed(self, value: Any, ctx: MutationCtx, documents: int) -> None:
        deployment = self.deployment
        if deployment.log is not None:
            self._log(self._call.committed())
        if documents:
            for table, own in ctx.work.tx.writes.items():
                if not table.system:
                    self._tally.writes += len(own)
        if ctx.measured is not None:
            for name, measured in ctx.measured:
                deployment.tally.measure(name, measured)
        self._finish(value, None)

    # What follows

    def _conflicted(self, conflict: Conflict) -> None:
        loss = Loss(_writer(conflict.source), conflict.table, conflict.document)
        self._tally.lost_to(loss)
        if self.deployment.observer is not None:
            self.deployment.observer.conflicted_call(self, conflict, loss)
        self._retry_or_fail(self._call.conflicted(conflict), conflict)

    def _retry_or_fail(self, step: NextStep, why: Conflict | TooManyWritesError) -> None:
        deployment = self.deployment
        self._tally.wasted_ms += deployment.kernel.now - self.began
        self.attempt += 1
        if step.retry:
            self._tally.retries += 1
            sleep = step.sleep_limit_ms * deployment.backoff_random.random()
            if self.runner in ("scheduler", "cron"):
                self._log(step)
                deployment.kernel.after(sleep, self.start)
            else:
                deployment.kernel.after(sleep, self._woke, step)
            return
        self._log(step)
        self._tally.failures += 1
        message = why.message if isinstance(why, Conflict) else str(why)
        give_up = step.give_up
        if give_up is not None and give_up.kind == "close":
            self._tally.resends += 1
            self._answer(None, SocketClosedError(message, conflict=True))
        elif give_up is not None and give_up.kind == "resend":
            self._tally.resends += 1
            policy = deployment.policies[self.runner]
            limit = min(policy.resend_initial_ms * 2.0 ** (self.attempt // 5 - 1), policy.resend_max_ms)
            deployment.kernel.after(limit * deployment.backoff_random.random(), self.start)
        else:
            self._finish(None, CallError(message, conflict=True))

    def _woke(self, step: NextStep) -> None:
        """The sleep after a failure is over. A client's retry waits until it can read what it lost to, and only then is
        the lost attempt logged."""
        if step.wait_for_ts is None or step.wait_for_ts <= self.deployment.database.latest_ts:
            self._again(step)
        else:
            self.deployment.when_readable(step.wait_for_ts, partial(self._again, step))

    def _again(self, step: NextStep) -> None:
        self._log(step)
        self.start()

    def _failed(self, step: NextStep, message: str) -> None:
        """The handler threw, or the call was refused."""
        deployment = self.deployment
        self._log(step)
        if step.retry or (step.give_up is not None and step.give_up.kind == "reschedule"):
            self.attempt += 1
            deployment.kernel.after(step.sleep_limit_ms * deployment.backoff_random.random(), self.start)
            return
        self._tally.failed(message)
        self._finish(None, CallError(message))

    def _finish(self, value: Any, error: CallError | None) -> None:
        # The socket itself hands an answer on: it goes on with its queue before the client has it.
        deployment = self.deployment
        back = deployment.network_ms() if self.remote or self.runner == "websocket" else 0.0
        self._tally.latencies.append(deployment.kernel.now + back - self.sent)
        if self.done is not None:
            self._answer(value, error, back if self.remote else 0.0)

    def _answer(self, value: Any, error: CallError | None, back: float | None = None) -> None:
        if self.done is None:
            return
        if back is None:
            back = self.deployment.network_ms() if self.remote else 0.0
        if back:
            self.deployment.kernel.after(back, self.done, value, error)
        else:
            self.done(value, error)

    def _log(self, step: NextStep) -> None:
        deployment, event = self.deployment, step.event
        if deployment.log is None or event is None:
            return
        tx = self._tx
        usage = {
            "database_read_documents": tx.documents_read,
            "database_read_bytes": tx.bytes_read,
            "database_write_documents": tx.documents_written,
            "database_write_bytes": tx.bytes_written,
        } if tx is not None else None  # fmt: skip
        deployment.log.execution(
            event,
            timestamp_ms=deployment.now_ms,
            execution_ms=self.ran - self.began,
            job=self.job,
            queue_length=self.queued,
            usage=usage,
        )


@lru_cache(maxsize=1_024)
def _writer(source: str) -> str:
    """A write source as this project writes functions."""
    path = parse_write_source(source)
    return source if path is None else str(path)
