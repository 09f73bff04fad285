"""How often functions start, and what starts together."""

from dataclasses import replace

import pytest
from tests.conflicts.build import HERE, NOW, app, arg, calls, computed, const, field, function, loop, when

from contend.conflicts import Heat, Traffic, heats
from contend.model.callers import Caller, Cron
from contend.model.functions import Guard
from contend.model.values import UNKNOWN, Origin, Value

F = function("m:f")
G = function("m:g", kind="action")


def heat(*callers: Caller, traffic: Traffic | None = None) -> Heat:
    return heats(app([], [F, G], callers), traffic)["m:f"]


def test_every_request_of_a_page_load_calls_at_the_same_time() -> None:
    """20 users, 15 page loads a day, 4 requests a load spread over 150 ms."""
    found = heat(calls("m:f", "server-request", "http", entry="src/hooks.server.ts"))
    (source,) = found.sources
    assert (source.events_per_day, source.width, source.spread_ms) == (300, 4, 150)
    assert found.calls_per_day == 1_200
    assert found.concurrent


def test_a_client_that_all_requests_share_sends_one_after_the_other() -> None:
    shared = replace(calls("m:f", "server-request", "http", entry="src/hooks.server.ts"), queued=True)
    assert not heat(shared).concurrent


def test_one_page_is_viewed_less_often_than_all() -> None:
    found = heat(calls("m:f", "server-request", "http", entry="src/routes/team/+page.server.ts"))
    assert (found.calls_per_day, found.concurrent) == (60, False)


def test_a_websocket_serialises_even_a_parallel_loop() -> None:
    found = heat(calls("m:f", "event", loops=(loop(parallel=True, bound=6),)))
    assert (found.calls_per_day, found.concurrent) == (600, False)


@pytest.mark.parametrize(("parallel", "concurrent"), [(True, True), (False, False)])
def test_an_action_calls_in_parallel_where_its_loop_does(parallel: bool, concurrent: bool) -> None:
    callers = [calls("m:g", "event"), calls("m:f", "action", "action", by="m:g", loops=(loop(parallel=parallel),))]
    found = heat(*callers)
    assert (found.calls_per_day, found.concurrent) == (1_000, concurrent)


def test_scheduled_jobs_of_a_loop_run_at_the_same_time() -> None:
    callers = [calls("m:g", "event"), calls("m:f", "scheduler", "scheduler", by="m:g", loops=(loop(bound=3),))]
    assert heat(*callers).concurrent


def test_calls_inside_another_mutation_are_no_calls_of_their_own() -> None:
    found = heat(calls("m:f", "function", "transaction", by="m:g"))
    assert (found.calls_per_day, found.called) == (0, True)


def test_a_timer_runs_in_every_open_tab() -> None:
    everywhere = heat(calls("m:f", "timer", period_ms=10_000, entry="src/app/layout.tsx"))
    assert everywhere.calls_per_day == 20 * 1.5 * 8 * 360


def test_a_timer_of_one_page_runs_while_a_tab_shows_that_page() -> None:
    one_page = heat(calls("m:f", "timer", period_ms=10_000, entry="src/app/room/page.tsx"))
    assert one_page.calls_per_day == pytest.approx(20 * 1.5 * 8 * 360 * 0.2)


@pytest.mark.parametrize(("event", "calls_per_day"), [("input", 2_000), ("keydown", 100)])
def test_typing_is_more_frequent_than_a_shortcut(event: str, calls_per_day: float) -> None:
    assert heat(calls("m:f", "keystroke", detail=event)).calls_per_day == calls_per_day


def test_loops_of_functions_that_start_each_other_are_bounded_like_nested_ones() -> None:
    """A loop without a known bound runs 10 times, nested ones at most 100: also where each stands in its own action."""
    chain = [function(f"m:{name}", kind="action") for name in "abc"]
    starts = [
        calls("m:a", "event", "websocket"),
        *(
            replace(calls(to, "action", "action", loops=(loop(),)), from_function=start)
            for start, to in (("m:a", "m:b"), ("m:b", "m:c"), ("m:c", "m:f"))
        ),
    ]
    found = heats(app([], [F, *chain], starts))
    assert [found[f"m:{name}"].calls_per_day for name in "abcf"] == [100, 1_000, 10_000, 10_000]


def test_a_loop_that_draws_the_buttons_does_not_multiply_a_click() -> None:
    """The loop stands around the handler; the chain starts at the handler and ends at the call."""
    rows = loop(arg("rows"), parallel=True)
    drawn = calls("m:f", "event", loops=(rows,), entry=HERE.file, through=("onSave", "m:f"))
    assert heat(drawn).calls_per_day == 100


def test_a_cron_runs_around_the_clock() -> None:
    assert heat(calls("m:f", "cron", "cron", period_ms=60_000)).calls_per_day == 1_440


def test_a_cron_without_a_period_takes_that_of_its_entry() -> None:
    schedule = Cron("sweep", "m:f", "daily", 86_400_000, HERE)
    found = app([], [F], [calls("m:f", "cron", "cron")])
    daily = type(found)(found.root, found.functions_dir, None, {}, found.functions, found.callers, crons=(schedule,))
    assert heats(daily)["m:f"].calls_per_day == 1


def test_pages_for_administrators_have_few_users() -> None:
    assert heat(calls("m:f", "event", entry="src/app/admin/page.tsx")).calls_per_day == 10


def test_nobody_in_the_repository_calls_it() -> None:
    found = heat()
    assert not found.called
    assert found.calls_per_day == 1
    assert found.assumptions == ("nobody in this repository calls it: taken as 1 a day",)


