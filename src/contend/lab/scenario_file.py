"""Scenario files: TOML that says what to run, and in which variants.

A variant is a table of changes: `[variants.NAME]` holds the same keys as the file, and takes their place, table by
table; arrays are replaced whole. The file without changes is a variant too, called by its key `baseline`. A load,
`[loads.NAME]`, is such a table as well: each variant runs under each load.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from contend.convex.limits import DEPLOYMENT_CLASSES
from contend.lab.arguments import check_reference
from contend.lab.deployment import DeploymentSettings
from contend.lab.durations import Timing
from contend.lab.errors import ScenarioError
from contend.lab.functions import Functions, load_functions
from contend.lab.reading import Node, read
from contend.lab.scenario import CronSpec, LagSpec, Scenario, TableSpec
from contend.lab.steps import Caller
from contend.lab.steps_reading import function_path, read_args, read_callers
from contend.lab.toml_lines import TomlLines
from contend.lab.workload_reading import read_population, read_workload

DEFAULT_SEEDS = 10
EVENT_BUDGET = 50_000_000
_CHANGEABLE = (
    "callers", "crons", "deployment", "duration", "event_budget", "handlers", "measures", "params", "population",
    "tables", "timing", "workload",
)  # fmt: skip
_TIMES = {
    "run_ms": "base",
    "per_operation_ms": "per_operation",
    "commit_ms": "commit",
    "persist_ms": "persist",
    "network_ms": "network",
    "rerun_ms": "rerun",
}

Override = tuple[tuple[str | int, ...], Any]
"""A value in place of another: path and value."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A value that takes one after another of several values: its path, as written with dots, and the values."""

    key: str
    values: tuple[Any, ...]


class ScenarioFile:
    """A scenario file. `variant` gives a checked `Scenario`."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.text = text
        self._lines = TomlLines(text)
        try:
            self._raw: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(file, None, "", f"this is no TOML: {error}") from error
        top = self._node(self._raw)
        self.name = read(top, "name", Node.text, file.stem)
        self.seed = read(top, "seed", Node.whole, 1)
        self.seeds = read(top, "seeds", lambda node: node.whole(1, 100_000), DEFAULT_SEEDS)
        self.baseline = read(top, "baseline", Node.text, "baseline")
        self.sweep: Sweep | None = None
        sweep = top.get("sweep")
        if sweep is not None:
            key = sweep.need("key").text()
            values = tuple([item.value for item in sweep.need("values").items()])
            sweep.close()
            self.sweep = Sweep(key, values)
            if not values:
                sweep.fail("a sweep needs values", "values")
        self._changes = _changes(top.get("variants"))
        if self.baseline in self._changes:
            top.child("variants").fail(
                "the file without changes has this name already; see its key `baseline`", self.baseline
            )
        self._loads = _changes(top.get("loads"))
        for key in _CHANGEABLE:
            top.get(key)
        top.get("description")
        top.close()

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of all variants, that without changes first."""
        return (self.baseline, *self._changes)

    @property
    def loads(self) -> tuple[str, ...]:
        """The names of all loads; none where the file has only its own."""
        return tuple(self._loads)

    def variant(self, name: str, overrides: Sequence[Override] = (), load: str | None = None) -> Scenario:
        """A variant under a load (None: the first, if there is any), checked, with some values replaced. Raises
        `ScenarioError`."""
        if name not in self.variants:
            raise ScenarioError(self.file, None, "variants", f"no variant {name!r}; it has {_named(self.variants)}")
        if load is not None and load not in self._loads:
            raise ScenarioError(self.file, None, "loads", f"no load {load!r}; it has {_named(self.loads)}")
        if load is None and self._loads:
            load = next(iter(self._loads))
        raw = self._raw
        changes: list[tuple[str, str, dict[str, Any]]] = []
        for table, key, known in (("loads", load, self._loads), ("variants", name, self._changes)):
            if key in known:
                raw = _merged(raw, known[key])
                changes.insert(0, (table, key, known[key]))
        if overrides:
            raw = copy.deepcopy(raw)
        for path, value in overrides:
            self._override(raw, path, value)
        label = ", ".join([name, *[f"{path[-1]} = {value}" for path, value in overrides]])
        return self._scenario(self._node(raw, changes), label)

    def _override(self, raw: dict[str, Any], path: tuple[str | int, ...], value: Any) -> None:
        holder: Any = raw
        for part in path[:-1]:
            try:
                holder = holder[part]
            except (KeyError, IndexError, TypeError):
                raise ScenarioError(
                    self.file, None, ".".join(map(str, path)), "there is nothing at this place to change"
                ) from None
        try:
            holder[path[-1]] = value
        except (IndexError, TypeError):
            raise ScenarioError(
                self.file, None, ".".join(map(str, path)), "there is nothing at this place to change"
            ) from None

    def _node(self, raw: dict[str, Any], changes: Sequence[tuple[str, str, dict[str, Any]]] = ()) -> Node:
        def locate(path: tuple[str | int, ...]) -> int | None:
            for table, name, changed in changes:
                if _holds(changed, path):
                    return self._lines.line_of((table, name, *path))
            return self._lines.line_of(path)

        return Node(raw, (), str(self.file), locate)

    def _scenario(self, top: Node, label: str) -> Scenario:
        folder = self.file.parent
        modules = {name: _module(node, folder) for name, node in top.need("handlers").entries()}
        functions = load_functions(modules)
        if not list(functions):
            top.need("handlers").fail("these files define no handler: write `async def name(ctx, args)`")
        population = read_population(top.get("population"))
        callers = read_callers(top.get("callers"), functions)
        duration = top.need("duration").span_ms(1.0)
        budget = read(top, "event_budget", lambda node: node.whole(1, 10**12), EVENT_BUDGET)
        workload = read_workload(top.get("workload"), callers, population, folder)
        for number, arrivals in enumerate(workload):
            starts = arrivals.expected_starts(duration, population.users)
            if starts > budget:
                top.child("workload").child(number).fail(
                    f"about {starts:.2g} starts, and event_budget lets {budget:,} events happen"
                )
        return Scenario(
            name=self.name,
            variant=label,
            duration_ms=duration,
            modules=modules,
            tables={name: _table(node) for name, node in _entries(top.get("tables"))},
            params={name: node.value for name, node in _entries(top.get("params"))},
            deployment=_deployment(top.get("deployment")),
            timing=_timing(top.get("timing")),
            population=population,
            callers=callers,
            workload=workload,
            crons={name: _cron(node, functions) for name, node in _entries(top.get("crons"))},
            measures={name: _lag(node, callers) for name, node in _entries(top.get("measures"))},
            event_budget=budget,
        )


