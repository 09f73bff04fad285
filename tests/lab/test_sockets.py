"""Connections and live queries under too much of a good thing."""

from __future__ import annotations

import pytest
from tests.lab.build import run

ADD = '{ call = "counters:add", args = { id = "$setup.id" } }'


def crowd(calls: int) -> str:
    steps = ", ".join([ADD] * calls)
    return f"""
        [callers.tab]
        client = "websocket"
        steps = [{{ parallel = [{steps}] }}]
        [[workload]]
        kind = "trace"
        caller = "tab"
        at_ms = [0]
    """


@pytest.mark.parametrize(("waiting", "closes"), [(4, False), (5, True), (8, True)])
def test_too_many_waiting_calls_close_the_connection_and_none_is_lost(tmp_path, monkeypatch, waiting, closes):
    """One runs and four wait: that is what the server lets wait here."""
    monkeypatch.setattr("contend.lab.clients.SOCKET_QUEUE", 4)
    add = run(tmp_path, crowd(1 + waiting)).functions["counters:add"]
    assert (add.calls, add.writes, add.errors, add.conflicts) == (1 + waiting, 1 + waiting, 0, 0)
    assert (add.p99_ms > 500) is closes


LIVE = """
    [callers.tab]
    client = "websocket"
    views.counter = {{ query = "counters:get", args = {{ id = "$setup.id" }} }}
    [callers.server]
    steps = [{add}]
    [timing]
    run_ms = 100
    per_operation_ms = 0
    network_ms = 0
    [[workload]]
    kind = "tabs"
    caller = "tab"
    per_user = 1
    user = 0
    [[workload]]
    kind = "trace"
    caller = "server"
    at_ms = {at}
"""
HEAD = """
    duration = "10s"
    [handlers]
    counters = "counters.py"
    [tables.counters]
"""


@pytest.mark.parametrize(("at", "reruns"), [("[1000, 2000, 3000]", 3), ("[1000, 1100, 1200]", 3), ("[1000, 1120]", 2)])
def test_a_live_query_runs_again_for_each_commit(tmp_path, at, reruns):
    result = run(tmp_path, LIVE.format(add=ADD, at=at), head=HEAD)
    assert result.functions["counters:get"].query_reruns == reruns


def test_what_is_written_while_it_runs_makes_one_new_run(tmp_path):
    """Commits at 1100, 1101 and 1102 of rows that it reads: the first starts a run of 100 ms, the others wait for its
    end together."""
    handlers = """
    from contend.lab.handlers import mutation, query

    async def setup(ctx):
        return {"id": "none"}

    @mutation
    async def add(ctx, args):
        await ctx.db.insert("counters", {"name": "one more"})

    @query
    async def get(ctx, args):
        return len(await ctx.db.query("counters").collect())
    """
    result = run(tmp_path, LIVE.format(add=ADD, at="[1000, 1001, 1002]"), handlers, head=HEAD)
    assert result.functions["counters:add"].conflicts == 0
    assert result.functions["counters:get"].query_reruns == 2
