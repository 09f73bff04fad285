"""One run: one variant of a scenario with one seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contend.convex.limits import TransactionLimits
from contend.engine.database import Database, PendingCommit
from contend.lab.arguments import Place
from contend.lab.contexts import MutationCtx
from contend.lab.deployment import Deployment
from contend.lab.documents import Work
from contend.lab.errors import EndlessError, ScenarioError
from contend.lab.functions import Functions, load_functions, setup_in
from contend.lab.guarding import Watch, error_text
from contend.lab.jobs import Cron
from contend.lab.kernel import Kernel
from contend.lab.log_stream import LogStream
from contend.lab.measures import Lags
from contend.lab.randomness import Streams
from contend.lab.scenario import Scenario
from contend.lab.scripts import Scripts
from contend.lab.tally import FunctionTally, Loss, percentile
from contend.lab.tasks import finish
from contend.lab.workloads import Arrivals, Start, groups

DRAIN_MS: Final = 120_000.0
"""How long calls that are under way at the end may take to end."""
_LOADS_APART: Final = 1_000_000_000
_STANDSTILL: Final = 100_000
"""Events of one moment, besides ten for each start that may fall into it, after which time counts as standing still."""
_SETUP_BUDGET: Final = 1_000_000
_SETUP_PATIENCE_S: Final = 60.0
_SETUP_LIMITS: Final = TransactionLimits(
    documents_read=10**9, bytes_read=10**12, documents_written=10**9, bytes_written=10**12, ranges_read=10**9
)


@dataclass(frozen=True, slots=True)
class FunctionRun:
    """What one run counted for one function (see `FunctionTally`); latencies in ms."""

    kind: str
    calls: int
    attempts: int
    conflicts: int
    retries: int
    failures: int
    resends: int
    errors: int
    wasted_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    writes: int
    query_reruns: int
    conflicts_by: Mapping[Loss, int]
    errors_by: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Summary:
    """A measure's values in one run."""

    count: int
    mean: float
    p50: float
    p95: float
    max: float


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run gave. `stopped_ms`: the simulated time at which it ran out of its budget of events, None where it
    came to its end."""

    variant: str
    seed: int
    functions: Mapping[str, FunctionRun]
    measures: Mapping[str, Summary]
    stopped_ms: float | None


class Simulation:
    """A scenario brought to life: database filled, workload put down, time at 0."""

    def __init__(self, scenario: Scenario, seed: int, log: LogStream | None = None) -> None:
        self.scenario = scenario
        self.seed = seed
        self.kernel = Kernel()
        self.streams = Streams(seed)
        self.functions = load_functions(scenario.modules)
        self.watch = Watch()
        database = Database(limits=_SETUP_LIMITS)  # the same ids for each seed, so that documents can be added up
        for name, table in scenario.tables.items():
            database.add_table(name, table.indexes)
        self.deployment = Deployment(
            self.kernel,
            database,
            self.functions,
            streams=self.streams,
            timing=scenario.timing,
            settings=scenario.deployment,
            params=scenario.params,
            log=log,
            watch=self.watch,
        )
        self.setup = self._set_up(database)
        database.limits = TransactionLimits()
        self.scripts = Scripts(self.deployment, scenario.callers, self.setup)
        self._requests = 0
        self._instances = self.streams.stream("instances")
        self._put_down()

    def run(self) -> RunResult:
        """Runs it to its end."""
        scenario = self.scenario
        try:
            done = self._run(scenario.duration_ms + DRAIN_MS, scenario.event_budget)
        finally:
            self.watch.stop()
        tally = self.deployment.tally
        return RunResult(
            scenario.variant,
            self.seed,
            {path: _function_run(self.functions, path, tally.functions[path]) for path in sorted(tally.functions)},
            {name: _summary(sorted(values)) for name, values in sorted(tally.measures.items())},
            None if done else self.kernel.now,
        )

    def _run(self, until: float, budget: int) -> bool:
        """Whether the run came to its end: neither out of budget, nor stopped, nor in a moment that does not pass."""
        kernel = self.kernel
        scenario = self.scenario
        starts = [
            scenario.population.users * (1 + arrivals.per_user) if arrivals.kind == "tabs" else arrivals.size
            for arrivals in scenario.workload
        ]
        at_once = _STANDSTILL + 10 * int(sum(starts))
        while budget > 0:
            began = kernel.now
            if kernel.run(until, min(budget, at_once)):
                return True
            if kernel.stopped or kernel.now == began:
                return False
            budget -= at_once
        return False

    # Before time starts

    def _set_up(self, database: Database) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, file in self.scenario.modules.items():
            setup = setup_in(file)
            if setup is None:
                continue
            tx = database.begin("setup")
            ctx = MutationCtx(self.deployment, Work(tx, _SETUP_BUDGET), self.deployment.now_ms, None, f"setup {name}")
            watch = Watch(_SETUP_PATIENCE_S)
            watch.enter()
            try:
                try:
                    value = finish(setup(ctx))  # type: ignore[call-arg]  # checked: it takes ctx alone
                finally:
                    watch.leave()
                    watch.stop()
            except (Exception, EndlessError) as error:
                raise ScenarioError(file, None, "setup", f"it failed: {error_text(error, str(file))}") from error
            if value is not None and not isinstance(value, Mapping):
                raise ScenarioError(file, None, "setup", f"it returns a dict of names, or nothing; not {value!r}")
            found.update(value or {})
            outcome = database.validate(tx)
            if isinstance(outcome, PendingCommit):
                database.publish(outcome)
        return found

    def _put_down(self) -> None:
        scenario = self.scenario
        random = self.streams.stream("tabs")
        tabs = [scenario.population.tabs_of(user, random) for user in range(scenario.population.users)]
        for number, arrivals in enumerate(scenario.workload):
            stream = self.streams.stream(f"arrivals {number}")
            if arrivals.kind == "tabs":
                self._put_down_tabs(arrivals, number)
            else:
                coming = groups(
                    arrivals, scenario.population, tabs, scenario.duration_ms, stream, number * _LOADS_APART
                )
                self._next(arrivals, coming)
        for name, cron in scenario.crons.items():
            offset = cron.offset_ms
            if offset is None:
                offset = self.streams.stream(f"cron {name}").random() * cron.every_ms
            function = self.functions.resolve(cron.function)
            Cron(self.deployment, name, function, cron.args, cron.every_ms, offset, scenario.duration_ms)
        if scenario.measures:
            lags = Lags(self.deployment, scenario.measures, self.setup, self.streams, scenario.duration_ms)
            self.scripts.started = lags.started

    def _put_down_tabs(self, arrivals: Arrivals, number: int) -> None:
        random = self.streams.stream(f"arrivals {number}")
        users = range(self.scenario.population.users) if arrivals.user is None else [arrivals.user]
        for user in users:
            whole = int(arrivals.per_user)
            for tab in range(whole + (random.random() < arrivals.per_user - whole)):
                at = random.random() * arrivals.spread_ms
                end = self.scenario.duration_ms
                if arrivals.stay_ms is not None:
                    end = min(end, at + arrivals.stay_ms.draw(random))
                load = number * _LOADS_APART + user * 1_000 + tab
                self.kernel.at(at, self._open, arrivals, Place(user, tab, load, 0, 0, tab, {}), end)

    def _next(self, arrivals: Arrivals, coming: Iterator[tuple[float, list[Start]]]) -> None:
        for at, members in coming:
            self.kernel.at(at, self._arrive, arrivals, coming, members)
            return

    def _arrive(self, arrivals: Arrivals, coming: Iterator[tuple[float, list[Start]]], members: list[Start]) -> None:
        caller = self.scenario.callers[arrivals.caller]
        for at, place in members:
            self._number(place)
            if at <= self.kernel.now:
                self.scripts.start(caller, place)
            else:
                self.kernel.at(at, self.scripts.start, caller, place)
        self._next(arrivals, coming)

    def _open(self, arrivals: Arrivals, place: Place, end: float) -> None:
        self._number(place)
        tab = self.scripts.open(self.scenario.callers[arrivals.caller], place)
        self.kernel.at(end, tab.close)

    def _number(self, place: Place) -> None:
        """Gives the request a number and a server."""
        self._requests = place.request = self._requests + 1
        instances = self.scenario.population.instances
        if instances > 1:
            place.instance = self._instances.randrange(instances)


def run_once(scenario: Scenario, seed: int, log: LogStream | None = None) -> RunResult:
    """Runs a variant with a seed."""
    return Simulation(scenario, seed, log).run()


def _function_run(functions: Functions, path: str, tally: FunctionTally) -> FunctionRun:
    latencies = sorted(tally.latencies)
    return FunctionRun(
        kind=functions.resolve(path).kind,
        calls=tally.calls,
        attempts=tally.attempts,
        conflicts=tally.conflicts,
        retries=tally.retries,
        failures=tally.failures,
        resends=tally.resends,
        errors=tally.errors,
        wasted_ms=tally.wasted_ms,
        p50_ms=percentile(latencies, 0.50),
        p95_ms=percentile(latencies, 0.95),
        p99_ms=percentile(latencies, 0.99),
        writes=tally.writes,
        query_reruns=tally.query_reruns,
        conflicts_by=dict(sorted(tally.conflicts_by.items(), key=lambda item: (-item[1], str(item[0])))),
        errors_by=dict(sorted(tally.errors_by.items(), key=lambda item: (-item[1], item[0]))),
    )


def _summary(ordered: list[float]) -> Summary:
    mean = sum(ordered) / len(ordered)
    return Summary(len(ordered), mean, percentile(ordered, 0.5), percentile(ordered, 0.95), ordered[-1])
