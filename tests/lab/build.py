"""Small scenarios for the tests: a handler file and a TOML text, written to a folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from contend.lab.scenario_file import ScenarioFile, read_scenario
from contend.lab.simulation import RunResult, Simulation, run_once

COUNTER = """
    from contend.lab.handlers import mutation, query, action, gather

    async def setup(ctx):
        return {"id": await ctx.db.insert("counters", {"name": "hot", "value": 0})}

    @mutation
    async def add(ctx, args):
        row = await ctx.db.get(args["id"])
        await ctx.db.patch(args["id"], {"value": row["value"] + 1})
        return row["value"] + 1

    @query
    async def get(ctx, args):
        return await ctx.db.get(args["id"])
"""
HEAD = """
    duration = "10s"
    [handlers]
    counters = "counters.py"
    [tables.counters]
    by_name = ["name"]
    [timing]
    network_ms = 0
"""
CALLER = """
    [callers.adder]
    steps = [{ call = "counters:add", args = { id = "$setup.id" } }]
"""


def scenario(folder: Path, toml: str, handlers: str = COUNTER, head: str = HEAD) -> ScenarioFile:
    """A scenario file with `toml` after the usual head, next to its handlers."""
    (folder / "counters.py").write_text(dedent(handlers), encoding="utf-8")
    file = folder / "scenario.toml"
    file.write_text(dedent(head) + dedent(toml), encoding="utf-8")
    return read_scenario(file)


def run(folder: Path, toml: str, handlers: str = COUNTER, seed: int = 1, head: str = HEAD) -> RunResult:
    """One run of the scenario without changes."""
    found = scenario(folder, toml, handlers, head)
    return run_once(found.variant(found.baseline), seed)


def simulation(folder: Path, toml: str, handlers: str = COUNTER, seed: int = 1, head: str = HEAD) -> Simulation:
    """The scenario brought to life, before time starts."""
    found = scenario(folder, toml, handlers, head)
    return Simulation(found.variant(found.baseline), seed)
