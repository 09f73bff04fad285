"""Convex's log stream: the `function_execution` events that a deployment would have sent (convex-backend:
crates/common/src/log_streaming.rs)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from contend.engine.attempts import AttemptEvent

_USAGE = """
    database_read_bytes database_write_bytes database_io_read_bytes database_io_write_bytes database_read_documents
    database_write_documents file_storage_read_bytes file_storage_write_bytes vector_storage_read_bytes
    vector_storage_write_bytes text_search_query_bytes text_search_write_query_bytes vector_search_query_bytes
    vector_search_write_query_bytes network_egress_bytes memory_used_mb
"""
_ZERO_USAGE = dict.fromkeys(_USAGE.split(), 0)


class LogStream:
    """Turns attempts into events, one JSON text each, in order of emission, and hands them to `write`."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def execution(
        self,
        event: AttemptEvent,
        *,
        timestamp_ms: float,
        execution_ms: float,
        kind: str = "mutation",
        job: str | None = None,
        queue_length: int | None = None,
        usage: dict[str, int] | None = None,
    ) -> None:
        """One attempt, said at `timestamp_ms` since 1970. `execution_ms`: from begin to the end of user code."""
        function: dict[str, Any] = {
            "path": event.function,
            "type": kind,
            "cached": False if kind == "query" else None,
            "request_id": event.request_id,
            "mutation_queue_length": queue_length,
            "mutation_retry_count": event.retry_count if kind == "mutation" else None,
        }
        occ = event.occ_info
        body = {
            "topic": "function_execution",
            "timestamp": int(timestamp_ms),
            "function": function,
            "execution_time_ms": round(execution_ms),
            "user_execution_time_ms": round(execution_ms),
            "status": event.status,
            "error_message": event.error_message,
            "occ_info": None
            if occ is None
            else {
                "table_name": occ.table_name,
                "document_id": occ.document_id,
                "write_source": occ.write_source,
                "component_path": occ.component_path,
                "retry_count": occ.retry_count,
            },
            "will_retry": event.will_retry,
            "scheduler_info": None if job is None else {"job_id": job},
            "run_reason": event.run_reason,
            "usage": {
                **_ZERO_USAGE,
                **(usage or {}),
                "action_memory_used_mb": None,
                "audit_log_egress_bytes": 0,
                "function_args_bytes": None,
                "function_returns_bytes": None,
            },
        }
        self._write(json.dumps(body, separators=(",", ":"), ensure_ascii=False))
