"""What pairs cost, and how bad that is. The apps are those of well-known findings."""

from dataclasses import replace

import pytest
from tests.conflicts.build import (
    ME,
    NOW,
    app,
    arg,
    calls,
    computed,
    const,
    eq,
    field,
    function,
    identifier,
    index,
    insert,
    loop,
    patch,
    read,
    subscribes,
    table,
    when,
)

from contend.conflicts import Estimator, Traffic, derive_pairs, estimate, severity
from contend.conflicts.meeting import window_s
from contend.model.app import App
from contend.model.callers import Caller
from contend.model.findings import Impact, Severity
from contend.model.functions import Guard, Reach
from contend.model.places import Frame
from contend.model.values import Origin, Value

SESSIONS = table("sessions", index("by_session", "sessionId"), index("by_user", "userId"), userId=identifier("users"))
EVERY_REQUEST = calls("sessions:touch", "server-request", "http", entry="src/hooks.server.ts")


def touching(*callers: Caller, guards: tuple[Guard, ...] = ()) -> App:
    """A session row that gets a new stamp."""
    found = read("sessions", "by_session", eq("sessionId", arg("sessionId")), row="s")
    stamp = patch("sessions", field("s", "_id", "sessions"), row="s", lastSeenAt=NOW, guards=guards)
    return app([SESSIONS], [function("sessions:touch", found, stamp)], callers)


def test_a_session_touched_by_every_request() -> None:
    """300 page loads a day, a burst of four transactions of 9 ms each: about 0.7 retries a load."""
    pairs = derive_pairs(touching(EVERY_REQUEST))
    impact = estimate(pairs.of_victim("sessions:touch"), pairs)
    assert impact.retries_per_day == pytest.approx(300 * 0.74, rel=0.1)
    assert impact.failures_per_day < 0.01
    assert "4 server requests a page load, spread over 150 ms" in impact.assumptions


def test_several_intervals_between_the_same_two_functions_count_once() -> None:
    pairs = derive_pairs(touching(EVERY_REQUEST))
    both = pairs.of_victim("sessions:touch")
    assert len(both) == 2
    assert estimate(both, pairs).retries_per_day == estimate(both[:1], pairs).retries_per_day


def test_a_guard_by_age_lowers_it_but_a_stale_burst_passes() -> None:
    """One load every half hour of a user's day: nearly every burst is stale, and three of four still write."""
    age = computed("<", computed("-", NOW, field("s", "lastSeenAt", "sessions")), const(30_000))
    guarded = derive_pairs(touching(EVERY_REQUEST, guards=(when(age, holds=False, early_exit=True),)))
    bare = derive_pairs(touching(EVERY_REQUEST))
    left = estimate(guarded.all, guarded).retries_per_day / estimate(bare.all, bare).retries_per_day
    assert 0.3 < left < 1


@pytest.mark.parametrize(
    ("condition", "seconds"),
    [
        (computed("<", computed("-", NOW, field("s", "at", "t")), const(30_000)), 30),
        (computed(">", NOW, field("s", "at", "t")), None),
        (computed("==", field("s", "state", "t"), const("done")), None),
    ],
)
def test_only_a_comparison_with_a_length_of_time_is_a_window(condition: Value, seconds: float | None) -> None:
    assert window_s(condition) == seconds


def test_calls_of_one_user_over_one_socket_meet_only_those_of_other_tabs() -> None:
    mine = function("u:mine", read("sessions", "by_user", eq("userId", ME), row="s"), patch("sessions", ME, row="s"))
    pairs = derive_pairs(app([SESSIONS], [mine], [calls("u:mine", "timer", period_ms=1_000)]))
    several = estimate(pairs.all, pairs)
    one = estimate(pairs.all, pairs, Traffic(tabs=1))
    assert one.retries_per_day == 0
    assert several.retries_per_day > 0


