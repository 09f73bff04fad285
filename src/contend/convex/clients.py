"""Which clients let two mutations of theirs run at the same time (convex-backend: npm-packages/convex/src/browser,
crates/sync/src/worker.rs)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from contend.convex.retries import Runner

ClientKind = Literal[
    "websocket",  # React and every other JavaScript client over a WebSocket; Rust, Python, Swift, Kotlin
    "http-client",  # one ConvexHttpClient
    "http-client-skip-queue",  # its mutations with {skipQueue: true}
    "fetch-mutation",  # `fetchMutation` of convex/nextjs: a new HTTP client per call
    "http-api",  # POST /api/mutation, /api/run
    "action",  # ctx.runMutation of a V8 or HTTP action
    "node-action",
    "mutation",  # ctx.runMutation of a mutation: one transaction
    "scheduler",
    "cron",  # one cron
]


@dataclass(frozen=True, slots=True)
class Client:
    """What decides whether two mutations that one client starts without awaiting the first can conflict.

    `overlap`: they run at the same time. `same_transaction`: they are parts of one transaction. `runner`: who runs,
    and so retries, them.
    """

    kind: ClientKind
    overlap: bool
    runner: Runner
    same_transaction: bool = False


CLIENTS: Final[dict[ClientKind, Client]] = {
    client.kind: client
    for client in (
        # Sent at once, but the server runs one at a time per connection (convex-backend: crates/sync/src/worker.rs).
        Client("websocket", overlap=False, runner="websocket"),
        # A queue in the client (convex-backend: npm-packages/convex/src/browser/http_client.ts).
        Client("http-client", overlap=False, runner="http"),
        Client("http-client-skip-queue", overlap=True, runner="http"),
        Client("fetch-mutation", overlap=True, runner="http"),
        Client("http-api", overlap=True, runner="http"),
        Client("action", overlap=True, runner="action"),
        Client("node-action", overlap=True, runner="node-action"),
        Client("mutation", overlap=False, runner="websocket", same_transaction=True),
        Client("scheduler", overlap=True, runner="scheduler"),
        # A cron never overlaps itself (convex-backend: crates/application/src/cron_jobs/mod.rs).
        Client("cron", overlap=False, runner="cron"),
    )
}

SESSION_RUNNERS: Final[frozenset[Runner]] = frozenset({"websocket", "node-action"})
"""Runners whose mutations carry a session identifier, so that success also inserts a `_session_requests` document: such
a mutation is never read-only (convex-backend: crates/application/src/application_function_runner/mod.rs)."""
JOB_RUNNERS: Final[frozenset[Runner]] = frozenset({"scheduler", "cron"})
"""Runners that write their own job record with every mutation (convex-backend:
crates/application/src/scheduled_jobs/mod.rs, crates/application/src/cron_jobs/mod.rs)."""


def always_checked(runner: Runner) -> bool:
    """Whether a mutation that wrote nothing is checked against what it read all the same."""
    return runner in SESSION_RUNNERS or runner in JOB_RUNNERS