def read_scenario(file: str | Path) -> ScenarioFile:
    """Reads a scenario file, and checks every variant of it. Raises `ScenarioError` with file, line and key."""
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ScenarioError(path, None, "", f"cannot read this scenario: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(path, None, "", f"a scenario is TOML in UTF-8: {error}") from error
    found = parsed_scenario(path, text.replace("\r\n", "\n"))
    for name in found.variants:
        for load in found.loads or (None,):
            found.variant(name, load=load)
    return found


@lru_cache(maxsize=8)
def parsed_scenario(file: Path, text: str) -> ScenarioFile:
    """A scenario file from its text."""
    return ScenarioFile(file, text)


def parse_key(text: str) -> tuple[str | int, ...]:
    """A path as written on the command line: `params.threshold_s`, `callers.hook.steps.0.debounce_ms`."""
    return tuple([int(part) if part.isdecimal() else part for part in text.split(".")])


def _named(names: Sequence[str]) -> str:
    return ", ".join([repr(name) if "," in name else name for name in names]) or "none"


def _changes(node: Node | None) -> dict[str, dict[str, Any]]:
    """Tables of changes, by name."""
    found = {}
    for name, table in _entries(node):
        for key in _CHANGEABLE:
            table.get(key)
        table.close()
        found[name] = table.value
    return found


def _merged(base: Any, changes: Any) -> Any:
    if isinstance(base, dict) and isinstance(changes, dict):
        merged = {key: copy.deepcopy(value) for key, value in base.items() if key not in changes}
        for key, value in changes.items():
            merged[key] = _merged(base[key], value) if key in base else copy.deepcopy(value)
        return merged
    return copy.deepcopy(changes)


def _holds(raw: Any, path: Sequence[str | int]) -> bool:
    for part in path:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _entries(node: Node | None) -> list[tuple[str, Node]]:
    return [] if node is None else list(node.entries())


def _module(node: Node, folder: Path) -> Path:
    path = (folder / node.text()).resolve()
    if path.suffix != ".py":
        node.fail("a handler file is Python source and ends in .py")
    if not path.is_file():
        node.fail(f"there is no file {node.text()} next to the scenario")
    return path


def _table(node: Node) -> TableSpec:
    indexes = {}
    for name, fields in node.entries():
        indexes[name] = tuple([field.text() for field in fields.items()])
        if not indexes[name] or any(field in ("_id", "_creationTime") for field in indexes[name]):
            fields.fail("an index lists its fields, without _creationTime and _id, which Convex adds")
    return TableSpec(indexes)


def _deployment(node: Node | None) -> DeploymentSettings:
    if node is None:
        return DeploymentSettings()
    size = DEPLOYMENT_CLASSES[read(node, "class", lambda n: n.one_of(tuple(DEPLOYMENT_CLASSES)), "S256")]
    found = DeploymentSettings(
        replace(
            size,
            concurrent_mutations=read(
                node, "concurrent_mutations", lambda n: n.whole(1, 1_000_000), size.concurrent_mutations
            ),
            scheduled_jobs=read(node, "scheduled_jobs", lambda n: n.whole(1, 1_000_000), size.scheduled_jobs),
        ),
        read(node, "policies_on", _date, None),
        read(node, "throughput_limit", Node.flag, False),
    )
    node.close()
    return found


def _date(node: Node) -> date:
    if not isinstance(node.value, date) or isinstance(node.value, datetime):
        node.fail("a date is expected here, such as 2026-01-31")
    return node.value


def _timing(node: Node | None) -> Timing:
    if node is None:
        return Timing()
    given = {}
    for key, name in _TIMES.items():
        found = node.get(key)
        if found is not None:
            given[name] = found.distribution()
    node.close()
    return replace(Timing(), **given)


def _cron(node: Node, functions: Functions) -> CronSpec:
    found = CronSpec(
        function_path(node.need("function"), functions, ("mutation", "action")),
        read_args(node.get("args"), {}),
        node.need("every").span_ms(1_000),
        read(node, "offset", Node.span_ms, None),
    )
    node.close()
    return found


def _lag(node: Node, callers: Mapping[str, Caller]) -> LagSpec:
    caller = node.need("lag_of").one_of(tuple(callers))
    key = node.need("key").text()
    wrong = check_reference(key, {}) if key.startswith("$") else "write it as $session, $user or the like"
    if wrong is not None:
        node.fail(wrong, "key")
    table, _, field = node.need("stored").text().partition(".")
    if not field:
        node.fail("write it as table.field", "stored")
    match = node.need("match").text()
    found = LagSpec(caller, key, table, match, field, read(node, "every", lambda n: n.span_ms(1), 10_000.0))
    node.close()
    return found
