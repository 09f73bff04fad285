"""C, I and J. Calls with their retries, what telemetry says of them, and clients that let mutations overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contend.convex.errors import OCC_CODE
from contend.engine.cases.steps import (
    Case,
    Read,
    Step,
    begin,
    call,
    check,
    commit,
    counts,
    fields_of,
    get,
    insert,
    nest,
    patch,
    rows,
    settings,
    system,
    throw,
    unawaited,
    unnest,
)

_D: Mapping[str, Any] = {"tables": {"t": {}}, "rows": {"d": ("t", {"x": 1.0})}}
_BODY = [get("me", "d"), patch("me", "d", x=0.0)]
_JOB = [begin("0"), system("schedule", "0", function="f.js:f", job="j"), commit("0")]


def _other(number: int) -> list[Step]:
    """Another mutation writes d; always something new, else it would be dropped."""
    return [begin("w"), patch("w", "d", x=100.0 + number), commit("w")]


def _others(attempts: int) -> dict[int, Sequence[Step]]:
    """It does so during each of the first attempts."""
    return {number: _other(number) for number in range(attempts)}


def _limit(bytes_per_second: int | None) -> Step:
    return settings(write_bytes_per_second=bytes_per_second)


def _counted(attempts: int, gives: Mapping[str, Any]) -> Step:
    """`insertAndCount`, during each of whose first attempts another one commits."""
    body = [insert("me", "counted"), Step("read", "me", {"what": Read("counted")})]
    other = [begin("w"), insert("w", "counted"), Step("read", "w", {"what": Read("counted")}), commit("w")]
    return call("f.js:insertAndCount", "http", body, dict.fromkeys(range(attempts), other), gives, when="begun")


def _unawaited(id: str, title: str, client: str, conflicts: int, count: int = 2) -> Case:
    bodies = [[get("me", "d"), patch("me", "d", x=float(number))] for number in range(2, count + 2)]
    return Case(id, title, [unawaited(client, bodies, conflicts)], variant=client, **_D)


_LOSES: Mapping[str, Any] = {
    "statuses": ["success"] * 4 + ["failure"],
    "retry_counts": [0, 1, 2, 3, 4],
    "will_retry": [True] * 4 + [False],
    "occ": [True] * 5,
}

UPSTREAM = [
    Case(
        "T40",
        "three attempts, three conflicts",
        [call("f.js:f", "internal", _BODY, _others(3), {"attempts": 3, "gave_up": ("error", 503), "occ": [True] * 3})],
        **_D,
    ),
    Case(
        "T41",
        "three attempts, two conflicts",
        [
            call("f.js:f", "internal", _BODY, _others(2), {"attempts": 3, "gave_up": None, "error": None}),
            fields_of("d", {"x": 0.0}),
        ],
        **_D,
    ),
    Case(
        "T42",
        "insert and count into a table that does not exist: five conflicts",
        [
            _counted(5, {**_LOSES, "tables": [None, *["counted"] * 4], "gave_up": ("status", 503)}),
            counts(Read("counted"), 5),
        ],
    ),
    Case(
        "T43",
        "insert and count: four conflicts and a success",
        [
            _counted(4, {"retry_counts": [0, 1, 2, 3, 4], "occ": [True] * 4 + [False], "error": None}),
            counts(Read("counted"), 5),
        ],
    ),
    Case(
        "T44",
        "inserts do not conflict with inserts",
        [
            call(
                "f.js:f",
                "http",
                [insert("me", "t")],
                {0: [step for _ in range(5) for step in (begin("w"), insert("w", "t"), commit("w"))]},
                {"attempts": 1, "error": None},
            ),
            counts(Read("t"), 7),
        ],
        variant="into a table that exists",
        tables={"t": {}},
        rows={"d": ("t", {})},
    ),
    Case(
        "T45",
        "a write over the throughput limit is no conflict",
        [_limit(0), begin("1"), patch("1", "d", x=2.0), commit("1", fails="TooManyWrites")],
        **_D,
    ),
    Case(
        "T46",
        "a scheduled mutation is retried in process",
        [
            *_JOB,
            call(
                "f.js:f",
                "scheduler",
                _BODY,
                _others(1),
                {"occ": [True, False], "error": None, "skipped": False},
                job="j",
            ),
            begin("1"),
            system("job state", "1", "success", job="j"),
        ],
        **_D,
    ),
    Case(
        "T47",
        "a job cancelled before it runs does not run",
        [
            *_JOB,
            begin("m"),
            system("cancel", "m", job="j"),
            commit("m"),
            call("f.js:f", "scheduler", _BODY, {}, {"skipped": True, "error": None, "statuses": []}, job="j"),
            fields_of("d", {"x": 1.0}),
        ],
        **_D,
    ),
    Case(
        "T48",
        "children of a cancelled job are born cancelled",
        [
            *_JOB,
            begin("m"),
            system("cancel", "m", job="j"),
            commit("m"),
            begin("child"),
            system("schedule", "child", function="g.js:g", job="c", parent="j"),
            system("job state", "child", "canceled", job="c"),
            commit("child"),
        ],
    ),
    Case(
        "T49",
        "a scheduled job over the throughput limit succeeds once that is lifted",
        [
            *_JOB,
            call(
                "f.js:f",
                "scheduler",
                _BODY,
                {0: [_limit(0)], 1: [_limit(None)]},
                {"attempts": 2, "error": None},
                job="j",
            ),
            begin("1"),
            system("job state", "1", "success", job="j"),
        ],
        **_D,
    ),
    Case(
        "T50",
        "a cron's conflict is logged and retried",
        [
            call(
                "f.js:f",
                "cron",
                _BODY,
                _others(1),
                {"occ": [True, False], "error": None, "reasons": ["cron"]},
                cron="c",
            )
        ],
        **_D,
    ),
    Case(
        "T51",
        "a mutation delivered twice runs once",
        [
            call(
                "f.js:f",
                "websocket",
                [insert("me", "t", "n")],
                gives={"value": 7.0, "error": None},
                request="1",
                returns=7.0,
            ),
            call(
                "f.js:f",
                "websocket",
                [insert("me", "t", "n2")],
                gives={"value": 7.0, "error": None},
                request="1",
                returns=8.0,
            ),
            rows("t", ["d", "n"]),
        ],
        **_D,
    ),
]

CLIENTS = [
    _unawaited("C78", "one WebSocket client does not conflict with itself", "websocket", 0),
    Case(
        "C79",
        "two tabs conflict",
        [
            begin("tab1", runner="websocket"),
            begin("tab2", runner="websocket"),
            patch("tab1", "d", x=2.0),
            patch("tab2", "d", x=3.0),
            commit("tab1"),
            Step("occ", "tab2", {"document": "d"}),
        ],
        **_D,
    ),
    _unawaited("C80", "one HTTP client queues, unless told not to", "http-client", 0),
    _unawaited("C80", "one HTTP client queues, unless told not to", "http-client-skip-queue", 1),
    _unawaited("C81", "fetchMutation calls overlap", "fetch-mutation", 1),
    _unawaited("C82", "mutations of one action overlap", "action", 1),
    Case(
        "C83",
        "sub-mutations of one mutation are one transaction",
        [
            unawaited(
                "mutation", [[nest("me"), patch("me", "d", x=float(n)), unnest("me")] for n in (2, 3)], conflicts=0
            ),
            fields_of("d", {"x": 3.0}),
        ],
        **_D,
    ),
    _unawaited("C91", "a hundred at once: all have their snapshots before the first commits", "http-api", 99, 100),
]

RETRIES = [
    Case(
        "C84",
        "a WebSocket mutation that loses five times closes the socket and is sent again",
        [
            call(
                "f.js:f",
                "websocket",
                _BODY,
                _others(5),
                {**_LOSES, "gave_up": ("close", 1013), "reason": OCC_CODE},
                request="1",
                request_id="q",
            ),
            call(
                "f.js:f",
                "websocket",
                _BODY,
                {n: _other(50 + n) for n in range(5)},
                {**_LOSES, "request_ids": 1},
                request="1",
                request_id="q",
            ),
        ],
        **_D,
    ),
    Case(
        "C85",
        "an HTTP mutation that loses five times",
        [call("f.js:f", "http", _BODY, _others(5), {**_LOSES, "gave_up": ("status", 503), "reason": OCC_CODE})],
        **_D,
    ),
    Case(
        "C86",
        "an action's mutation that loses five times throws in the action",
        [call("f.js:f", "action", _BODY, _others(5), {**_LOSES, "gave_up": ("error", 503), "reasons": ["action"]})],
        **_D,
    ),
    Case(
        "C87",
        "a Node action's mutation is sent five times with five attempts each",
        [
            call(
                "f.js:f",
                "node-action",
                _BODY,
                _others(25),
                {"attempts": 25, "retry_counts": [0, 1, 2, 3, 4] * 5, "request_ids": 1, "gave_up": ("error", 503)},
                request_id="action",
            )
        ],
        **_D,
    ),
    Case(
        "C88",
        "a client sleeps four times",
        [
            check("sleeps", [100, 200, 400, 800], runner="http", failures=4),
            check("total sleep", (750, 1500), runner="http"),
        ],
    ),
    Case(
        "C89",
        "a scheduled mutation goes on for ever",
        [
            check("sleeps", [100.0 * 2**n for n in range(10)] + [60_000, 60_000], runner="scheduler", failures=12),
            call(
                "f.js:f",
                "scheduler",
                _BODY,
                _others(12),
                {"attempts": 13, "error": None, "will_retry": [True] * 12 + [False]},
            ),
        ],
        **_D,
    ),
    Case(
        "C90",
        "a cron goes on for ever",
        [
            check("sleeps", [500, 1000, 2000, 4000, 8000, 15_000], runner="cron", failures=6),
            call("f.js:f", "cron", _BODY, _others(6), {"attempts": 7, "error": None}, cron="c"),
        ],
        **_D,
    ),
    Case(
        "C92",
        "what telemetry says of two conflicts and a success",
        [
            call(
                "f.js:f",
                "http",
                _BODY,
                _others(2),
                {
                    "statuses": ["success"] * 3,
                    "occ": [True, True, False],
                    "will_retry": [True, True, False],
                    "retry_counts": [0, 1, 2],
                    "request_ids": 1,
                },
            )
        ],
        **_D,
    ),
    *[
        Case(
            "C93",
            "a handler that throws is not checked",
            [
                call(
                    "f.js:f",
                    runner,
                    [get("me", "d"), *_other(0), throw("me")],
                    gives={
                        "attempts": 1,
                        "error": "thrown",
                        "statuses": ["failure"],
                        "occ": [False],
                        "will_retry": [False],
                    },
                )
            ],
            variant=runner,
            **_D,
        )
        for runner in ("http", "websocket", "scheduler", "cron")
    ],
    Case(
        "C95",
        "two calls of one action share its request id",
        [
            call(
                "f.js:f",
                "action",
                [patch("me", "d", x=-1.0 - n)],
                {0: _other(n)},
                {"retry_counts": [0, 1], "will_retry": [True, False], "request_ids": 1, "occ": [True, False]},
                request_id="a",
            )
            for n in range(2)
        ],
        **_D,
    ),
    Case(
        "C96",
        "every attempt of a cron has its own request id",
        [call("f.js:f", "cron", _BODY, _others(2), {"request_ids": 3, "retry_counts": [0, 1, 2]}, cron="c")],
        **_D,
    ),
    Case(
        "C97",
        "a client attempt lost to the throughput limit leaves no event",
        [
            call(
                "f.js:f",
                "http",
                _BODY,
                {0: [_limit(0)], 1: [_limit(None), *_other(0)]},
                {"attempts": 3, "retry_counts": [1, 2], "occ": [True, False], "will_retry": [True, False]},
            )
        ],
        **_D,
    ),
    Case(
        "C98",
        "a scheduled attempt lost to the throughput limit leaves one",
        [
            call(
                "f.js:f",
                "scheduler",
                _BODY,
                {0: [_limit(0)], 1: [_limit(None)]},
                {
                    "statuses": ["failure", "success"],
                    "occ": [False, False],
                    "will_retry": [True, False],
                    "retry_counts": [0, 1],
                },
            )
        ],
        **_D,
    ),
]
