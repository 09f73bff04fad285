"""The audit as JSON: the contract for every integration (`schema/audit.schema.json`).

The same audit gives the same text on every machine: keys in a fixed order, floats at four significant digits, no
clock, no absolute path. Function paths are `module:export` within the `app` that stands beside them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from contend.model.audit import Audit
from contend.model.callers import Caller
from contend.model.comparison import Comparison
from contend.model.findings import Finding, Fix, Impact, Note, Observed, Pair
from contend.reports.json_inventory import inventory_json
from contend.reports.json_observations import observations_json, seen_json
from contend.reports.names import path_in
from contend.reports.numbers import Json, tidy

SCHEMA_VERSION = 1


def render_json(audit: Audit, version: str) -> str:
    """The report as ASCII-safe JSON text with a final newline. `version` is the tool's."""
    return json.dumps(audit_json(audit, version), indent=2, allow_nan=False) + "\n"


def audit_json(audit: Audit, version: str) -> dict[str, Json]:
    """The report as plain data, floats already rounded."""
    report: dict[str, Json] = {
        "schema": SCHEMA_VERSION,
        "tool": {"name": "contend", "version": version},
        "apps": [
            {"root": app.root, "functions_dir": app.functions_dir, "component": app.component} for app in audit.apps
        ],
        "findings": [finding_json(finding) for finding in audit.findings],
        "notes": [_note(note) for note in audit.notes],
        "inventory": inventory_json(audit.inventory),
        "assumptions": [
            {"name": item.name, "value": item.value, "text": item.text, "source": item.source}
            for item in audit.assumptions
        ],
        "errors": [{"path": error.path, "reason": error.reason} for error in audit.errors],
        "comparisons": [_comparison(one) for one in audit.comparisons],
        "observations": observations_json(audit.observations),
        "seen": seen_json(audit.seen),
    }
    return {key: tidy(value) for key, value in report.items()}


def audit_schema() -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) that every report of `render_json` meets."""
    text = files("contend.reports").joinpath("schema", "audit.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def finding_json(finding: Finding) -> dict[str, Json]:
    """One finding as plain data, not yet rounded."""
    cause = finding.cause
    return {
        "id": finding.id,
        "rule": finding.rule,
        "app": finding.app,
        "severity": finding.severity.value,
        "severity_by": finding.severity_by,
        "confidence": finding.confidence,
        "function": None if finding.function is None else path_in(finding.app, finding.function),
        "functions": _paths(finding.app, finding.functions),
        "file": cause.file,
        "line": cause.line,
        "column": cause.column,
        "end_line": cause.end_line,
        "end_column": cause.end_column,
        "message": finding.message,
        "pairs": [pair_json(pair, finding.app) for pair in finding.pairs],
        "pair_count": len(finding.pairs),
        "callers": [caller_json(caller) for caller in finding.callers],
        "evidence": {
            "static": list(finding.static),
            "predicted": _predicted(finding.predicted),
            "observed": _observed(finding.observed),
        },
        "fixes": [_fix(fix) for fix in finding.fixes],
        "suppressed": finding.suppressed,
        "baseline": finding.baseline,
    }


def pair_json(pair: Pair, app: str) -> dict[str, Json]:
    """One pair as plain data, its functions named from within `app`."""
    return {
        "victim": path_in(app, pair.victim),
        "writer": path_in(app, pair.writer),
        "kind": pair.kind,
        "table": pair.table,
        "index": pair.index,
        "interval": pair.interval,
        "sharing": pair.sharing.value,
    }


def caller_json(caller: Caller) -> dict[str, Json]:
    """One caller as plain data; the chain leads from the trigger to the call."""
    return {
        "file": caller.span.file,
        "line": caller.span.line,
        "trigger": caller.trigger.kind,
        "consequence": caller.consequence.text,
        "chain": [{"file": frame.file, "line": frame.line, "name": frame.name} for frame in caller.chain],
    }


def _comparison(comparison: Comparison) -> dict[str, Json]:
    return {
        "against": comparison.against,
        "name": comparison.name,
        "commit": comparison.commit,
        "known": comparison.known,
        "new": comparison.new,
        "worse": [{"id": id, "severity": severity.value} for id, severity in comparison.worse],
        "gone": [
            {
                "id": one.id,
                "rule": one.rule,
                "app": one.app,
                "function": one.function,
                "file": one.file,
                "severity": one.severity.value,
            }
            for one in comparison.gone
        ],
    }


def _note(note: Note) -> dict[str, Json]:
    return {
        "id": note.id,
        "note": note.note,
        "file": note.span.file,
        "line": note.span.line,
        "function": None if note.function is None else path_in(note.app, note.function),
        "message": note.message,
    }


def _fix(fix: Fix) -> dict[str, Json]:
    return {
        "title": fix.title,
        "kind": fix.kind,
        "removes": fix.removes,
        "residual": fix.residual,
        "diff": fix.diff,
    }


def _predicted(impact: Impact | None) -> dict[str, Json] | None:
    if impact is None:
        return None
    return {
        "retries_per_day": impact.retries_per_day,
        "failures_per_day": impact.failures_per_day,
        "calls_per_day": impact.calls_per_day,
        "writes_per_day": impact.writes_per_day,
        "query_reruns_per_day": impact.query_reruns_per_day,
        "invariant_per_day": impact.invariant_per_day,
        "assumptions": list(impact.assumptions),
    }


def _observed(observed: Observed | None) -> dict[str, Json] | None:
    """Telemetry counts no writes and no query re-runs: those fields are null, never zero."""
    if observed is None:
        return None
    return {
        "retries_per_day": observed.retries_per_day,
        "failures_per_day": observed.failures_per_day,
        "calls_per_day": observed.calls_per_day,
        "writes_per_day": None,
        "query_reruns_per_day": None,
        "conflicts_by_source": dict(observed.conflicts_by_source),
        "since": observed.since,
        "until": observed.until,
        "gap_estimate": observed.gap_estimate,
    }


def _paths(app: str, ids: Iterable[str]) -> list[Json]:
    return [path_in(app, id) for id in ids]
