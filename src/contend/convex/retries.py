"""Who retries a mutation after a conflict, how often and how fast: today's defaults, and what held before.

Backoff everywhere: `min(initial * 2**failures, max) * uniform[0, 1)` (convex-backend:
crates/convex/sync_types/src/backoff.rs).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

Runner = Literal["websocket", "http", "action", "node-action", "scheduler", "cron", "internal", "push"]
"""Who runs a mutation. `internal` are Convex's own short transactions, such as `ctx.scheduler` and `ctx.storage` called
from an action; `push` is the end of a deploy."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How one runner retries.

    `max_retries` None: for ever. `waits_for_write`: the retry waits until the conflicting write can be read, so it
    cannot meet it again. `rejections_logged`: an attempt lost to write throughput leaves an event. `request_id_per`:
    whether attempts share a request id. `resends`: how many times the caller sends the whole call again when it
    failed for good (None: for ever), with `resend_initial_ms` and `resend_max_ms`.
    """

    max_retries: int | None
    initial_ms: float
    max_ms: float
    waits_for_write: bool = False
    rejections_logged: bool = False
    request_id_per: Literal["call", "attempt", "action"] = "call"
    resends: int | None = 0
    resend_initial_ms: float = 0.0
    resend_max_ms: float = 0.0
    source: str = ""

    def sleep_limit_ms(self, failures: int) -> float:
        """The longest sleep after the `failures`-th failure (from 1) in a row; the sleep is this times U[0, 1)."""
        exponent = min(failures - 1, 64)
        return min(self.initial_ms * 2.0**exponent, self.max_ms)

    def retries_after(self, failures: int) -> bool:
        """Whether another attempt follows the `failures`-th failure."""
        return self.max_retries is None or failures <= self.max_retries


_RUNNER: Final = "convex-backend: crates/application/src/application_function_runner/mod.rs"
_CLIENT: Final = RetryPolicy(4, 100, 2_000, waits_for_write=True, source=_RUNNER)
POLICIES: Final[dict[Runner, RetryPolicy]] = {
    # A socket closed by a conflict reconnects and sends its mutations again, for ever
    # (convex-backend: npm-packages/convex/src/browser/sync/web_socket_manager.ts).
    "websocket": replace(_CLIENT, resends=None, resend_initial_ms=1_000, resend_max_ms=16_000),
    "http": _CLIENT,
    "action": replace(_CLIENT, request_id_per="action"),
    "node-action": replace(
        _CLIENT,
        request_id_per="action",
        resends=4,
        resend_initial_ms=1_000,
        resend_max_ms=20_000,
        source="convex-backend: npm-packages/node-executor/src/syscalls.ts",
    ),
    "scheduler": RetryPolicy(
        None,
        100,
        60_000,
        rejections_logged=True,
        source="convex-backend: crates/application/src/scheduled_jobs/mod.rs",
    ),
    "cron": RetryPolicy(
        None,
        500,
        15_000,
        rejections_logged=True,
        request_id_per="attempt",
        source="convex-backend: crates/application/src/cron_jobs/mod.rs",
    ),
    "internal": RetryPolicy(2, 10, 2_000, source="convex-backend: crates/database/src/database.rs"),
    "push": RetryPolicy(7, 10, 2_000, source="convex-backend: crates/common/src/knobs.rs"),
}
SCHEDULED_SYSTEM_ERROR: Final = RetryPolicy(
    None, 500, 2 * 3_600_000, source="convex-backend: crates/application/src/scheduled_jobs/mod.rs"
)
"""A scheduled job that met another system error than a conflict is scheduled again by this policy."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """That up to the day before `until`, `runner`'s policy had these values instead."""

    until: date
    runner: Runner
    initial_ms: float | None = None
    max_ms: float | None = None
    resends: int | None = None

    def undo(self, later: RetryPolicy) -> RetryPolicy:
        """The policy before this change, from the one after it."""
        return replace(
            later,
            initial_ms=later.initial_ms if self.initial_ms is None else self.initial_ms,
            max_ms=later.max_ms if self.max_ms is None else self.max_ms,
            resends=later.resends if self.resends is None else self.resends,
        )


# From the history of convex-backend. How many retries a scheduled mutation had before 2026-03-24, when they became
# unbounded, is not on record here.
HISTORY: Final[tuple[PolicyChange, ...]] = (
    PolicyChange(date(2026, 2, 3), "websocket", initial_ms=10),
    PolicyChange(date(2026, 2, 3), "http", initial_ms=10),
    PolicyChange(date(2026, 2, 3), "action", initial_ms=10),
    PolicyChange(date(2026, 2, 3), "node-action", initial_ms=10),
    PolicyChange(date(2026, 4, 22), "scheduler", max_ms=10_000),
    PolicyChange(date(2026, 7, 8), "node-action", resends=0),
)


def policy(runner: Runner, on: date | None = None) -> RetryPolicy:
    """How `runner` retried on that day (None: today's defaults)."""
    found = POLICIES[runner]
    if on is not None:
        for change in HISTORY:
            if change.runner == runner and on < change.until:
                found = change.undo(found)
    return found
