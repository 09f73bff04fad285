"""Experiments: the variants of a scenario, or the values of a sweep, each with several seeds, over all cores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from contend.lab.errors import ScenarioError
from contend.lab.log_stream import LogStream
from contend.lab.scenario_file import Override, ScenarioFile, Sweep, parse_key, parsed_scenario, read_scenario
from contend.lab.simulation import RunResult, run_once
from contend.lab.statistics import Estimate, estimate
from contend.lab.tally import Loss

COUNTED = (
    "calls", "attempts", "conflicts", "retries", "failures", "resends", "errors", "wasted_ms", "p50_ms", "p95_ms",
    "p99_ms", "writes", "query_reruns",
)  # fmt: skip
"""What is counted per function, as `FunctionRun` names it."""
_WORTH_A_POOL_S = 3.0
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """A function's means per run: `values` by the names in `COUNTED`; `conflicts_by` whom it lost to, the most frequent
    first; `errors_by` messages with their counts."""

    function: str
    kind: str
    values: Mapping[str, Estimate]
    conflicts_by: tuple[tuple[Loss, float], ...]
    errors_by: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class VariantResult:
    """A variant's means over all seeds. `measures`: name → (count, mean, p50, p95, max). `stopped`: how many runs
    used up their budget of events. `lags` names the measures that are times in milliseconds. `load` is the name of its
    load, None where the file has none. In a sweep `name` tells the value too; `variant` is the variant alone, and
    `swept` the key and its value."""

    name: str
    variant: str
    load: str | None
    swept: tuple[str, Any] | None
    assumptions: tuple[str, ...]
    functions: tuple[FunctionResult, ...]
    measures: Mapping[str, Mapping[str, Estimate]]
    lags: tuple[str, ...]
    stopped: int

    def function(self, path: str) -> FunctionResult:
        """The results of a function. Raises `KeyError` where it was never called."""
        for found in self.functions:
            if found.function == path:
                return found
        raise KeyError(path)


@dataclass(frozen=True, slots=True)
class Experiment:
    """The outcome: variants in the order of the file. `seed` is the first of `seeds` seeds in a row."""

    scenario: str
    file: str
    seed: int
    seeds: int
    variants: tuple[VariantResult, ...]

    @property
    def loads(self) -> tuple[str | None, ...]:
        """The loads of the variants, in order; `None` where the file has none."""
        return tuple(dict.fromkeys(found.load for found in self.variants))

    @property
    def shared_assumptions(self) -> tuple[str, ...]:
        """What all variants rest on."""
        every = [set(found.assumptions) for found in self.variants]
        return tuple([line for line in self.variants[0].assumptions if all(line in lines for lines in every)])

    def under(self, load: str | None) -> Experiment:
        """The part of the outcome that is of one load."""
        return replace(self, variants=tuple([found for found in self.variants if found.load == load]))

    def variant(self, name: str, load: str | None = None) -> VariantResult:
        """The results of a variant (under `load`; None: the first one). Raises `KeyError`."""
        for found in self.variants:
            if found.name == name and load in (None, found.load):
                return found
        raise KeyError(name)


class _Job(NamedTuple):
    file: Path
    text: str
    variant: str
    load: str | None
    overrides: tuple[Override, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Request:
    """What to run of a scenario: `variants` and `loads` (none named: all), each with `seeds` seeds from `seed` on
    (None: the file's). A `sweep` (None: the file's, if it has one) multiplies each variant by its values."""

    source: ScenarioFile
    loads: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    sweep: Sweep | None = None
    seed: int | None = None
    seeds: int | None = None


def simulate(
    scenario: str | Path | ScenarioFile,
    *,
    loads: Sequence[str] = (),
    variants: Sequence[str] = (),
    sweep: Sweep | None = None,
    seed: int | None = None,
    seeds: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Experiment:
    """Runs a `Request`. `jobs`: processes (default: all cores, where that pays). Raises `ScenarioError`."""
    source = scenario if isinstance(scenario, ScenarioFile) else read_scenario(scenario)
    request = Request(source, tuple(loads), tuple(variants), sweep, seed, seeds)
    return simulate_all([request], jobs=jobs, progress=progress)[0]


def simulate_all(
    requests: Sequence[Request], *, jobs: int | None = None, progress: Progress | None = None
) -> tuple[Experiment, ...]:
    """Runs several requests on the same processes. Raises `ScenarioError`."""
    plans = [_plan(request) for request in requests]
    results = iter(_run_all([job for plan in plans for part in plan for job in part.jobs], jobs, progress))
    return tuple(
        [
            Experiment(
                request.source.name,
                request.source.file.as_posix(),
                _first(request),
                _count(request),
                tuple([_summarised(part, [next(results) for _ in part.jobs]) for part in plan]),
            )
            for request, plan in zip(requests, plans, strict=True)
        ]
    )


class _Part(NamedTuple):
    """The runs of one variant."""

    label: str
    variant: str
    load: str | None
    swept: tuple[str, Any] | None
    assumptions: tuple[str, ...]
    lags: tuple[str, ...]
    jobs: list[_Job]


def _first(request: Request) -> int:
    return request.source.seed if request.seed is None else request.seed


def _count(request: Request) -> int:
    return request.source.seeds if request.seeds is None else request.seeds


def _plan(request: Request) -> list[_Part]:
    source, first = request.source, _first(request)
    parts: dict[tuple[str, str | None], _Part] = {}
    for load in request.loads or source.loads or (None,):
        for name in request.variants or source.variants:
            for overrides in _overrides(request.sweep or source.sweep):
                checked = source.variant(name, overrides, load)
                seeds = range(first, first + _count(request))
                runs = [_Job(source.file, source.text, name, load, overrides, seed) for seed in seeds]
                swept = (".".join(map(str, overrides[0][0])), overrides[0][1]) if overrides else None
                parts[checked.variant, load] = _Part(
                    checked.variant, name, load, swept, checked.assumptions(), tuple(checked.measures), runs
                )
    return list(parts.values())


def emit_events(
    source: ScenarioFile, variant: str, seed: int, write: Callable[[str], object], load: str | None = None
) -> RunResult:
    """Runs one variant once, and hands `write` what Convex's log stream would have sent, event by event as JSON."""
    return run_once(source.variant(variant, load=load), seed, LogStream(write))


