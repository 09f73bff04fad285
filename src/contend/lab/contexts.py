"""`ctx` of queries and mutations: what a handler can do besides `ctx.db`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from contend.convex.errors import BadRequestError
from contend.engine import services
from contend.engine.transaction import Transaction
from contend.lab.documents import DatabaseReader, DatabaseWriter, Work
from contend.lab.tasks import finish

if TYPE_CHECKING:
    from contend.lab.functions import Function

Reference = str | Callable[..., Any]
"""A function: its path (`module:name`), or its handler."""


class Auth:
    """`ctx.auth`."""

    __slots__ = ("_user",)

    def __init__(self, user: str | None) -> None:
        self._user = user

    async def get_user_identity(self) -> dict[str, Any] | None:
        """Who calls: `subject` and `tokenIdentifier`, or None. Reads nothing."""
        if self._user is None:
            return None
        return {"subject": self._user, "tokenIdentifier": f"lab|{self._user}", "issuer": "lab"}


class Host(Protocol):
    """What a context needs of whoever runs it."""

    @property
    def params(self) -> Mapping[str, Any]: ...
    def resolve(self, reference: Reference) -> Function: ...
    def random_of(self, call: str) -> Random: ...
    def schedule_after_commit(self, tx: Transaction, job: str, function: Function, args: Any, at_ms: float) -> None: ...


class Scheduler:
    """`ctx.scheduler` of a mutation: jobs exist once it commits."""

    __slots__ = ("_ctx",)

    def __init__(self, ctx: MutationCtx) -> None:
        self._ctx = ctx

    async def run_after(self, delay_ms: float, function: Reference, args: Mapping[str, Any] | None = None) -> str:
        """Runs the function `delay_ms` after now; the job's id."""
        return await self.run_at(self._ctx.now + delay_ms, function, args)

    async def run_at(self, at_ms: float, function: Reference, args: Mapping[str, Any] | None = None) -> str:
        """Runs the function at a time; the job's id."""
        ctx = self._ctx
        ctx.work.count()
        target = ctx.host.resolve(function)
        if target.kind == "query":
            raise BadRequestError(f"{target.path} is a query; only mutations and actions can be scheduled")
        arguments = dict(args or {})
        job = services.schedule(ctx.work.tx, target.path, arguments, at_ms, ctx.job)
        ctx.host.schedule_after_commit(ctx.work.tx, job, target, arguments, at_ms)
        return job

    async def cancel(self, job: str) -> None:
        """Cancels a job that has not run yet."""
        self._ctx.work.count()
        services.cancel(self._ctx.work.tx, job)


class QueryCtx:
    """`ctx` of a query.

    `now` is the time in milliseconds since 1970 (`Date.now()`), `user` the caller's identity, `params` the scenario's
    `[params]`.
    """

    __slots__ = ("_call", "_random", "db", "host", "measured", "now", "user", "work")
    db: DatabaseReader

    def __init__(self, host: Host, work: Work, now: float, user: str | None, call: object) -> None:
        self.host = host
        self.work = work
        self.now = now
        self.user = user
        self.measured: list[tuple[str, float]] | None = None
        self._call = call
        self._random: Random | None = None
        self.db = DatabaseReader(work)

    @property
    def auth(self) -> Auth:
        """Who calls."""
        return Auth(self.user)

    @property
    def params(self) -> Mapping[str, Any]:
        """The scenario's `[params]`: what variants and sweeps change."""
        return self.host.params

    @property
    def random(self) -> Random:
        """Random numbers of this run, the same ones whenever it is repeated with the same seed."""
        if self._random is None:
            self._random = self.host.random_of(str(self._call))
        return self._random

    def measure(self, name: str, value: float) -> None:
        """Adds a value to the measure `name` of the report, once per call that ends well."""
        if self.measured is None:
            self.measured = []
        self.measured.append((name, float(value)))

    async def run_query(
        self, function: Reference, args: Mapping[str, Any] | None = None, *, use_stale_snapshot: bool = False
    ) -> Any:
        """Runs a query within this transaction. `use_stale_snapshot` (mutations): it sees the snapshot, without this
        transaction's own writes, and what it reads is not recorded."""
        target = self.host.resolve(function)
        if target.kind != "query":
            raise BadRequestError(f"{target.path} is a {target.kind}, not a query")
        work = self.work
        if use_stale_snapshot:
            work = Work(self.work.tx.stale())
        inner = QueryCtx(self.host, work, self.now, self.user, f"{self._call}/{target.path}")
        inner.measured = self.measured
        value = finish(target.handler(inner, dict(args or {})))
        self.measured = inner.measured
        if use_stale_snapshot:
            self.work.operations += work.operations
        return value


class MutationCtx(QueryCtx):
    """`ctx` of a mutation."""

    __slots__ = ("job",)
    db: DatabaseWriter

    def __init__(
        self, host: Host, work: Work, now: float, user: str | None, call: object, job: str | None = None
    ) -> None:
        self.host = host
        self.work = work
        self.now = now
        self.user = user
        self.measured = None
        self._call = call
        self._random = None
        self.db = DatabaseWriter(work)
        self.job = job

    @property
    def scheduler(self) -> Scheduler:
        """Jobs for later."""
        return Scheduler(self)

    async def run_mutation(self, function: Reference, args: Mapping[str, Any] | None = None) -> Any:
        """Runs a mutation as part of this one. Where it throws, its writes are undone; its reads stay."""
        target = self.host.resolve(function)
        if target.kind != "mutation":
            raise BadRequestError(f"{target.path} is a {target.kind}, not a mutation")
        with self.work.tx.nested():
            inner = MutationCtx(self.host, self.work, self.now, self.user, f"{self._call}/{target.path}", self.job)
            inner.measured = self.measured
            value = finish(target.handler(inner, dict(args or {})))
            self.measured = inner.measured
            return value
