"""Charts of a simulation, as Vega-Lite and as SVG."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from contend.lab.experiment import Experiment, VariantResult
from contend.lab.statistics import Estimate
from contend.model.errors import InputError

_SHOWN: Final = (
    ("conflicts", "conflicts per run"),
    ("failures", "calls lost per run"),
    ("p95_ms", "95th percentile of latency, ms"),
    ("query_reruns", "query re-runs per run"),
)
_HEIGHT_OF_A_BAR: Final = 26
_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
_MEAN: Final = {"field": "mean", "type": "quantitative"}

Row = dict[str, Any]
Spec = dict[str, Any]


def chart_specs(result: Experiment) -> dict[str, Spec]:
    """Name → Vega-Lite chart: for each load, each number that any variant has, and each measure. Bars of the variants
    with their 95 % intervals, one row per function; in a sweep of numbers, lines over the values."""
    found: dict[str, Spec] = {}
    for load in result.loads:
        part = result.under(load)
        title = f"{result.scenario}, {load}" if load else result.scenario
        prefix = f"{_slug(load)}-" if load else ""
        for name, rows, what in _tables(part):
            draw = _lines if _sweeps_numbers(part) else _bars
            found[prefix + name] = draw(rows, what, part, title)
    return found


def to_svg(spec: Spec) -> str:
    """The chart as SVG. Raises `InputError` where the renderer is not installed."""
    try:
        import vl_convert
    except ImportError as error:
        raise InputError(
            "the charts are missing: they need a renderer that is not installed. Install it with "
            "pip install 'contend[lab]', or from a clone with pip install -c constraints.txt '.[lab]'"
        ) from error
    return str(vl_convert.vegalite_to_svg(json.dumps(spec)))


def _tables(result: Experiment) -> list[tuple[str, list[Row], str]]:
    """The charts' data: name, rows, title."""
    found = []
    for name, title in _SHOWN:
        rows = [
            _row(variant, function.function, function.values[name])
            for variant in result.variants
            for function in variant.functions
        ]
        busy = {row["function"] for row in rows if row["mean"]}
        if busy:
            found.append((name.removesuffix("_ms"), [row for row in rows if row["function"] in busy], title))
    for name in dict.fromkeys(name for variant in result.variants for name in variant.measures):
        rows = [
            _row(variant, part, variant.measures[name][part])
            for variant in result.variants
            if name in variant.measures
            for part in ("p50", "p95", "max")
        ]
        found.append((f"measure-{name}", rows, name))
    return found


def _row(variant: VariantResult, function: str, found: Estimate) -> Row:
    return {
        "variant": variant.variant if variant.swept is not None and _number(variant.swept[1]) else variant.name,
        "value": None if variant.swept is None else variant.swept[1],
        "function": function,
        "mean": round(found.mean, 4),
        "low": round(max(found.low, 0.0), 4),
        "high": round(found.high, 4),
    }


def _sweeps_numbers(result: Experiment) -> bool:
    return all(variant.swept is not None and _number(variant.swept[1]) for variant in result.variants)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _frame(rows: Sequence[Row], what: str, result: Experiment, title: str, axis: str, spec: Mapping[str, Any]) -> Spec:
    """A row for each function, or each part of a measure; these differ in size, so each has its own `axis`."""
    last = result.seed + result.seeds - 1
    measures = {name for variant in result.variants for name in variant.measures}
    return {
        "$schema": _SCHEMA,
        "title": {
            "text": f"{title}: {what}",
            "subtitle": f"mean and 95 % interval over seeds {result.seed} to {last}",
            "anchor": "start",
        },
        "data": {"values": list(rows)},
        "facet": {"row": {"field": "function", "type": "nominal", "title": None, "sort": None}},
        "resolve": {"scale": {axis: "independent"}} if what in measures else {},
        "spec": dict(spec),
    }


def _bars(rows: Sequence[Row], what: str, result: Experiment, title: str) -> Spec:
    order = [variant.name for variant in result.variants]
    y = {"field": "variant", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 360}}
    bar = {"mark": {"type": "bar", "color": "#4c78a8"}, "encoding": {"y": y, "x": {**_MEAN, "title": what}}}
    rule = {
        "mark": {"type": "rule", "color": "black"},
        "encoding": {"y": y, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
    }
    spec = {"width": 480, "height": _HEIGHT_OF_A_BAR * len(order), "layer": [bar, rule]}
    return _frame(rows, what, result, title, "x", spec)


def _lines(rows: Sequence[Row], what: str, result: Experiment, title: str) -> Spec:
    swept = result.variants[0].swept
    key = swept[0] if swept is not None else ""
    x = {"field": "value", "type": "quantitative", "title": key}
    color = {"field": "variant", "type": "nominal", "title": None}
    band = {
        "mark": {"type": "area", "opacity": 0.2},
        "encoding": {"x": x, "y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}, "color": color},
    }
    line = {
        "mark": {"type": "line", "point": True},
        "encoding": {"x": x, "y": {**_MEAN, "title": what}, "color": color},
    }
    return _frame(rows, what, result, title, "y", {"width": 480, "layer": [band, line]})


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
