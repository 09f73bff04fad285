"""Charts of a simulation, as Vega-Lite and as SVG."""

from __future__ import annotations

import json
from typing import Any, Final

from contend.lab.experiment import Experiment
from contend.lab.statistics import Estimate
from contend.model.errors import InputError

_SHOWN: Final = (
    ("conflicts", "conflicts per run"),
    ("failures", "calls lost per run"),
    ("p95_ms", "95th percentile of latency, ms"),
    ("query_reruns", "query re-runs per run"),
)
_HEIGHT_OF_A_BAR: Final = 26


def chart_specs(result: Experiment) -> dict[str, dict[str, Any]]:
    """Name → Vega-Lite chart: for each number that any variant has, bars of the variants with their 95 % intervals, one
    row per function; and for each measure."""
    found = {}
    for name, title in _SHOWN:
        rows = [
            _row(variant.name, function.function, function.values[name])
            for variant in result.variants
            for function in variant.functions
        ]
        busy = {row["function"] for row in rows if row["mean"]}
        if busy:
            found[name.removesuffix("_ms")] = _bars([row for row in rows if row["function"] in busy], title, result)
    for name in dict.fromkeys(name for variant in result.variants for name in variant.measures):
        rows = [
            _row(variant.name, part, variant.measures[name][part])
            for variant in result.variants
            if name in variant.measures
            for part in ("p50", "p95")
        ]
        found[f"measure-{name}"] = _bars(rows, name, result)
    return found


def to_svg(spec: dict[str, Any]) -> str:
    """The chart as SVG. Raises `InputError` where the renderer is not installed."""
    try:
        import vl_convert
    except ImportError as error:
        raise InputError("charts need a renderer that is not installed: pip install 'contend[lab]'") from error
    return str(vl_convert.vegalite_to_svg(json.dumps(spec)))


def _row(variant: str, function: str, found: Estimate) -> dict[str, Any]:
    return {
        "variant": variant,
        "function": function,
        "mean": round(found.mean, 4),
        "low": round(max(found.low, 0.0), 4),
        "high": round(found.high, 4),
    }


def _bars(rows: list[dict[str, Any]], title: str, result: Experiment) -> dict[str, Any]:
    order = [variant.name for variant in result.variants]
    y = {"field": "variant", "type": "nominal", "sort": order, "title": None}
    last = result.seed + result.seeds - 1
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {
            "text": f"{result.scenario}: {title}",
            "subtitle": f"mean and 95 % interval over seeds {result.seed} to {last}",
            "anchor": "start",
        },
        "data": {"values": rows},
        "facet": {"row": {"field": "function", "type": "nominal", "title": None, "sort": None}},
        "spec": {
            "width": 480,
            "height": _HEIGHT_OF_A_BAR * len(order),
            "layer": [
                {
                    "mark": {"type": "bar", "color": "#4c78a8"},
                    "encoding": {"y": y, "x": {"field": "mean", "type": "quantitative", "title": title}},
                },
                {
                    "mark": {"type": "rule", "color": "black"},
                    "encoding": {
                        "y": y,
                        "x": {"field": "low", "type": "quantitative"},
                        "x2": {"field": "high"},
                    },
                },
            ],
        },
    }