def test_only_scripts_call_it() -> None:
    found = heat(calls("m:f", "script", "http", entry="scripts/seed.ts"))
    assert found.scripts_only
    assert found.calls_per_day == 0.1


def test_a_function_that_schedules_itself_runs_by_its_delay() -> None:
    assert heat(calls("m:f", "scheduler", "scheduler", by="m:f", delay_ms=60_000)).calls_per_day == 1_440


def test_functions_that_start_each_other_run_as_often_as_they_are_started_from_outside() -> None:
    callers = [
        calls("m:g", "event"),
        calls("m:f", "scheduler", "scheduler", by="m:g"),
        calls("m:g", "scheduler", "scheduler", by="m:f"),
    ]
    assert heat(*callers).calls_per_day >= 100


def test_clients_that_watch_the_same_query_react_together() -> None:
    assert heat(calls("m:f", "effect", watches="m:room")).concurrent
    assert not heat(calls("m:f", "effect")).concurrent


def test_a_guard_that_picks_one_client_stops_the_herd() -> None:
    host_only = when(Value(Origin.UNKNOWN, "isHost"))
    assert not heat(calls("m:f", "effect", watches="m:room", guards=(host_only,))).concurrent


@pytest.mark.parametrize(
    ("guard", "calls_per_day"),
    [
        (when(computed("<=", field("session", "expiresAt", "sessions"), NOW)), 120),  # if (session.expiresAt <= now)
        (when(computed("<=", field("session", "expiresAt", "sessions"), NOW), holds=False), 1_200),  # … else
        (
            when(computed("!", field("session", "user", "sessions")), holds=False, early_exit=True),
            1_200,
        ),  # return first
        (when(field("session", "user", "sessions")), 1_200),  # if (session.user)
        (when(computed(">", field("list", "length", "lists"), const(0))), 1_200),  # if (list.length > 0)
    ],
)
def test_a_branch_that_asks_for_something_special_is_rarely_taken(guard: Guard, calls_per_day: float) -> None:
    found = heat(calls("m:f", "server-request", "http", entry="src/hooks.server.ts", guards=(guard,)))
    assert found.calls_per_day == pytest.approx(calls_per_day)


def test_arguments_from_the_loop_differ_between_its_rounds() -> None:
    items = arg("items")
    arguments = [("item", computed("call:[]", items)), ("room", arg("room")), ("id", UNKNOWN), ("kind", const("x"))]
    (source,) = heat(calls("m:f", "event", "http", loops=(loop(items),), arguments=arguments)).sources
    assert source.per_item == {"item", "id"}


def test_the_table_can_be_overridden() -> None:
    assert heat(calls("m:f", "event"), traffic=Traffic(users=1_000)).calls_per_day == 5_000


def from_endpoint(file: str, label: str = "POST endpoint") -> Caller:
    """A call of an endpoint that `file` wraps."""
    found = calls("m:f", "server-request", "http", entry=file)
    return replace(found, trigger=replace(found.trigger, detail=label, entry=label))


@pytest.mark.parametrize(
    ("file", "label", "concurrent"),
    [
        ("src/lib/server/middleware/rateLimit.ts", "POST endpoint", False),  # a directory's name says nothing
        ("src/middleware.ts", "POST endpoint", False),  # its helper wraps an endpoint
        ("src/middleware.ts", "middleware, every request", True),
        ("app/layout.tsx", "layout /", True),
        ("src/routes/+layout.server.ts", "load of +layout", True),
        ("src/app/layouts/page.tsx", "page /layouts", False),
    ],
)
def test_what_every_request_passes_is_told_by_the_entry(file: str, label: str, concurrent: bool) -> None:
    assert heat(from_endpoint(file, label)).concurrent is concurrent


def test_a_call_in_a_catch_happens_where_something_failed() -> None:
    caught = when(Value(Origin.UNKNOWN, "an error was caught"))
    assert heat(calls("m:f", "event", guards=(caught,))).calls_per_day == 10
    assert (
        heat(calls("m:f", "server-request", "http", entry="src/hooks.server.ts", guards=(caught,))).calls_per_day == 120
    )


@pytest.mark.parametrize(
    ("condition", "calls_per_day"),
    [
        (Value(Origin.UNKNOWN, "window.open().closed"), 100),  # if (popup.closed) { clearInterval(timer); save() }
        (computed("==", Value(Origin.UNKNOWN, "job.status"), const("completed")), 100),
        (Value(Origin.UNKNOWN, "userId"), 172_800),  # a beat of those who are signed in
    ],
)
def test_a_timer_that_waits_for_an_end_calls_once(condition: Value, calls_per_day: float) -> None:
    beat = calls("m:f", "timer", period_ms=1_000, entry="src/app/room/page.tsx", guards=(when(condition),))
    assert heat(beat).calls_per_day == pytest.approx(calls_per_day)


def test_what_draws_the_page_around_a_timer_is_no_end_that_it_waits_for() -> None:
    closed = when(Value(Origin.UNKNOWN, "survey.closed"))
    beat = calls("m:f", "timer", period_ms=1_000, entry="src/app/room/page.tsx", guards=(closed,))
    assert heat(replace(beat, scope="src/app/room/page.tsx:20")).calls_per_day == pytest.approx(172_800)


def test_a_start_that_nobody_calls_is_told_apart() -> None:
    found = heat(calls("m:f", "scheduler", "scheduler", by="m:g"))
    assert found.called
    assert "nobody in this repository calls what starts it: taken as 1 a day" in found.assumptions
    assert not any("calls it:" in text for text in found.assumptions)