def test_a_parallel_loop_over_one_row_and_over_many() -> None:
    bump = function("c:bump", patch("counters", arg("id"), n=arg("n")), id=identifier("counters"))

    def retries(argument: Value) -> float:
        caller = calls(
            "c:bump", "event", "http", loops=(loop(arg("items"), parallel=True, bound=8),), arguments=[("id", argument)]
        )
        pairs = derive_pairs(app([table("counters")], [bump], [caller]))
        return estimate(pairs.all, pairs).retries_per_day

    assert retries(arg("parent")) > 100
    assert retries(Value(Origin.COMPUTED, "args.items[0]", op="call:[]", parts=(arg("items"),))) < 1


def test_a_room_full_of_clients_reacting_at_once() -> None:
    """Each over its own connection, so the server serialises nothing."""
    reveal = function("r:reveal", patch("rooms", arg("room"), open=const(True)), room=identifier("rooms"))

    def retries(caller: Caller) -> float:
        pairs = derive_pairs(app([table("rooms")], [reveal], [caller]))
        return estimate(pairs.all, pairs).retries_per_day

    assert retries(calls("r:reveal", "effect", watches="r:get")) > 50 * retries(calls("r:reveal", "effect"))


def test_a_cron_never_overlaps_itself() -> None:
    sweep = function(
        "r:sweep", read("rooms", None, reach="whole", row="r"), patch("rooms", field("r", "_id", "rooms"), row="r")
    )
    pairs = derive_pairs(app([table("rooms")], [sweep], [calls("r:sweep", "cron", "cron", period_ms=1_000)]))
    assert estimate(pairs.all, pairs).retries_per_day == 0


def test_every_write_into_what_a_live_query_read_reruns_it() -> None:
    """20 users × 60 requests, 30 open live queries, half of the table read: about 18 000 re-runs a day."""
    shown = function("s:me", read("sessions", None, reach="first", filtered=True, share=0.5), kind="query")
    touch = function("sessions:touch", patch("sessions", arg("sessionId"), lastSeenAt=NOW))
    everywhere = subscribes("s:me", component="app/layout.tsx")
    pairs = derive_pairs(app([SESSIONS], [shown, touch], [EVERY_REQUEST], [everywhere]))
    impact = estimate(pairs.of_victim("s:me"), pairs)
    assert impact.query_reruns_per_day == pytest.approx(18_000)
    assert severity(impact, "high", []).severity is Severity.HIGH
    assert severity(impact, "high", []).by == "query_reruns"


def test_a_query_of_one_page_is_open_while_that_page_is_shown() -> None:
    """A tab shows one given page a fifth of the time."""
    shown = function("s:me", read("sessions", None, reach="first", filtered=True, share=0.5), kind="query")
    touch = function("sessions:touch", patch("sessions", arg("sessionId"), lastSeenAt=NOW))
    pairs = derive_pairs(app([SESSIONS], [shown, touch], [EVERY_REQUEST], [subscribes("s:me")]))
    assert estimate(pairs.of_victim("s:me"), pairs).query_reruns_per_day == pytest.approx(18_000 / 5)


def test_a_query_that_nothing_subscribes_to_costs_nothing() -> None:
    shown = function("s:me", read("sessions", None, reach="whole"), kind="query")
    touch = function("sessions:touch", patch("sessions", arg("sessionId")))
    pairs = derive_pairs(app([SESSIONS], [shown, touch], [EVERY_REQUEST]))
    assert estimate(pairs.of_victim("s:me"), pairs).query_reruns_per_day == 0


def test_a_query_of_administrators_is_open_in_few_tabs() -> None:
    shown = function("s:me", read("sessions", None, reach="whole"), kind="query")
    touch = function("sessions:touch", patch("sessions", arg("sessionId")))

    def reruns(file: str) -> float:
        pairs = derive_pairs(app([SESSIONS], [shown, touch], [EVERY_REQUEST], [subscribes("s:me", file)]))
        return estimate(pairs.all, pairs).query_reruns_per_day

    assert reruns("src/app/admin/page.tsx") == pytest.approx(reruns("src/app/page.tsx") / 10)


