"""The workload in a scenario file: population, arrivals, traces."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from contend.lab.errors import ScenarioError
from contend.lab.reading import Node, read
from contend.lab.steps import Caller
from contend.lab.workloads import Arrivals, Population, Rate

CURVES: Mapping[str, tuple[float, ...]] = {
    "office": (0, 0, 0, 0, 0, 0, 1, 3, 8, 10, 10, 9, 6, 9, 10, 10, 9, 6, 3, 2, 1, 1, 0, 0),
    "evening": (3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 7, 9, 10, 10, 10, 8, 5),
}
"""Named day curves: the weights of the hours."""
_MOST_PER_SECOND = 1_000_000.0


def read_population(node: Node | None) -> Population:
    """`[population]`."""
    if node is None:
        return Population()
    default = Population()
    found = Population(
        read(node, "users", lambda n: n.whole(1, 10_000_000), default.users),
        read(node, "tabs", lambda n: n.number(1, 1_000), default.tabs),
        read(node, "instances", lambda n: n.whole(1, 1_000_000), default.instances),
    )
    node.close()
    return found


def read_workload(
    node: Node | None, callers: Mapping[str, Caller], population: Population, folder: Path
) -> tuple[Arrivals, ...]:
    """`[[workload]]`."""
    if node is None:
        return ()
    found = []
    for item in node.items():
        kind = item.need("kind").one_of(tuple(_KINDS))
        caller = item.need("caller").one_of(tuple(callers))
        found.append(_KINDS[kind](item, caller, population, folder))
        item.close()
    return tuple(found)


def _user(node: Node, population: Population) -> int | None:
    return read(node, "user", lambda n: n.whole(0, population.users - 1), None)


def _rate(node: Node, population: Population) -> Rate:
    scales = {
        "rate_per_s": (86_400.0, _MOST_PER_SECOND),
        "per_day": (1.0, 86_400 * _MOST_PER_SECOND),
        "per_user_per_day": (float(population.users), 86_400 * _MOST_PER_SECOND / population.users),
    }
    given = [name for name in scales if node.get(name) is not None]
    if len(given) != 1:
        node.fail(f"exactly one of {', '.join(scales)} says how often")
    scale, most = scales[given[0]]
    return Rate(node.child(given[0]).number(0, most) * scale, read(node, "curve", _curve, ()))


def _curve(node: Node) -> tuple[float, ...]:
    if isinstance(node.value, str):
        return CURVES[node.one_of(tuple(CURVES))]
    weights = tuple([item.number() for item in node.items()])
    if len(weights) != 24 or not any(weights):
        node.fail("a curve has 24 weights, one for each hour, and not all are 0")
    return weights


def _poisson(node: Node, caller: str, population: Population, folder: Path) -> Arrivals:
    return Arrivals("poisson", caller, _rate(node, population), user=_user(node, population))


def _bursts(node: Node, caller: str, population: Population, folder: Path) -> Arrivals:
    every = read(node, "every", lambda n: n.span_ms(1), 0.0)
    rate = None if every else _rate(node, population)
    return Arrivals(
        "bursts",
        caller,
        rate,
        size=node.need("size").whole(1, 1_000_000),
        spread_ms=read(node, "spread_ms", Node.number, 0.0),
        every_ms=every,
        same_user=read(node, "same_user", Node.flag, True),
        user=_user(node, population),
    )


def _page_loads(node: Node, caller: str, population: Population, folder: Path) -> Arrivals:
    return Arrivals(
        "page-loads",
        caller,
        _rate(node, population),
        size=read(node, "requests", lambda n: n.whole(1, 10_000), 4),
        spread_ms=read(node, "spread_ms", Node.number, 150.0),
        user=_user(node, population),
    )


def _tabs(node: Node, caller: str, population: Population, folder: Path) -> Arrivals:
    return Arrivals(
        "tabs",
        caller,
        per_user=read(node, "per_user", lambda n: n.number(0, 1_000), population.tabs),
        spread_ms=read(node, "opened_within", Node.span_ms, 0.0),
        stay_ms=read(node, "stay_ms", Node.distribution, None),
        user=_user(node, population),
    )


def _trace(node: Node, caller: str, population: Population, folder: Path) -> Arrivals:
    file, times = node.get("file"), node.get("at_ms")
    if (file is None) == (times is None):
        node.fail("a trace has either at_ms = [times], or file = a .jsonl or .csv with a column at_ms")
    if times is not None:
        rows: list[tuple[float, Mapping[str, Any]]] = [(item.number(), {}) for item in times.items()]
    else:
        assert file is not None
        rows = _trace_rows(folder / file.text(), file)
    rows.sort(key=lambda row: row[0])
    return Arrivals("trace", caller, trace=tuple(rows))


def _trace_rows(path: Path, node: Node) -> list[tuple[float, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        node.fail(f"cannot read {path}: {error}")
    found: list[tuple[float, Mapping[str, Any]]] = []
    if path.suffix == ".csv":
        rows: list[tuple[int, Any]] = list(enumerate(csv.DictReader(StringIO(text)), 2))
    else:
        rows = []
        for line, content in enumerate(text.splitlines(), 1):
            if content.strip():
                try:
                    rows.append((line, json.loads(content)))
                except json.JSONDecodeError as error:
                    raise ScenarioError(path, line, "", f"this is no JSON: {error.msg}") from error
    for line, row in rows:
        try:
            at = float(row["at_ms"])
        except (KeyError, TypeError, ValueError):
            raise ScenarioError(path, line, "at_ms", "each row of a trace says when, in milliseconds") from None
        if not at >= 0:
            raise ScenarioError(path, line, "at_ms", f"{at} is impossible here: times start at 0")
        found.append((at, row))
    return found


_KINDS: Mapping[str, Callable[[Node, str, Population, Path], Arrivals]] = {
    "poisson": _poisson,
    "bursts": _bursts,
    "page-loads": _page_loads,
    "tabs": _tabs,
    "trace": _trace,
}
