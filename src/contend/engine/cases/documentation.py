"""E. The examples of Convex's documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contend.convex.ranges import eq
from contend.engine.cases.steps import (
    Case,
    Read,
    begin,
    call,
    commit,
    get,
    insert,
    occ,
    patch,
    read,
    unawaited,
)

_KEY: Mapping[str, Any] = {"tables": {"key": {}}, "rows": {"d": ("key", {"x": 1.0})}}
_ACCOUNTS: Mapping[str, Any] = {
    "tables": {"accounts": {}},
    "rows": {"A": ("accounts", {"n": 9.0}), "B": ("accounts", {"n": 0.0})},
}
_TASKS: Mapping[str, Any] = {
    "tables": {"tasks": {}, "counts": {}},
    "rows": {"c": ("counts", {"n": 0.0}), "t1": ("tasks", {})},
}
_RANKS: Mapping[str, Any] = {
    "tables": {"t": {"by_rank": ["rank"]}},
    "rows": {f"rank{n}": ("t", {"rank": float(n), "kind": "a"}) for n in (1, 2, 3)},
}

CASES = [
    Case(
        "D1",
        "a transfer conflicts with a charge of one of its accounts",
        [
            begin("1"),
            get("1", "A"),
            get("1", "B"),
            patch("1", "A", n=4.0),
            patch("1", "B", n=5.0),
            begin("2"),
            get("2", "A"),
            patch("2", "A", n=8.0),
            commit("2"),
            occ("1", document="A"),
            begin("3"),
            read("3", Read("accounts", where={"n": 8.0}), ["A"]),
        ],
        **_ACCOUNTS,
    ),
    Case(
        "D2",
        "a counter: every two concurrent calls conflict, some run out of attempts",
        [
            unawaited("http-api", [[get("me", "d"), patch("me", "d", x=float(n))] for n in range(2, 12)], 9),
            call(
                "f.js:f",
                "http",
                [get("me", "d"), patch("me", "d", x=50.0)],
                {n: [begin("w", "f.js:f"), patch("w", "d", x=100.0 + n), commit("w")] for n in range(5)},
                {"attempts": 5, "gave_up": ("status", 503)},
            ),
            begin("1", "f.js:f"),
            patch("1", "d", x=1.5),
            begin("2", "f.js:f"),
            patch("2", "d", x=2.5),
            commit("2"),
            occ("1", says="Another call to this mutation"),
        ],
        **_KEY,
    ),
    Case(
        "D3",
        "counting a table conflicts with an insert into it",
        [
            begin("w"),
            read("w", Read("tasks")),
            patch("w", "c", n=1.0),
            begin("a", "tasks.js:addTask"),
            insert("a", "tasks", "t2"),
            commit("a"),
            occ("w", says='A call to "tasks.js:addTask" changed', table="tasks", document="t2"),
        ],
        **_TASKS,
    ),
    Case(
        "D4",
        "an insert does not conflict with a count of its table",
        [
            begin("a"),
            insert("a", "tasks", "t2"),
            begin("w"),
            read("w", Read("tasks")),
            patch("w", "c", n=1.0),
            commit("w"),
            commit("a"),
        ],
        **_TASKS,
    ),
    Case(
        "D5",
        "read one by key, then patch it: conflicts pairwise on the same key",
        [
            unawaited(
                "http-api",
                [
                    [
                        read("me", Read("t", "first", index="by_rank", bounds=[eq("rank", 1.0)]), "rank1"),
                        patch("me", "rank1", kind=kind),
                    ]
                    for kind in ("b", "c", "d")
                ],
                2,
            )
        ],
        **_RANKS,
    ),
    Case(
        "D6",
        "write skew is rejected",
        [
            begin("1"),
            get("1", "A"),
            begin("2"),
            get("2", "B"),
            patch("1", "B", n=1.0),
            patch("2", "A", n=1.0),
            commit("1"),
            occ("2", document="B"),
        ],
        **_ACCOUNTS,
    ),
]
