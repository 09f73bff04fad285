"""Which clients let calls run at the same time, and what they do with calls that failed."""

from __future__ import annotations

import pytest
from tests.lab.build import run

BURST = """
    [[workload]]
    kind = "trace"
    caller = "caller"
    at_ms = [0]
"""


def caller(client: str, calls: int = 8) -> str:
    steps = ", ".join(['{ call = "counters:add", args = { id = "$setup.id" } }'] * calls)
    return f'[callers.caller]\nclient = "{client}"\nsteps = [{{ parallel = [{steps}] }}]\n'


@pytest.mark.parametrize("client", ["fetch-mutation", "http-api", "http-client-skip-queue", "action", "node-action"])
def test_these_clients_let_their_calls_meet(tmp_path, client):
    add = run(tmp_path, caller(client) + BURST).functions["counters:add"]
    assert add.calls == 8
    assert add.conflicts > 7


@pytest.mark.parametrize("client", ["websocket", "http-client"])
def test_these_clients_send_one_mutation_after_another(tmp_path, client):
    add = run(tmp_path, caller(client) + BURST).functions["counters:add"]
    assert (add.calls, add.attempts, add.conflicts) == (8, 8, 0)


@pytest.mark.parametrize("client", ["fetch-mutation", "websocket"])
def test_latency_counts_both_ways(tmp_path, client):
    head = """
    duration = "1s"
    [handlers]
    counters = "counters.py"
    """
    add = run(tmp_path, caller(client, calls=1) + BURST, head=head).functions["counters:add"]
    assert add.p50_ms == 20 + 5 + 2 * 2 + 20


def test_a_retry_waits_until_it_can_read_what_it_lost_to(tmp_path):
    """The winner is checked at 9 ms and published at 3 009 ms: retries before that could only lose again."""
    head = """
    duration = "1s"
    [handlers]
    counters = "counters.py"
    [timing]
    network_ms = 0
    persist_ms = 3000
    """
    add = run(tmp_path, caller("http-api", calls=2) + BURST, head=head).functions["counters:add"]
    assert (add.attempts, add.conflicts, add.writes) == (3, 1, 2)
    assert add.p99_ms == 3009 + 9 + 3000


def test_two_tabs_meet(tmp_path):
    """One connection each."""
    toml = """
        [population]
        users = 1
        [callers.tab]
        client = "websocket"
        steps = [{ call = "counters:add", args = { id = "$setup.id" } }]
        [[workload]]
        kind = "tabs"
        caller = "tab"
        per_user = 2
    """
    add = run(tmp_path, toml).functions["counters:add"]
    assert (add.calls, add.conflicts, add.writes) == (2, 1, 2)


SLOW = """
    async def setup(ctx):
        return {"id": await ctx.db.insert("counters", {"name": "hot", "value": 0})}

    async def slow(ctx, args):
        row = await ctx.db.get(args["id"])
        await ctx.db.patch(args["id"], {"value": row["value"] + 1})
"""
CROWD = """
    [callers.{name}]
    client = "{client}"
    steps = [{{ call = "counters:slow", args = {{ id = "$setup.id" }} }}]
    [[workload]]
    kind = "bursts"
    caller = "{name}"
    size = 40
    every = "20s"
    same_user = false
    [population]
    users = 40
"""


def test_over_http_a_call_is_lost_after_four_retries(tmp_path):
    slow = run(tmp_path, CROWD.format(name="crowd", client="fetch-mutation"), SLOW).functions["counters:slow"]
    assert slow.failures > 0
    assert slow.writes == slow.calls - slow.failures
    assert slow.resends == 0


def test_over_a_websocket_it_is_sent_again_until_it_succeeds(tmp_path):
    slow = run(tmp_path, CROWD.format(name="crowd", client="websocket"), SLOW).functions["counters:slow"]
    assert slow.resends > 0
    assert slow.failures == slow.resends
    assert slow.writes == slow.calls == 40


def test_scheduled_mutations_retry_for_ever(tmp_path):
    handlers = (
        SLOW
        + """
    async def fan_out(ctx, args):
        for _ in range(40):
            await ctx.scheduler.run_after(0, slow, args)
    """
    )
    toml = """
        [callers.one]
        steps = [{ call = "counters:fan_out", args = { id = "$setup.id" } }]
        [[workload]]
        kind = "trace"
        caller = "one"
        at_ms = [0]
    """
    slow = run(tmp_path, toml, handlers).functions["counters:slow"]
    assert slow.calls == slow.writes == 40
    assert slow.failures == 0
    assert {loss.writer for loss in slow.conflicts_by} == {"scheduled_job_mutation_success"}


def test_a_scheduler_with_one_slot_runs_one_job_at_a_time(tmp_path):
    handlers = (
        SLOW
        + """
    async def fan_out(ctx, args):
        for _ in range(10):
            await ctx.scheduler.run_after(0, "counters:slow", args)
    """
    )
    toml = """
        [deployment]
        scheduled_jobs = 1
        [callers.one]
        steps = [{ call = "counters:fan_out", args = { id = "$setup.id" } }]
        [[workload]]
        kind = "trace"
        caller = "one"
        at_ms = [0]
    """
    slow = run(tmp_path, toml, handlers).functions["counters:slow"]
    assert (slow.calls, slow.conflicts) == (10, 0)


def test_a_cron_never_overlaps_itself(tmp_path):
    toml = """
        [crons.count]
        function = "counters:add"
        args = { id = "$setup.id" }
        every = "1s"
        offset = "0s"
    """
    slow = HEAD_WITH_SLOW_RUNS
    add = run(tmp_path, toml, head=slow).functions["counters:add"]
    assert add.calls == add.attempts == 4  # of 11 that came due: each takes 2.5 s and a little
    assert add.conflicts == 0


HEAD_WITH_SLOW_RUNS = """
    duration = "10s"
    [handlers]
    counters = "counters.py"
    [timing]
    network_ms = 0
    run_ms = 2500
"""


def test_one_permit_makes_calls_wait_with_their_old_snapshot(tmp_path):
    """Who waits for a permit has begun already, so waiting widens its window."""
    toml = """
        [deployment]
        concurrent_mutations = 1
        [callers.one]
        steps = [{ call = "counters:add", args = { id = "$setup.id" } }]
        [[workload]]
        kind = "trace"
        caller = "one"
        at_ms = [0, 1]
    """
    add = run(tmp_path, toml).functions["counters:add"]
    assert (add.attempts, add.conflicts) == (3, 1)


def test_who_waits_five_seconds_for_a_permit_is_refused(tmp_path):
    toml = """
        [deployment]
        concurrent_mutations = 1
        [timing]
        run_ms = 6000
        [callers.one]
        steps = [{ call = "counters:add", args = { id = "$setup.id" } }]
        [[workload]]
        kind = "trace"
        caller = "one"
        at_ms = [0, 1]
    """
    head = """
    duration = "10s"
    [handlers]
    counters = "counters.py"
    """
    add = run(tmp_path, toml, head=head).functions["counters:add"]
    assert add.errors == 1
    assert "Too many concurrent requests" in next(iter(add.errors_by))
