"""One call of a mutation through its attempts: what follows each outcome, and the event that it leaves.

Pure but for the random request ids: whoever runs the call (a lab in simulated time, `contend.engine.calls` at once)
tells how an attempt ended and is told what to do next (convex-backend:
crates/application/src/application_function_runner/mod.rs, crates/application/src/scheduled_jobs/mod.rs,
crates/application/src/cron_jobs/mod.rs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from contend.convex.errors import OCC_CLOSE_CODE, OCC_CODE, OCC_HTTP_STATUS, DatabaseError, TooManyWritesError
from contend.convex.retries import POLICIES, SCHEDULED_SYSTEM_ERROR, RetryPolicy, Runner
from contend.engine.conflicts import Conflict

RUN_REASONS: Final[dict[Runner, str]] = {
    "websocket": "webSocket",
    "http": "httpApi",
    "action": "action",
    "node-action": "action",
    "scheduler": "scheduler",
    "cron": "cron",
}
"""Runner → `run_reason` of its events (convex-backend: crates/common/src/log_streaming.rs)."""


@dataclass(frozen=True, slots=True)
class OccInfo:
    """`occ_info` of an event: whom the attempt lost to. A system table's conflict has a write source alone."""

    table_name: str | None
    document_id: str | None
    write_source: str | None
    component_path: str | None
    retry_count: int


@dataclass(frozen=True, slots=True)
class AttemptEvent:
    """What a log stream says of one attempt (`function_execution`; times aside)."""

    function: str
    request_id: str
    run_reason: str
    retry_count: int
    status: Literal["success", "failure"]
    error_message: str | None
    occ_info: OccInfo | None
    will_retry: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    """How a conflict that ran out of retries reaches the caller.

    `kind`: `close` the socket closes with `code` and the client sends the mutation again; `status` an HTTP response;
    `error` a JavaScript error that the caller can catch; `resend` the caller sends the whole call again; `reschedule`
    the scheduler runs the job again later.
    """

    kind: Literal["close", "status", "error", "resend", "reschedule"]
    code: int
    reason: str


class NextStep(NamedTuple):
    """What follows an attempt. `event` is what it logged, if anything. `retry`: run again after a sleep of U[0, 1)
    times `sleep_limit_ms`, and not before the write at `wait_for_ts` can be read. `give_up` where the call has failed
    for good, or starts anew after a sleep of the same kind.
    """

    event: AttemptEvent | None
    retry: bool = False
    sleep_limit_ms: float = 0.0
    wait_for_ts: int | None = None
    give_up: GiveUp | None = None


class Call:
    """A call's way through its attempts. `function` is the path in events; `request_id` gives a fresh id, or the
    action's own where `runner` is one. None: nobody listens, and no events are made."""

    __slots__ = ("_id", "_new_id", "_resends", "failures", "function", "policy", "runner")

    def __init__(
        self, function: str, runner: Runner, request_id: Callable[[], str] | None, policy: RetryPolicy | None = None
    ) -> None:
        self.function = function
        self.runner = runner
        self.policy = policy or POLICIES[runner]
        self.failures = 0
        self._new_id = request_id
        self._id = "" if request_id is None else request_id()
        self._resends = 0

    def committed(self) -> NextStep:
        """The attempt committed."""
        return NextStep(self._event("success", None, None, False))

    def failed(self, message: str) -> NextStep:
        """The handler threw, or met an error that is not retried: nothing is checked, nothing is tried again."""
        return NextStep(self._event("failure", message, None, False))

    def conflicted(self, conflict: Conflict) -> NextStep:
        """The commit was rejected. An attempt that will be retried is logged as a success."""
        retry = self.policy.retries_after(self.failures + 1)
        if self._new_id is None:
            return self._after_failure(None, retry, conflict.ts, "" if retry else conflict.message)
        info = OccInfo(conflict.table, conflict.document, conflict.source or None, conflict.component, self.failures)
        event = (
            self._event("success", None, info, True) if retry else self._event("failure", conflict.message, info, False)
        )
        return self._after_failure(event, retry, conflict.ts, conflict.message)

    def rejected(self, error: TooManyWritesError) -> NextStep:
        """The commit was rejected by the write-throughput limit, which spends the same retries. Only runners that log
        rejections leave an event for one that is retried."""
        retry = self.policy.retries_after(self.failures + 1)
        logged = self.policy.rejections_logged or not retry
        event = self._event("failure", str(error), None, retry) if logged else None
        return self._after_failure(event, retry, None, str(error))

    def system_error(self, error: DatabaseError) -> NextStep:
        """The commit failed by no fault of the handler, and by no conflict. A cron tries again at once, by the same
        counter; a scheduled job is run again later; other callers get the error."""
        if self.runner == "cron":
            return self._after_failure(self._event("failure", str(error), None, True), True, None, str(error))
        event = self._event("failure", str(error), None, False)
        if self.runner != "scheduler":
            return NextStep(event)
        self._resends += 1
        self.failures = 0
        sleep = SCHEDULED_SYSTEM_ERROR.sleep_limit_ms(self._resends)
        return NextStep(event, sleep_limit_ms=sleep, give_up=GiveUp("reschedule", OCC_HTTP_STATUS, error.code))

    def _after_failure(self, event: AttemptEvent | None, retry: bool, ts: int | None, message: str) -> NextStep:
        self.failures += 1
        limit = self.policy.sleep_limit_ms(self.failures)
        if retry:
            if self._new_id is not None and self.policy.request_id_per == "attempt":
                self._id = self._new_id()
            return NextStep(event, True, limit, ts if self.policy.waits_for_write else None)
        give_up = self._give_up(message)
        if give_up.kind in ("close", "resend"):
            self._resends += 1
            self.failures = 0
        return NextStep(event, give_up=give_up)

    def _give_up(self, message: str) -> GiveUp:
        if self.runner == "websocket":
            return GiveUp("close", OCC_CLOSE_CODE, OCC_CODE)
        if self.runner == "node-action" and self.policy.resends is not None and self._resends < self.policy.resends:
            return GiveUp("resend", OCC_HTTP_STATUS, OCC_CODE)
        if self.runner == "http":
            return GiveUp("status", OCC_HTTP_STATUS, OCC_CODE)
        return GiveUp("error", OCC_HTTP_STATUS, message)

    def _event(
        self, status: Literal["success", "failure"], error: str | None, info: OccInfo | None, will_retry: bool
    ) -> AttemptEvent | None:
        if self._new_id is None:
            return None
        reason = RUN_REASONS.get(self.runner, self.runner)
        return AttemptEvent(self.function, self._id, reason, self.failures, status, error, info, will_retry)
