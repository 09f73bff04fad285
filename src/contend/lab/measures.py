"""Measures of a scenario that no handler takes: how far a stored time lags behind what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from contend.lab.arguments import Place, filled, picked
from contend.lab.deployment import Deployment
from contend.lab.randomness import Streams
from contend.lab.scenario import LagSpec
from contend.lab.steps import Caller

SETTLED_MS: Final = 1_000.0
"""How long after a start what it wrote is looked for: not while its call is still on the way."""


class Lags:
    """Takes the measures of a run, from when it is made to `until` (ms)."""

    def __init__(
        self,
        deployment: Deployment,
        specs: Mapping[str, LagSpec],
        setup: Mapping[str, Any],
        streams: Streams,
        until: float,
    ) -> None:
        self._deployment = deployment
        self._specs = specs
        self._setup = setup
        self._random = streams.stream("measures")
        self._until = until
        self._began: dict[str, dict[Any, float]] = {name: {} for name in specs}
        self._load: dict[tuple[str, Any], int] = {}
        for name, lag in specs.items():
            deployment.kernel.at(lag.every_ms, self._sample, name, lag)

    def started(self, caller: Caller, place: Place) -> None:
        """A caller has started. Only the first start of a page load counts."""
        now = self._deployment.now_ms
        for name, lag in self._specs.items():
            if lag.caller != caller.name:
                continue
            key = filled({"key": lag.key}, place, self._setup, now, self._random).get("key")
            if self._load.get((name, key)) != place.page_load:
                self._load[name, key] = place.page_load
                self._deployment.kernel.after(SETTLED_MS, self._began[name].__setitem__, key, now)

    def _sample(self, name: str, lag: LagSpec) -> None:
        began, database = self._began[name], self._deployment.database
        table = database.tables.get(lag.table)
        if began and table is not None:
            take = self._deployment.tally.measure
            for id in table.documents:
                version = table.visible(id, database.latest_ts)
                if version is None or version.document is None:
                    continue
                last = began.get(picked(version.document, lag.match))
                stored = picked(version.document, lag.field)
                if last is not None and isinstance(stored, (int, float)):
                    take(name, max(0.0, last - stored))
        kernel = self._deployment.kernel
        if kernel.now + lag.every_ms <= self._until:
            kernel.after(lag.every_ms, self._sample, name, lag)