def test_a_tenants_users_meet_less_on_one_of_its_documents_than_on_the_tenant() -> None:
    def retries(edited: str) -> float:
        edit = function("e:edit", patch(edited, arg("id"), text=arg("text")), id=identifier(edited))
        tables = [table("lists"), table("items", list=identifier("lists"))]
        pairs = derive_pairs(app(tables, [edit], [calls("e:edit", "event")]))
        return estimate(pairs.all, pairs).retries_per_day

    assert retries("items") == pytest.approx(retries("lists") / 20, rel=0.01)


def test_appends_hardly_meet_a_first_read_from_the_start() -> None:
    """…but each of them meets one from the end."""
    log = table("log", index("by_room", "room"))

    def retries(descending: bool) -> float:
        found = read("log", "by_room", eq("room", arg("room")), reach="first", descending=descending)
        append = function("l:append", found, insert("log", room=arg("room")))
        pairs = derive_pairs(app([log], [append], [calls("l:append", "event", "http")]))
        return estimate(pairs.all, pairs).retries_per_day

    assert 0 < retries(False) < retries(True) / 10


def test_what_nobody_calls_costs_nothing_and_weighs_little() -> None:
    pairs = derive_pairs(touching())
    estimator = Estimator(pairs)
    assert estimator.of_pairs(pairs.all).retries_per_day == 0
    worst = Impact(calls_per_day=100_000)
    assert estimator.severity(worst, "high", ["sessions:touch"]).severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("impact", "expected", "by"),
    [
        (Impact(retries_per_day=222), Severity.HIGH, "retries"),
        (Impact(calls_per_day=190_000, retries_per_day=1), Severity.CRITICAL, "calls"),
        (Impact(retries_per_day=0.6, query_reruns_per_day=18_000), Severity.HIGH, "query_reruns"),
        (Impact(failures_per_day=2, retries_per_day=90), Severity.HIGH, "failures"),
        (Impact(retries_per_day=20), Severity.MEDIUM, "retries"),
        (Impact(), Severity.INFO, "retries"),
    ],
)
def test_the_worst_component_decides_and_is_named(impact: Impact, expected: Severity, by: str) -> None:
    found = severity(impact, "high", [])
    assert (found.severity, found.by) == (expected, by)


def test_low_confidence_and_scripts_lower_it() -> None:
    only_scripts = derive_pairs(touching(calls("sessions:touch", "script", "http", entry="scripts/seed.ts")))
    estimator = Estimator(only_scripts)
    impact = Impact(retries_per_day=222)
    assert estimator.severity(impact, "high", ["sessions:touch"]).severity is Severity.MEDIUM
    assert estimator.severity(impact, "low", ["sessions:touch"]).severity is Severity.LOW


def test_a_filtered_first_match_is_read_after_half_of_the_range() -> None:
    """Where the extraction does not say how far: a match may stand anywhere in it."""
    touch = function("sessions:touch", patch("sessions", arg("sessionId"), lastSeenAt=NOW))

    def reruns(filtered: bool, *, reach: Reach = "first") -> float:
        shown = function("s:me", read("sessions", None, reach=reach, filtered=filtered), kind="query")
        pairs = derive_pairs(app([SESSIONS], [shown, touch], [EVERY_REQUEST], [subscribes("s:me")]))
        return estimate(pairs.of_victim("s:me"), pairs).query_reruns_per_day

    assert reruns(filtered=True) == reruns(filtered=False) / 2
    assert reruns(filtered=True, reach="range") == reruns(filtered=False, reach="range")


