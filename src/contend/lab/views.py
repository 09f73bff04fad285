"""Live queries: they run again when a commit changes what they read, and tell their subscribers what is new. Without
them no effect could set off itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from contend.convex.values import same_value, sort_key
from contend.engine.conflicts import invalidates
from contend.engine.database import PendingCommit
from contend.engine.reads import ReadSet, read_set
from contend.engine.store import Table
from contend.lab.contexts import QueryCtx
from contend.lab.documents import Work
from contend.lab.errors import CallError, EndlessError
from contend.lab.functions import Function

if TYPE_CHECKING:
    from contend.lab.deployment import Deployment

Subscriber = Callable[[Any], object]
NOT_YET = object()
"""A view's result before its first one has come."""


class QueryRun(NamedTuple):
    """A query that has run: its value or error, how long it took (ms), what it read and measured."""

    value: Any
    error: CallError | None
    duration: float
    reads: ReadSet
    measured: list[tuple[str, float]]


def run_query(deployment: Deployment, function: Function, args: Mapping[str, Any], user: str | None) -> QueryRun:
    """Runs a query on the latest snapshot."""
    tx = deployment.begin(function.canonical)
    work = Work(tx)
    ctx = QueryCtx(deployment, work, deployment.now_ms, user, f"query {deployment.calls}")
    value, error = None, None
    try:
        value = deployment.run_handler(function, ctx, args)
    except (Exception, EndlessError) as caught:
        error = CallError(deployment.error_text(caught, function))
    reads = read_set(deployment.database, tx)
    tx.abort()
    duration = deployment.run_ms(work.operations)
    return QueryRun(value, error, duration, reads, ctx.measured or [])


class LiveQuery:
    """A query with its arguments that somebody subscribes to. Clients with equal arguments share its runs, as Convex's
    cache lets them."""

    __slots__ = (
        "_busy_until",
        "_due",
        "_live",
        "_reads",
        "_tables",
        "args",
        "deployment",
        "function",
        "result",
        "subscribers",
        "user",
    )

    def __init__(self, live: LiveQueries, function: Function, args: Mapping[str, Any], user: str | None) -> None:
        self._live = live
        self.deployment = live.deployment
        self.function = function
        self.args = args
        self.user = user
        self.result: Any = NOT_YET
        self.subscribers: list[Subscriber] = []
        self._reads: ReadSet | None = None
        self._tables: set[Table] = set()
        self._due = False
        self._busy_until = 0.0

    def invalidated_by(self, commit: PendingCommit) -> None:
        """Runs again, a little later, if the commit changes what it read; not before the run under way is through, so
        what is written meanwhile makes one new run together (convex-backend: crates/sync/src/worker.rs)."""
        if self._due or self._reads is None or not invalidates(commit, self._reads):
            return
        self._due = True
        deployment = self.deployment
        later = max(deployment.timing.rerun.draw(deployment.duration_random), self._busy_until - deployment.kernel.now)
        deployment.kernel.after(later, self._rerun)

    def run(self) -> None:
        """Runs, and tells the subscribers if the result is new. A query that fails keeps its last result."""
        deployment = self.deployment
        self._due = False
        run = run_query(deployment, self.function, self.args, self.user)
        self._reads = run.reads
        self._busy_until = deployment.kernel.now + run.duration
        tables = {reads.index.table for reads in run.reads.indexes} | {index.table for index, _ in run.reads.searches}
        self._live.watch(self, self._tables, tables)
        if run.error is not None:
            deployment.tally.function(self.function.path).failed(str(run.error))
            return
        if self.result is not NOT_YET and same_value(run.value, self.result):
            return
        self.result = run.value
        for subscriber in list(self.subscribers):
            deployment.kernel.after(run.duration + deployment.network_ms(), subscriber, run.value)

    def _rerun(self) -> None:
        if not self.subscribers:
            return
        self.deployment.tally.function(self.function.path).query_reruns += 1
        self.run()

    def leave(self, subscriber: Subscriber) -> None:
        """Ends a subscription."""
        self.subscribers.remove(subscriber)
        if not self.subscribers:
            self._live.forget(self, self._tables)


class LiveQueries:
    """All live queries of a deployment, `by_key`: function, arguments and user."""

    __slots__ = ("_by_table", "by_key", "deployment")

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.by_key: dict[Any, LiveQuery] = {}
        self._by_table: dict[Table, dict[LiveQuery, None]] = {}

    def subscribe(
        self, function: Function, args: Mapping[str, Any], user: str | None, subscriber: Subscriber
    ) -> LiveQuery:
        """Subscribes; the first result comes as soon as it is there."""
        deployment = self.deployment
        key = (function.path, sort_key(dict(args)), user)
        live = self.by_key.get(key)
        if live is None:
            live = self.by_key[key] = LiveQuery(self, function, args, user)
            live.subscribers.append(subscriber)
            tally = deployment.tally.function(function.path)
            tally.calls += 1
            tally.attempts += 1
            live.run()
        else:
            live.subscribers.append(subscriber)
            if live.result is not NOT_YET:
                deployment.kernel.after(deployment.network_ms(), subscriber, live.result)
        return live

    def written(self, commit: PendingCommit) -> None:
        """A commit can be read: whoever read what it changed runs again."""
        by_table = self._by_table
        for table in {table: None for table, _, _ in commit.entries}:
            watching = by_table.get(table)
            if watching:
                for live in list(watching):
                    live.invalidated_by(commit)

    def watch(self, live: LiveQuery, before: set[Table], now: set[Table]) -> None:
        """Notes which tables a live query reads."""
        for table in before - now:
            self._by_table[table].pop(live, None)
        for table in now - before:
            self._by_table.setdefault(table, {})[live] = None
        before.clear()
        before.update(now)

    def forget(self, live: LiveQuery, tables: set[Table]) -> None:
        """Nobody subscribes to it any more."""
        for table in tables:
            self._by_table[table].pop(live, None)
        tables.clear()
        self.by_key = {key: found for key, found in self.by_key.items() if found is not live}
