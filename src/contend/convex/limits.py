"""Convex's limits, as numbers (convex-backend: crates/common/src/knobs.rs,
npm-packages/docs/docs/production/state/limits.mdx)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEBIBYTE: Final = 2**20


@dataclass(frozen=True, slots=True)
class TransactionLimits:
    """Limits of one transaction; nested calls share them. Bytes where not said otherwise."""

    documents_read: int = 32_000
    bytes_read: int = 16 * MEBIBYTE
    ranges_read: int = 4_096
    documents_written: int = 16_000
    bytes_written: int = 16 * MEBIBYTE
    functions_scheduled: int = 1_000
    scheduled_bytes: int = 16 * MEBIBYTE
    document_bytes: int = MEBIBYTE
    nesting: int = 8
    search_results: int = 1_024


@dataclass(frozen=True, slots=True)
class DeploymentClass:
    """What a deployment of this size runs at the same time, and how much it writes."""

    name: str
    concurrent_queries: int
    concurrent_mutations: int
    write_bytes_per_second: int
    concurrent_actions: int
    concurrent_node_actions: int
    scheduled_jobs: int


DEPLOYMENT_CLASSES: Final[dict[str, DeploymentClass]] = {
    deployment.name: deployment
    for deployment in (
        DeploymentClass("S16", 16, 16, 4 * MEBIBYTE, 64, 64, 8),
        DeploymentClass("S256", 256, 256, 8 * MEBIBYTE, 512, 256, 256),
        DeploymentClass("D1024", 1024, 512, 32 * MEBIBYTE, 1024, 1024, 512),
        DeploymentClass("D2048", 2048, 1024, 64 * MEBIBYTE, 2048, 2048, 1024),
    )
}

PERMIT_TIMEOUT_S: Final = 5.0
"""How long a mutation waits for a permit, its snapshot already taken (convex-backend:
crates/application/src/application_function_runner/mod.rs)."""
SYSTEM_TIMEOUT_S: Final = 15.0
"""How long a query or mutation may run, database time included (convex-backend: crates/common/src/knobs.rs)."""
LOG_RETENTION_S: Final = (30.0, 300.0)
"""The write log keeps at least and at most this much (convex-backend: crates/common/src/knobs.rs)."""
SOCKET_QUEUE: Final = 1_000
"""Mutations that may wait on one connection (convex-backend: crates/sync/src/worker.rs)."""
READ_WARNING_SHARE: Final = 0.8
"""Share of a read limit at which Convex's insights report it (convex-backend: crates/common/src/knobs.rs)."""
