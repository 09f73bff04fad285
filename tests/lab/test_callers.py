"""What callers do: the steps of their scripts."""

from __future__ import annotations

import pytest
from tests.lab.build import run

ADD = '{ call = "counters:add", args = { id = "$setup.id" } }'


def once(steps: str, more: str = "", at: str = "[0]") -> str:
    return f'[callers.one]\nsteps = [{steps}]\n[[workload]]\nkind = "trace"\ncaller = "one"\nat_ms = {at}\n{more}'


def calls(folder, toml: str) -> int:
    return run(folder, toml).functions["counters:add"].calls


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (f"{{ sequence = [{ADD}, {ADD}] }}", (2, 0)),
        (f"{{ parallel = [{ADD}, {ADD}] }}", (2, 1)),
        (f"{{ repeat = 5, do = [{ADD}] }}", (5, 0)),
        (f"{{ fire = [{ADD}] }}, {ADD}", (2, 1)),
        (f"{{ fire = [{ADD}] }}, {{ wait_ms = 50 }}, {ADD}", (2, 0)),
    ],
)
def test_calls_meet_only_where_the_script_lets_them(tmp_path, steps, expected):
    add = run(tmp_path, once(steps)).functions["counters:add"]
    assert (add.calls, add.conflicts) == expected


def test_a_debounce_waits_until_it_is_quiet(tmp_path):
    steps = f'{{ debounce_ms = 100, per = "instance", do = {ADD} }}'
    assert calls(tmp_path, once(steps, at="[0, 50, 100, 150, 1000]")) == 2


def test_a_debounce_per_server_has_one_timer_for_all_who_meet_there(tmp_path):
    """Which is why it drops the touches of others, and why more servers mean more writes."""
    toml = f"""
        [population]
        users = 50
        instances = 8
        [callers.one]
        steps = [{{ debounce_ms = 1000, per = "instance", do = {ADD} }}]
        [[workload]]
        kind = "bursts"
        caller = "one"
        size = 50
        same_user = false
        every = "60s"
    """
    assert calls(tmp_path, toml) == 8


def test_a_timer_on_a_frozen_server_may_never_run(tmp_path):
    steps = f'{{ debounce_ms = 100, per = "request", survives = 0.0, do = {ADD} }}, {ADD}'
    assert calls(tmp_path, once(steps, at="[0, 1000]")) == 2


def test_single_flight_joins_calls_of_one_server(tmp_path):
    steps = f'{{ single_flight = "instance", do = {ADD} }}'
    assert calls(tmp_path, once(steps, at="[0, 1, 2, 3, 500]")) == 2


def test_single_flight_per_request_joins_nothing_across_requests(tmp_path):
    steps = f'{{ single_flight = "request", do = {ADD} }}'
    assert calls(tmp_path, once(steps, at="[0, 1, 2, 3, 500]")) == 5


def test_once_per_page_load(tmp_path):
    toml = f"""
        [callers.one]
        steps = [{{ once_per = "page_load", do = {ADD} }}]
        [[workload]]
        kind = "bursts"
        caller = "one"
        size = 4
        spread_ms = 150
        every = "2s"
    """
    assert calls(tmp_path, toml) == 5


def test_only_the_leader_tab_calls(tmp_path):
    toml = f"""
        [population]
        users = 3
        [callers.tab]
        client = "websocket"
        steps = [{{ leader_tab = [{ADD}] }}]
        [[workload]]
        kind = "tabs"
        caller = "tab"
        per_user = 4
    """
    assert calls(tmp_path, toml) == 3


def test_a_retry_around_the_call_recovers_what_conflicts_lost(tmp_path):
    """As 40 parallel first requests: some are lost, none with a retry of their own."""
    crowd = """
        [[workload]]
        kind = "bursts"
        caller = "one"
        size = 40
        every = "60s"
    """
    plain = run(tmp_path, f"[callers.one]\nsteps = [{ADD}]\n" + crowd).functions["counters:add"]
    retried = run(
        tmp_path, f"[callers.one]\nsteps = [{{ retry = 20, backoff_ms = 500, do = {ADD} }}]\n" + crowd
    ).functions["counters:add"]
    assert plain.failures > 0
    assert plain.writes == 40 - plain.failures
    assert retried.writes == 40


def test_a_guard_on_a_view_stops_a_second_call(tmp_path):
    toml = f"""
        [callers.tab]
        client = "websocket"
        views.counter = {{ query = "counters:get", args = {{ id = "$setup.id" }} }}
        [[callers.tab.effects]]
        view = "counter"
        when = {{ view = "counter", field = "value", is = 0 }}
        do = {ADD}
        [[workload]]
        kind = "tabs"
        caller = "tab"
        per_user = 1
        user = 0
    """
    result = run(tmp_path, toml)
    assert result.functions["counters:add"].calls == 1
    assert result.functions["counters:get"].query_reruns == 1


LOOP = """
    [callers.tab]
    client = "websocket"
    views.counter = {{ query = "counters:get", args = {{ id = "$setup.id" }} }}
    [[callers.tab.effects]]
    view = "counter"
    depends_on = {depends_on}
    do = {{ call = "counters:add", args = {{ id = "$setup.id" }} }}
    [[workload]]
    kind = "tabs"
    caller = "tab"
    per_user = {tabs}
    user = 0
"""


def test_an_effect_that_writes_what_it_depends_on_sets_itself_off_for_ever(tmp_path):
    """The second seed: one tab never conflicts with itself, and makes hundreds of calls."""
    result = run(tmp_path, LOOP.format(depends_on='["value"]', tabs=1))
    add = result.functions["counters:add"]
    assert add.conflicts == 0
    assert add.calls > 500
    assert result.functions["counters:get"].query_reruns >= add.calls - 1


def test_with_two_tabs_the_loop_conflicts_too(tmp_path):
    assert run(tmp_path, LOOP.format(depends_on='["value"]', tabs=2)).functions["counters:add"].conflicts > 10


def test_an_effect_on_a_field_that_stays_the_same_sleeps(tmp_path):
    assert run(tmp_path, LOOP.format(depends_on='["name"]', tabs=1)).functions["counters:add"].calls == 1


def test_nobody_writes_after_the_last_tab_is_closed(tmp_path):
    toml = LOOP.format(depends_on='["value"]', tabs=1) + "    stay_ms = 1000\n"
    assert 30 < run(tmp_path, toml).functions["counters:add"].calls < 100