def parse_sweep(text: str) -> Sweep:
    """A sweep as written on the command line: `params.threshold_s=1,30,300`. Raises `ScenarioError`."""
    import tomllib

    key, sign, values = text.partition("=")
    if not sign or not key.strip() or not values.strip():
        raise ScenarioError("--sweep", None, text, "write it as key=value,value,…")
    found = []
    for value in values.split(","):
        try:
            found.append(tomllib.loads(f"v = {value.strip()}")["v"])
        except tomllib.TOMLDecodeError:
            found.append(value.strip())
    return Sweep(key.strip(), tuple(found))


def _overrides(sweep: Sweep | None) -> list[tuple[Override, ...]]:
    if sweep is None:
        return [()]
    return [((parse_key(sweep.key), value),) for value in sweep.values]


def _run_all(every: Sequence[_Job], jobs: int | None, progress: Progress | None) -> Iterable[RunResult]:
    """The results in the order of `every`."""
    wanted = jobs or os.cpu_count() or 1
    done = 0

    def report() -> None:
        if progress is not None:
            progress("simulating", done, len(every))

    results: list[RunResult] = []
    rest: Iterator[_Job] = iter(every)
    started = time.perf_counter()
    for job in rest:
        results.append(_run(job))
        done += 1
        report()
        spent = time.perf_counter() - started
        left = len(every) - done
        if wanted > 1 and left > 1 and spent / done * left > _WORTH_A_POOL_S:
            break
    remaining = list(rest)
    if not remaining:
        return results
    with ProcessPoolExecutor(min(wanted, len(remaining)), mp_context=get_context("spawn")) as pool:
        for result in pool.map(_run, remaining):
            results.append(result)
            done += 1
            report()
    return results


def _run(job: _Job) -> RunResult:
    return run_once(parsed_scenario(job.file, job.text).variant(job.variant, job.overrides, job.load), job.seed)


def _summarised(part: _Part, runs: Sequence[RunResult]) -> VariantResult:
    paths = sorted({path for run in runs for path in run.functions})
    measures = sorted({name for run in runs for name in run.measures})
    return VariantResult(
        name=part.label,
        variant=part.variant,
        load=part.load,
        swept=part.swept,
        assumptions=part.assumptions,
        functions=tuple([_function_result(path, runs) for path in paths]),
        measures={
            name: {
                part: estimate([float(getattr(run.measures[name], part)) for run in runs if name in run.measures])
                for part in ("count", "mean", "p50", "p95", "max")
            }
            for name in measures
        },
        lags=part.lags,
        stopped=sum(run.stopped_ms is not None for run in runs),
    )


def _function_result(path: str, runs: Sequence[RunResult]) -> FunctionResult:
    present = [run.functions[path] for run in runs if path in run.functions]
    missing = [0.0] * (len(runs) - len(present))
    return FunctionResult(
        function=path,
        kind=present[0].kind,
        values={
            name: estimate(
                [float(getattr(run, name)) for run in present if run.calls or not name.startswith("p")]
                + ([] if name.startswith("p") else missing)
            )
            for name in COUNTED
        },
        conflicts_by=tuple(_means([run.conflicts_by for run in present], len(runs))),
        errors_by=tuple(_means([run.errors_by for run in present], len(runs))),
    )


def _means(counts: Sequence[Mapping[Any, int]], runs: int) -> list[tuple[Any, float]]:
    totals: dict[Any, int] = {}
    for count in counts:
        for key, number in count.items():
            totals[key] = totals.get(key, 0) + number
    ordered = sorted(totals.items(), key=lambda item: (-item[1], str(item[0])))
    return [(key, number / runs) for key, number in ordered]
