"""The inventory part of the JSON report."""

from __future__ import annotations

from contend.model.inventory import (
    CronEntry,
    FrontendEntry,
    FunctionEntry,
    Inventory,
    MultiDocumentEntry,
    SchedulerEntry,
    TableEntry,
    UnresolvedEntry,
    WriteEntry,
)
from contend.reports.numbers import Json


def inventory_json(inventory: Inventory) -> dict[str, Json]:
    """The inventory as plain data, its lists in the order they have."""
    return {
        "functions": [_function(entry) for entry in inventory.functions],
        "writes": [_write(entry) for entry in inventory.writes],
        "multi_document": [_multi_document(entry) for entry in inventory.multi_document],
        "frontend": [_frontend(entry) for entry in inventory.frontend],
        "scheduler": [_scheduler(entry) for entry in inventory.scheduler],
        "crons": [_cron(entry) for entry in inventory.crons],
        "tables": [_table(entry) for entry in inventory.tables],
        "unresolved": [_unresolved(entry) for entry in inventory.unresolved],
    }


def _function(entry: FunctionEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "function": entry.function,
        "kind": entry.kind,
        "visibility": "internal" if entry.internal else "public",
        "file": entry.file,
        "line": entry.line,
        "reads": list(entry.reads),
        "writes": list(entry.writes),
        "callers": entry.callers,
        "unread": entry.unread,
    }


def _write(entry: WriteEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "function": entry.function,
        "table": entry.table,
        "op": entry.operation,
        "file": entry.file,
        "line": entry.line,
        "fields": list(entry.fields),
        "guard": entry.guard,
    }


def _multi_document(entry: MultiDocumentEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "function": entry.function,
        "file": entry.file,
        "line": entry.line,
        "tables": list(entry.tables),
        "verdict": entry.verdict,
        "reason": entry.reason,
        "rows": [
            {
                "table": row.table,
                "row": row.row,
                "other_writers": list(row.other_writers),
                "hot_writers": [{"function": function, "why": why} for function, why in row.hot_writers],
            }
            for row in entry.rows
        ],
    }


def _frontend(entry: FrontendEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "page": entry.page,
        "calls": [{"function": call.function, "file": call.file, "line": call.line} for call in entry.calls],
        "pattern": entry.pattern,
        "verdict": entry.verdict,
        "reason": entry.reason,
    }


def _scheduler(entry: SchedulerEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "function": entry.function,
        "file": entry.file,
        "line": entry.line,
        "trigger": entry.trigger,
        "target": entry.target,
        "target_kind": entry.target_kind,
        "awaited": entry.awaited,
        "delay_ms": entry.delay_ms,
        "writes_back": list(entry.writes_back),
        "verdict": entry.verdict,
        "reason": entry.reason,
    }


def _cron(entry: CronEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "name": entry.name,
        "function": entry.function,
        "schedule": entry.schedule,
        "period_ms": entry.period_ms,
        "file": entry.file,
        "line": entry.line,
    }


def _table(entry: TableEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "name": entry.name,
        "writers": list(entry.writers),
        "heat": entry.heat,
        "deletes": list(entry.deletes),
        "ttl": entry.ttl,
        "proposed_period": entry.proposed_period,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "cleaners": list(entry.cleaners),
    }


def _unresolved(entry: UnresolvedEntry) -> dict[str, Json]:
    return {
        "app": entry.app,
        "function": entry.function,
        "op": entry.operation,
        "file": entry.file,
        "line": entry.line,
        "reason": entry.reason,
    }
