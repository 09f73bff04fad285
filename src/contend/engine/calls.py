"""Runs a mutation to its end at once: attempts, retries, records of its caller. No time passes but in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contend.convex.errors import OCC_CODE, DatabaseError, OutOfRetentionError, TooManyWritesError
from contend.convex.paths import parse_path
from contend.convex.retries import RetryPolicy, Runner
from contend.engine.attempts import AttemptEvent, Call, GiveUp, NextStep
from contend.engine.conflicts import Conflict
from contend.engine.database import Database
from contend.engine.services import finish_cron, finish_job, record_result, recorded_result, write_source
from contend.engine.transaction import Transaction

Handler = Callable[[Transaction], Any]


@dataclass(slots=True)
class Outcome:
    """How a call ended: its `value`, or `error` (the handler's, or the limit's), or `give_up` after conflicts.
    `skipped`: the job was cancelled before it ran. `sleep_limits_ms` are the limits of its sleeps."""

    value: Any = None
    error: Exception | None = None
    give_up: GiveUp | None = None
    skipped: bool = False
    attempts: int = 0
    events: list[AttemptEvent] = field(default_factory=list)
    sleep_limits_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """Who calls what. `session` and `request` identify a call over a WebSocket or from a Node action; `job` a scheduled
    one; `cron` the name of a cron and `run` which of its runs."""

    function: str
    runner: Runner
    session: str = "session"
    request: str = "request"
    job: str | None = None
    cron: str | None = None
    run: int = 0


@dataclass(frozen=True, slots=True)
class Hooks:
    """What happens around the attempts: `begun` after each one's snapshot is taken, `ran` after its handler has run,
    before its commit; both get the attempt's number from 0."""

    begun: Callable[[int], None] = lambda number: None
    ran: Callable[[int], None] = lambda number: None


class JobEndedError(Exception):
    """A scheduled mutation found its job ended."""


def run_call(
    database: Database,
    request: Request,
    handler: Handler,
    request_id: Callable[[], str],
    hooks: Hooks | None = None,
    policy: RetryPolicy | None = None,
    max_attempts: int = 100,
) -> Outcome:
    """Runs `handler` until it commits, fails, gives up, or has made `max_attempts`. A socket that closes ends the call
    (its client's sending it again is another one); a Node action's own repeats belong to it."""
    hooks = hooks or Hooks()
    call = Call(str(parse_path(request.function)), request.runner, request_id, policy)
    outcome = Outcome()
    while outcome.attempts < max_attempts:
        step = _attempt(database, request, handler, hooks, call, outcome)
        outcome.attempts += 1
        if step is None:
            outcome.skipped = True
            return outcome
        if step.event is not None:
            outcome.events.append(step.event)
        if step.retry:
            outcome.sleep_limits_ms.append(step.sleep_limit_ms)
            continue
        outcome.give_up = step.give_up
        if step.give_up is None or step.give_up.kind != "resend":
            return outcome
    return outcome


def _attempt(
    database: Database, request: Request, handler: Handler, hooks: Hooks, call: Call, outcome: Outcome
) -> NextStep | None:
    tx = database.begin(write_source(request.runner, parse_path(request.function).canonical))
    hooks.begun(outcome.attempts)
    try:
        value = _run(tx, request, handler)
        hooks.ran(outcome.attempts)
        committed = database.commit(tx)
    except JobEndedError:
        tx.abort()
        return None
    except TooManyWritesError as error:
        outcome.error = error
        return call.rejected(error)
    except OutOfRetentionError as error:
        outcome.error = error
        return call.system_error(error)
    except Exception as error:
        if not tx.ended:
            tx.abort()
        outcome.error = error
        return call.failed(str(error))
    if isinstance(committed, Conflict):
        outcome.error = DatabaseError(committed.message, OCC_CODE)
        return call.conflicted(committed)
    outcome.value, outcome.error = value, None
    return call.committed()


def _run(tx: Transaction, request: Request, handler: Handler) -> Any:
    runner = request.runner
    if runner in ("websocket", "node-action"):
        before = recorded_result(tx, request.session, request.request)
        if before is not None:
            return before["result"]
        value = handler(tx)
        record_result(tx, request.session, request.request, value)
        return value
    if runner == "scheduler" and request.job is not None:
        if not finish_job(tx, request.job):
            raise JobEndedError
        return handler(tx)
    value = handler(tx)
    if runner == "cron":
        finish_cron(tx, request.cron or request.function, request.run)
    elif runner == "scheduler":
        tx.always_checked = True
    return value
