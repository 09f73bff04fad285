"""A Convex deployment in simulated time: permits, the committer, and what it tells those who wait for writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, Final, Protocol

from contend.convex.errors import DatabaseError
from contend.convex.limits import DEPLOYMENT_CLASSES, PERMIT_TIMEOUT_S, DeploymentClass
from contend.convex.retries import POLICIES, RetryPolicy, Runner, policy
from contend.engine.conflicts import Conflict
from contend.engine.database import START_NS, Database, PendingCommit
from contend.engine.transaction import Transaction
from contend.lab.calls import MutationCall
from contend.lab.contexts import QueryCtx, Reference
from contend.lab.durations import ZERO, Timing
from contend.lab.errors import EndlessError
from contend.lab.functions import Function, Functions
from contend.lab.guarding import Watch, error_text
from contend.lab.jobs import JobQueue
from contend.lab.kernel import Kernel, Timer
from contend.lab.log_stream import LogStream
from contend.lab.randomness import Streams
from contend.lab.results import check_result
from contend.lab.tally import Loss, Tally
from contend.lab.tasks import Resume
from contend.lab.tasks import Runner as CoroutineRunner
from contend.lab.views import LiveQueries, run_query

START_MS: Final = START_NS / 1e6
_IDLE_NS: Final = 1_000_000_000
_PLAIN = frozenset({type(None), bool, float})


@dataclass(frozen=True, slots=True)
class DeploymentSettings:
    """What kind of deployment: `size` decides concurrency; `policies_on` whose day's retry policies (None: today's);
    `throughput_limit` whether the write-throughput limit of the size holds."""

    size: DeploymentClass = DEPLOYMENT_CLASSES["S256"]
    policies_on: date | None = None
    throughput_limit: bool = False


class Permits:
    """Room for so many mutations at a time; the others wait in line, 5 s at most (convex-backend:
    crates/application/src/application_function_runner/mod.rs)."""

    __slots__ = ("_kernel", "_waiting", "free")

    def __init__(self, kernel: Kernel, count: int) -> None:
        self._kernel = kernel
        self.free = count
        self._waiting: deque[tuple[Callable[[], object], Timer]] = deque()

    def wait(self, go: Callable[[], object], refused: Callable[[], object]) -> None:
        """Where none is `free`: calls `go` once there is room, or `refused` when it took too long."""
        self._waiting.append((go, self._kernel.timer(PERMIT_TIMEOUT_S * 1_000, refused)))

    def release(self) -> None:
        """Makes room."""
        while self._waiting:
            go, timer = self._waiting.popleft()
            if not timer.cancelled and not timer.fired:
                timer.cancel()
                go()
                return
        self.free += 1


class Observer(Protocol):
    """Is told how mutations fare."""

    def committed_call(self, call: MutationCall, ts: int) -> None: ...
    def conflicted_call(self, call: MutationCall, conflict: Conflict, loss: Loss) -> None: ...


class Deployment:
    """What runs functions. It is also the `Host` of their contexts."""

    def __init__(
        self,
        kernel: Kernel,
        database: Database,
        functions: Functions,
        *,
        streams: Streams,
        timing: Timing | None = None,
        settings: DeploymentSettings | None = None,
        params: Mapping[str, Any] | None = None,
        log: LogStream | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.kernel = kernel
        self.database = database
        self.functions = functions
        self.timing = timing or Timing()
        self.settings = settings or DeploymentSettings()
        self.params: Mapping[str, Any] = params or {}
        self.streams = streams
        self.tally = Tally()
        self.log = log
        self.watch = watch or Watch()
        self.permits = Permits(kernel, self.settings.size.concurrent_mutations)
        self.duration_random = streams.stream("durations")
        self.backoff_random = streams.stream("backoff")
        self.network_random = streams.stream("network")
        self.policies: dict[Runner, RetryPolicy] = {
            runner: policy(runner, self.settings.policies_on) for runner in POLICIES
        }
        self.endless: set[str] = set()
        self.jobs = JobQueue(self)
        self.views = LiveQueries(self)
        self.observer: Observer | None = None
        self.calls = 0
        self._id_random = streams.stream("request ids")
        base, per_operation = self.timing.base, self.timing.per_operation
        self._runner = CoroutineRunner()
        self._run_is_constant = base.shape == per_operation.shape == "constant"
        self._persist_takes_time = self.timing.persist != ZERO
        self._publishing: deque[list[Any]] = deque()
        self._waiting_for: list[tuple[int, Callable[[], object]]] = []
        if self.settings.throughput_limit:
            database.write_bytes_per_second = self.settings.size.write_bytes_per_second

    # What contexts need

    def resolve(self, reference: Reference) -> Function:
        """The function that a handler refers to."""
        return self.functions.resolve(reference)

    def random_of(self, call: str) -> Random:
        """The random numbers of one run of a handler."""
        return self.streams.fresh(f"handler {call}")

    def schedule_after_commit(self, tx: Transaction, job: str, function: Function, args: Any, at_ms: float) -> None:
        """Starts the job in time, if `tx` commits."""
        tx.effects.append(lambda: self.jobs.add(job, function, args, at_ms - START_MS))

    # Time

    def begin(self, source: str) -> Transaction:
        """A transaction on the latest snapshot, at this moment."""
        database = self.database
        now = database.now_ns = START_NS + int(self.kernel.now * 1e6)
        if now - database.latest_ts > _IDLE_NS:
            database.advance()
        return database.begin(source)

    def set_clock(self) -> None:
        """Tells the database what time it is."""
        self.database.now_ns = START_NS + int(self.kernel.now * 1e6)

    @property
    def now_ms(self) -> float:
        """Milliseconds since 1970."""
        return START_MS + self.kernel.now

    def network_ms(self) -> float:
        """One way between a client and here."""
        network = self.timing.network
        return network.first if network.shape == "constant" else network.draw(self.network_random)

    def run_ms(self, operations: int) -> float:
        """How long a run with that many reads and writes lasts."""
        timing = self.timing
        if self._run_is_constant:
            return timing.base.first + operations * timing.per_operation.first
        return timing.run_ms(operations, self.duration_random)

    def request_id(self) -> str:
        """A fresh request id."""
        return f"{self._id_random.getrandbits(64):016x}"

    # Running

    def run_handler(self, function: Function, ctx: QueryCtx, args: Mapping[str, Any]) -> Any:
        """The handler's result. Raises what it raises, `EndlessError` where it does not end, and `InvalidValueError`
        for a result that Convex cannot encode."""
        if self.endless and function.path in self.endless:
            raise EndlessError(f"{function.path} did not come to an end before, and is not run again")
        watch = self.watch
        watch.enter()
        try:
            try:
                value = self._runner.run(function.handler(ctx, dict(args)))
            finally:
                watch.leave()
        except EndlessError as error:
            if not error.args:
                self.endless.add(function.path)
            raise
        except SystemExit as error:
            raise DatabaseError(f"The handler ended the program: exit({error.code})") from error
        except GeneratorExit as error:
            raise DatabaseError("Uncaught GeneratorExit") from error
        if type(value) not in _PLAIN:
            check_result(value)
        return value

    def error_text(self, error: BaseException, function: Function) -> str:
        """What an outcome says of the error."""
        return error_text(error, function.file)

    def mutate(
        self,
        function: Function,
        args: Mapping[str, Any],
        runner: Runner,
        done: Resume | None,
        *,
        user: str | None = None,
        sent: float | None = None,
        remote: bool = False,
        request_id: str | None = None,
    ) -> None:
        """Starts a call of a mutation."""
        MutationCall(
            self, function, args, runner, done, user=user, sent=sent, remote=remote, request_id=request_id
        ).start()

    def ask(
        self,
        function: Function,
        args: Mapping[str, Any],
        done: Resume | None,
        *,
        user: str | None = None,
        sent: float | None = None,
        remote: bool = False,
    ) -> None:
        """Runs a query once."""
        self.calls += 1
        tally = self.tally.function(function.path)
        tally.calls += 1
        tally.attempts += 1
        run = run_query(self, function, args, user)
        if run.error is None:
            for name, value in run.measured:
                self.tally.measure(name, value)
        else:
            tally.failed(str(run.error))
        back = self.network_ms() if remote else 0.0
        tally.latencies.append(self.kernel.now + run.duration + back - (self.kernel.now if sent is None else sent))
        if done is not None:
            self.kernel.after(run.duration + back, done, run.value, run.error)

    def commit_at_once(self, tx: Transaction) -> None:
        """Commits one of Convex's own short transactions. Nothing comes between its begin and its check."""
        outcome = self.database.validate(tx)
        if isinstance(outcome, PendingCommit):
            self.publish(outcome, _nothing)

    # Publishing

    def publish(self, pending: PendingCommit, done: Callable[..., object], *arguments: Any) -> None:
        """Makes a checked commit readable once it is persisted, in order; then calls `done` with `arguments` and the
        number of documents."""
        if self._persist_takes_time:
            item = [False, pending, done, arguments]
            self._publishing.append(item)
            self.kernel.after(self.timing.persist.draw(self.duration_random), self._persisted, item)
        else:
            done(*arguments, self.database.publish(pending).documents)
            if self.views.by_key:
                self.views.written(pending)

    def when_readable(self, ts: int, action: Callable[[], object]) -> None:
        """Calls `action` once the write at `ts` can be read."""
        if ts <= self.database.latest_ts or not self._publishing:
            action()
        else:
            self._waiting_for.append((ts, action))

    def _persisted(self, item: list[Any]) -> None:
        item[0] = True
        self.set_clock()
        while self._publishing and self._publishing[0][0]:
            self._publish(*self._publishing.popleft()[1:])
        ready = [action for ts, action in self._waiting_for if ts <= self.database.latest_ts]
        self._waiting_for = [waiting for waiting in self._waiting_for if waiting[0] > self.database.latest_ts]
        for action in ready:
            action()

    def _publish(self, pending: PendingCommit, done: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        done(*arguments, self.database.publish(pending).documents)
        if self.views.by_key:
            self.views.written(pending)


def _nothing(documents: int) -> None:
    """What follows a commit that nobody waits for."""
