"""The lab: mutations under load, in simulated time, on the engine.

Handlers are Python: `async def touch(ctx: MutationCtx, args)` with Convex's API in Python shape. A scenario
(`read_scenario`) says who calls them, how often and how; `simulate` runs it for several seeds and variants and counts
attempts, conflicts, retries, failures and wasted time. One seed, one result.

A mutation's run is a pure function of its begin snapshot, arguments, time and seed: the lab never interleaves handlers.
It runs each to its end against its snapshot; only begin and commit have places in time.
"""

from __future__ import annotations

from contend.lab.experiment import Experiment, simulate
from contend.lab.scenario_file import ScenarioFile, Sweep, read_scenario
from contend.lab.tasks import gather

__all__ = ["Experiment", "ScenarioFile", "Sweep", "gather", "read_scenario", "simulate"]
