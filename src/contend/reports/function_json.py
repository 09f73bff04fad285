"""One function as JSON: what `contend show --format json` writes."""

from __future__ import annotations

import json

from contend.model.functions import Access, Exit, Guard, LoopContext
from contend.model.places import Span
from contend.reports.function_view import FunctionView, Start
from contend.reports.json_report import SCHEMA_VERSION, caller_json, finding_json, pair_json
from contend.reports.names import path_in
from contend.reports.numbers import Json, tidy


def render_function_json(view: FunctionView, version: str) -> str:
    """The view as ASCII-safe JSON text with a final newline. `version` is the tool's."""
    return json.dumps(function_json(view, version), indent=2, allow_nan=False) + "\n"


def function_json(view: FunctionView, version: str) -> dict[str, Json]:
    """The view as plain data, floats rounded. Callers, pairs and findings have the form they have in the audit."""
    function = view.function
    report: dict[str, Json] = {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "contend", "version": version},
        "app": function.app,
        "function": function.path,
        "kind": function.kind,
        "visibility": "internal" if function.internal else "public",
        "runtime": function.runtime,
        **_place(function.span),
        "unread": function.unread,
        "accesses": [_access(access) for access in sorted(function.accesses, key=lambda access: access.order)],
        "exits": [_exit(exit) for exit in function.exits],
        "starts": [_start(start, function.app) for start in view.starts],
        "callers": [caller_json(caller) for caller in view.callers],
        "crons": [
            {"name": cron.name, "schedule": cron.schedule, "period_ms": cron.period_ms, **_place(cron.span)}
            for cron in view.crons
        ],
        "views": [{"component": item.component, "hook": item.hook, **_place(item.span)} for item in view.subscriptions],
        "result": [
            {"table": projection.table, "fields": list[Json](sorted(projection.fields))}
            for projection in function.projections
        ],
        "pairs": {
            "as_victim": [pair_json(pair, function.app) for pair in view.as_victim],
            "as_writer": [pair_json(pair, function.app) for pair in view.as_writer],
        },
        "findings": [finding_json(finding) for finding in view.findings],
    }
    return {key: tidy(value) for key, value in report.items()}


def _start(start: Start, app: str) -> dict[str, Json]:
    caller = start.caller
    return {
        "function": path_in(app, caller.function),
        "kind": start.function.kind if start.function is not None else None,
        **_place(caller.span),
        "awaited": caller.consequence.awaited,
        "scheduled": caller.client == "scheduler",
        "loops": [_loop(loop) for loop in caller.loops],
        "conflict_pairs": start.conflicts,
        "findings": [{"id": one.id, "rule": one.rule, "severity": one.severity.value} for one in start.findings],
    }


def _access(access: Access) -> dict[str, Json]:
    return {
        "op": access.operation,
        "tables": list[Json](access.tables),
        "unresolved": access.unresolved,
        "index": access.index,
        "keys": [{"field": key.field, "operator": key.operator, "value": key.value.text} for key in access.keys],
        "extent": {
            "reach": access.extent.reach,
            "limit": access.extent.limit,
            "descending": access.extent.descending,
            "filtered": access.extent.filtered,
        },
        "fields": [{"name": field.name, "value": field.value.text} for field in access.fields],
        "guards": [_guard(guard) for guard in access.guards],
        "loops": [_loop(loop) for loop in access.loops],
        "order": access.order,
        "stale": access.stale,
        **_place(access.span),
    }


def _guard(guard: Guard) -> dict[str, Json]:
    return {
        "condition": guard.condition.text,
        "holds": guard.holds,
        "early_exit": guard.early_exit,
        "line": guard.span.line,
    }


def _loop(loop: LoopContext) -> dict[str, Json]:
    return {"over": loop.over.text, "parallel": loop.parallel, "bound": loop.bound, "line": loop.span.line}


def _exit(exit: Exit) -> dict[str, Json]:
    return {
        "kind": exit.kind,
        **_place(exit.span),
        "accesses": list[Json](exit.accesses),
        "guards": [_guard(guard) for guard in exit.guards],
    }


def _place(span: Span) -> dict[str, Json]:
    return {"file": span.file, "line": span.line}
