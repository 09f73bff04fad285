"""Experiments: one seed one result, variants side by side, on several processes, as JSON, as a log stream."""

from __future__ import annotations

import json

import pytest
from tests.lab.build import CALLER, run, scenario

from contend.lab.errors import ScenarioError
from contend.lab.experiment import emit_events, parse_sweep, simulate
from contend.lab.scenario_file import Sweep
from contend.lab.statistics import estimate
from contend.lab.witness import find_witness
from contend.reports.page import Page, plain_text
from contend.reports.simulation_charts import chart_specs
from contend.reports.simulation_json import FIELDS, simulation_json
from contend.reports.simulation_terminal import add_simulation

CROWD = (
    CALLER
    + """
    [[workload]]
    kind = "bursts"
    caller = "adder"
    size = 6
    spread_ms = 20
    every = "1s"
    [variants.spread]
    workload = [{ kind = "bursts", caller = "adder", size = 6, spread_ms = 500, every = "1s" }]
"""
)


def test_one_seed_one_result(tmp_path):
    assert run(tmp_path, CROWD, seed=3) == run(tmp_path, CROWD, seed=3)
    assert run(tmp_path, CROWD, seed=3) != run(tmp_path, CROWD, seed=4)


def test_variants_side_by_side(tmp_path):
    result = simulate(scenario(tmp_path, CROWD), seeds=4)
    together = result.variant("baseline").function("counters:add").values
    spread = result.variant("spread").function("counters:add").values
    assert together["calls"].mean == spread["calls"].mean == 60
    assert together["conflicts"].low > spread["conflicts"].high
    assert together["calls"].half_width == 0


def test_several_processes_give_the_same(tmp_path):
    found = scenario(tmp_path, CROWD)
    assert simulate(found, seeds=3, jobs=1) == simulate(found, seeds=3, jobs=2)


def test_a_sweep_runs_each_value(tmp_path):
    found = scenario(tmp_path, CROWD)
    result = simulate(found, variants=["baseline"], seeds=2, sweep=parse_sweep("workload.0.size=1,3,6"))
    assert [variant.name for variant in result.variants] == [f"baseline, size = {size}" for size in (1, 3, 6)]
    conflicts = [variant.function("counters:add").values["conflicts"].mean for variant in result.variants]
    assert conflicts[0] == 0 < conflicts[1] < conflicts[2]


def test_a_sweep_is_written_with_a_key_and_values():
    assert parse_sweep("params.mode=1,2.5,fast") == Sweep("params.mode", (1, 2.5, "fast"))
    with pytest.raises(ScenarioError):
        parse_sweep("params.mode")


def test_the_json_of_an_outcome(tmp_path):
    found = simulation_json(simulate(scenario(tmp_path, CROWD), seeds=2, seed=7))
    assert found["seed"] == 7
    assert found["assumptions"]
    (function,) = found["variants"][0]["functions"]
    assert {"function", *FIELDS} <= set(function)
    assert function["calls"] == 60
    assert function["attempts"] == function["calls"] + function["retries"]
    assert function["conflicts_by"][0]["writer"] == "counters:add"
    assert found["variants"][0]["measures"] == {}
    json.dumps(found, allow_nan=False)


def test_the_terminal_shows_variants_and_assumptions(tmp_path):
    page = Page(width=80)
    add_simulation(page, simulate(scenario(tmp_path, CROWD), seeds=2))
    text = plain_text(page)
    assert "counters:add" in text
    assert "lost to itself, on one document of counters" in text
    assert "5 ms plus 2 ms per read or write" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_charts_show_what_any_variant_has(tmp_path):
    charts = chart_specs(simulate(scenario(tmp_path, CROWD), seeds=2))
    assert set(charts) == {"conflicts", "p95"}  # nothing was lost, nothing re-run
    rows = charts["conflicts"]["data"]["values"]
    assert [row["variant"] for row in rows] == ["baseline", "spread"]
    assert all(row["low"] <= row["mean"] <= row["high"] for row in rows)


