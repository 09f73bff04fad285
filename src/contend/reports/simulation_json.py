"""A simulation as JSON."""

from __future__ import annotations

import json
from typing import Any, Final

from contend.lab.experiment import Experiment, FunctionResult, VariantResult
from contend.lab.statistics import Estimate

FIELDS: Final = (
    "calls", "attempts", "conflicts", "retries", "failures", "wasted_ms", "p50_ms", "p95_ms", "p99_ms", "writes",
    "query_reruns",
)  # fmt: skip
"""The numbers of each function: means per run."""


def simulation_json(result: Experiment) -> dict[str, Any]:
    """The outcome as JSON values. Numbers are means per run; `interval` holds half the width of their 95 %
    intervals. `conflicts_by` tells whom a function lost to."""
    return {
        "schema": 1,
        "scenario": result.scenario,
        "seed": result.seed,
        "seeds": result.seeds,
        "assumptions": list(result.variants[0].assumptions) if result.variants else [],
        "variants": [_variant(variant) for variant in result.variants],
    }


def render_simulation_json(result: Experiment) -> str:
    """The outcome as JSON text."""
    return json.dumps(simulation_json(result), indent=2, ensure_ascii=False) + "\n"


def _variant(variant: VariantResult) -> dict[str, Any]:
    return {
        "name": variant.name,
        "load": variant.load,
        "assumptions": list(variant.assumptions),
        "functions": [_function(function) for function in variant.functions],
        "measures": {
            name: {part: _rounded(found.mean) for part, found in parts.items()}
            for name, parts in variant.measures.items()
        },
        "stopped_early": variant.stopped,
    }


def _function(function: FunctionResult) -> dict[str, Any]:
    found: dict[str, Any] = {"function": function.function}
    found.update({name: _rounded(function.values[name].mean) for name in FIELDS})
    found["resends"] = _rounded(function.values["resends"].mean)
    found["errors"] = [{"message": message, "count": _rounded(count)} for message, count in function.errors_by]
    found["conflicts_by"] = [
        {"writer": loss.writer, "table": loss.table, "document": loss.document, "count": _rounded(count)}
        for loss, count in function.conflicts_by
    ]
    found["interval"] = {name: _half(function.values[name]) for name in FIELDS}
    return found


def _half(found: Estimate) -> float | None:
    return None if found.half_width is None else _rounded(found.half_width)


def _rounded(value: float) -> float:
    return round(value, 4)
