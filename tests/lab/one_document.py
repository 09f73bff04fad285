"""One document that every call reads and writes, each within `duration_ms`: the model of the reference numbers."""

from __future__ import annotations

from pathlib import Path

from tests.lab.build import scenario

from contend.lab.scenario_file import ScenarioFile

HANDLERS = """
    async def setup(ctx):
        return {"id": await ctx.db.insert("counters", {"value": 0})}

    async def add(ctx, args):
        row = await ctx.db.get(args["id"])
        await ctx.db.patch(args["id"], {"value": row["value"] + 1})
"""
HEAD = """
    duration = "{seconds}s"
    [handlers]
    counters = "counters.py"
    [timing]
    run_ms = {duration_ms}
    per_operation_ms = 0
    network_ms = 0
    [callers.one]
    steps = [{{ call = "counters:add", args = {{ id = "$setup.id" }} }}]
    [[workload]]
    caller = "one"
"""


def poisson(folder: Path, rate: float, calls: int, duration_ms: float = 50) -> ScenarioFile:
    """About `calls` independent calls, `rate` per second."""
    head = HEAD.format(seconds=calls / rate, duration_ms=duration_ms)
    return scenario(folder, f'    kind = "poisson"\n    rate_per_s = {rate}\n', HANDLERS, head)


def bursts(folder: Path, size: int, rounds: int, spread_ms: float = 5, duration_ms: float = 50) -> ScenarioFile:
    """`rounds` bursts, far apart."""
    head = HEAD.format(seconds=rounds * 30, duration_ms=duration_ms)
    toml = f'    kind = "bursts"\n    size = {size}\n    spread_ms = {spread_ms}\n    every = "30s"\n'
    return scenario(folder, toml, HANDLERS, head)