def test_events_are_those_of_a_log_stream(tmp_path):
    """One event per attempt; a conflict that is retried is a success with `occ_info`."""
    lines: list[str] = []
    result = emit_events(scenario(tmp_path, CROWD), "baseline", 1, lines.append)
    events = [json.loads(line) for line in lines]
    add = result.functions["counters:add"]
    conflicted = [event for event in events if event["occ_info"]]
    assert len(events) == add.attempts
    assert len(conflicted) == add.conflicts
    assert sum(not event["will_retry"] for event in events) == add.calls
    retried = next(event for event in conflicted if event["will_retry"])
    assert retried["status"] == "success"
    assert retried["error_message"] is None
    assert retried["occ_info"]["write_source"] == "counters.js:add"
    assert retried["occ_info"]["retry_count"] == retried["function"]["mutation_retry_count"]
    assert retried["run_reason"] == "httpApi"
    assert len({event["function"]["request_id"] for event in events}) == add.calls
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)


def test_a_run_stops_at_its_budget_of_events(tmp_path):
    head_with_budget = 'event_budget = 100\nduration = "10s"\n[handlers]\ncounters = "counters.py"\n'
    result = run(tmp_path, CROWD, head=head_with_budget)
    assert result.stopped_ms is not None


def test_a_mean_comes_with_its_interval():
    found = estimate([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.half_width == pytest.approx(4.303 / 3**0.5)
    assert estimate([5.0]).half_width is None


QUEUE = """
    async def setup(ctx):
        return {"id": await ctx.db.insert("counters", {"name": "a", "value": 0})}

    async def push(ctx, args):
        await ctx.db.insert("counters", {"name": args["name"], "value": ctx.now})

    async def drain(ctx, args):
        rows = await ctx.db.query("counters").with_index("by_name", lambda q: q.eq("name", "b")).collect()
        for row in rows:
            await ctx.db.delete(row["_id"])
"""
PUSH_AND_DRAIN = """
    [callers.push]
    steps = [{ call = "counters:push", args = { name = "b" } }]
    [callers.drain]
    steps = [{ call = "counters:drain", args = {} }]
    [[workload]]
    kind = "poisson"
    caller = "push"
    rate_per_s = 20
    [[workload]]
    kind = "poisson"
    caller = "drain"
    rate_per_s = 5
"""


def test_a_witness_is_the_shortest_interleaving(tmp_path):
    """A drain that found nothing writes nothing, and cannot conflict: one push has to come before."""
    variant = scenario(tmp_path, PUSH_AND_DRAIN, QUEUE).variant("baseline")
    witness = find_witness(variant, "counters:drain", "counters:push")
    assert [call.function for call in witness.before] == ["counters:push"]
    assert witness.conflict.index_name == "by_name"
    text = witness.text()
    assert "counters:drain loses to counters:push" in text
    assert "sequenceDiagram" in text


def test_what_never_conflicts_has_no_witness(tmp_path):
    variant = scenario(tmp_path, PUSH_AND_DRAIN, QUEUE).variant("baseline")
    with pytest.raises(ScenarioError, match="does not lose to"):
        find_witness(variant, "counters:push")


FRESHNESS = """
    async def setup(ctx):
        await ctx.db.insert("counters", {"name": "session-0", "value": ctx.now})

    async def touch(ctx, args):
        row = await ctx.db.query("counters").with_index("by_name", lambda q: q.eq("name", args["name"])).unique()
        if args["at"] - row["value"] > ctx.params["threshold_s"] * 1000:
            await ctx.db.patch(row["_id"], {"value": args["at"]})
"""


def test_how_far_a_field_lags_behind(tmp_path):
    toml = """
        [params]
        threshold_s = 30
        [population]
        users = 1
        [callers.page]
        steps = [{ call = "counters:touch", args = { name = "$session", at = "$now" } }]
        [[workload]]
        kind = "poisson"
        caller = "page"
        rate_per_s = 1
        [measures.staleness]
        lag_of = "page"
        key = "$session"
        match = "name"
        stored = "counters.value"
        every = "1s"
        [variants.always.params]
        threshold_s = 0
    """
    head = 'duration = "10m"\n[handlers]\ncounters = "counters.py"\n[tables.counters]\nby_name = ["name"]\n'
    result = simulate(scenario(tmp_path, toml, FRESHNESS, head), seeds=2)
    guarded = result.variant("baseline").measures["staleness"]
    assert 20_000 < guarded["max"].mean <= 30_000
    assert result.variant("always").measures["staleness"]["max"].mean < 100