@pytest.mark.parametrize(("becomes", "closed"), [("publishing", True), ("scheduled", False)])
def test_a_status_that_the_first_call_changes_lets_no_second_one_write(becomes: str, closed: bool) -> None:
    """`if (post.status !== "scheduled") return; … patch(post._id, { status: "publishing" })`, started many times."""
    asked = computed("!=", field("p", "status", "posts"), const("scheduled"))
    found = read("posts", "by_slug", eq("slug", arg("slug")), row="p")
    moved = patch(
        "posts", field("p", "_id", "posts"), row="p", guards=(when(asked, False, True),), status=const(becomes)
    )
    publish = function("posts:publish", found, moved)
    start = calls("posts:publish", "scheduler", "scheduler", by="posts:all", loops=(loop(parallel=True, bound=8),))
    pairs = derive_pairs(
        app(
            [table("posts", index("by_slug", "slug"))],
            [publish, function("posts:all")],
            [calls("posts:all", "event"), start],
        )
    )
    impact = estimate(pairs.of_victim("posts:publish"), pairs)
    per_call = impact.retries_per_day / Estimator(pairs).calls_per_day("posts:publish")
    assert (per_call <= 1.05) is closed


def test_branches_of_one_test_do_not_meet_within_one_page_load() -> None:
    """`if (expired) invalidate(); else touch()`: all requests of a load take the same one."""
    expired = computed("<=", field("s", "expiresAt", "sessions"), NOW)
    found = read("sessions", "by_session", eq("sessionId", arg("sessionId")), row="s")

    def retries(*guards: Guard) -> float:
        touch = function("sessions:touch", found, patch("sessions", field("s", "_id", "sessions"), row="s", seen=NOW))
        end = function("sessions:end", found, patch("sessions", field("s", "_id", "sessions"), row="s", ended=NOW))
        callers = [
            calls(
                "sessions:touch", "server-request", "http", entry="src/hooks.server.ts", guards=(when(expired, False),)
            ),
            calls("sessions:end", "server-request", "http", entry="src/hooks.server.ts", guards=guards),
        ]
        pairs = derive_pairs(app([SESSIONS], [touch, end], callers))
        return estimate(
            (p for p in pairs.of_victim("sessions:touch") if p.writer == "sessions:end"), pairs
        ).retries_per_day

    assert retries(when(expired)) < 1 < retries()


@pytest.mark.parametrize(
    ("entry", "way", "together"), [("a", "a.ts", True), ("b", "a.ts", False), ("a", "b.ts", False)]
)
def test_calls_through_one_wrapper_start_together_only_where_the_way_to_it_is_one(
    entry: str, way: str, together: bool
) -> None:
    """`callMutation(f)` of two routes, or of a callback and the code around it, stands in one code function."""

    def through(name: str, entry: str, way: str, order: int, awaited: bool) -> Caller:
        made = calls(name, "server-request", "http", entry=f"POST /api/{entry}")
        chain = (Frame(way, 1, "handler"), Frame("route.ts", order, "callMutation"), Frame("client.ts", 5, name))
        fate = replace(made.consequence, awaited=awaited)
        return replace(made, chain=chain, scope="client.ts:1", order=order, consequence=fate)

    use = function("keys:use", patch("keys", arg("id"), uses=arg("n")))
    check = function("keys:check", patch("keys", arg("id"), uses=arg("n")))
    callers = [through("keys:use", "a", "a.ts", 1, False), through("keys:check", entry, way, 2, True)]
    pairs = derive_pairs(app([table("keys")], [use, check], callers))
    met = [pair for pair in pairs.of_victim("keys:check") if pair.writer == "keys:use"]
    assert (estimate(met, pairs).retries_per_day > 50) is together


def test_what_costs_nothing_adds_no_assumptions() -> None:
    found = read("sessions", "by_session", eq("sessionId", arg("sessionId")), row="s")
    unused = function("sessions:unused", found, patch("sessions", field("s", "_id", "sessions"), row="s", seen=NOW))
    told = touching(EVERY_REQUEST)
    pairs = derive_pairs(app([SESSIONS], [*told.functions, unused], told.callers))
    assert {pair.writer for pair in pairs.of_victim("sessions:touch")} == {"sessions:touch", "sessions:unused"}
    assert not any("nobody" in text for text in estimate(pairs.of_victim("sessions:touch"), pairs).assumptions)
