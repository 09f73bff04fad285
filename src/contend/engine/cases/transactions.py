"""B. Transactions against transactions, as Convex's own tests had them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contend.convex.ranges import eq, gt, lt
from contend.engine.cases.steps import (
    Case,
    Read,
    Step,
    begin,
    call,
    commit,
    delete,
    fields_of,
    get,
    hold,
    insert,
    logged,
    nest,
    occ,
    patch,
    publish,
    race,
    read,
    readable,
    replace_row,
    rows,
    system,
    unnest,
    wait,
)

_KEY: Mapping[str, Any] = {"tables": {"key": {}}, "rows": {"d": ("key", {"x": 1.0})}}
_TWO_TABLES: Mapping[str, Any] = {
    "tables": {"table1": {}, "table2": {}},
    "rows": {"d": ("table1", {}), "e": ("table2", {})},
}
_RANKS: Mapping[str, Any] = {
    "tables": {"t": {"by_rank": ["rank"]}},
    "rows": {f"rank{n}": ("t", {"rank": float(n), "kind": "a"}) for n in (1, 2, 3)},
}


def _reads_then_other_replaces(other: Step) -> list[Step]:
    return [
        begin("1"),
        get("1", "d", "d"),
        insert("1", "log"),
        begin("2", source="foo/bar.js:baz"),
        other,
    ]


def _other(number: int, row: str = "d") -> list[Step]:
    """Another transaction writes the row."""
    return [begin("w"), patch("w", row, x=100.0 + number), commit("w")]


CASES = [
    Case(
        "T21",
        "a delete conflicts with a reader, who is told by whom",
        [
            *_reads_then_other_replaces(delete("2", "d")),
            commit("2"),
            occ("1", table="key", document="d", source="foo/bar.js:baz", says='A call to "foo/bar.js:baz" changed'),
        ],
        **_KEY,
    ),
    Case(
        "T22",
        "inserts do not conflict though creation times are out of order",
        [
            begin("1"),
            wait(1),
            begin("2"),
            insert("1", "key", "a"),
            insert("2", "key", "b"),
            commit("2"),
            commit("1"),
            rows("key", ["d", "a", "b"]),
        ],
        **_KEY,
    ),
    Case(
        "T23",
        "the conflict names the timestamp of the write",
        [*_reads_then_other_replaces(replace_row("2", "d", x=2.0)), commit("2"), occ("1", write="2")],
        **_KEY,
    ),
    Case(
        "T24",
        "a validated write conflicts before it can be read",
        [
            *_reads_then_other_replaces(replace_row("2", "d", x=2.0)),
            hold("2"),
            occ("1", write="2", table="key", document="d"),
            readable("2", False),
            begin("3"),
            read("3", Read("key", where={"x": 1.0}), ["d"]),
            publish("2"),
            fields_of("d", {"x": 2.0}),
        ],
        **_KEY,
    ),
    Case(
        "T25",
        "a retry sees the write it lost to",
        [
            call(
                "f.js:f",
                "http",
                [read("me", Read("key", "first"), "d"), insert("me", "log")],
                {0: _other(0)},
                {"attempts": 2, "retry_counts": [0, 1], "occ": [True, False]},
            )
        ],
        **_KEY,
    ),
    Case(
        "T26",
        "a conflict in the app's own table has no component",
        [*_reads_then_other_replaces(replace_row("2", "d", x=2.0)), commit("2"), occ("1", component=None)],
        **_KEY,
    ),
    Case(
        "T27",
        "a conflict in a component's table names the component",
        [
            begin("1"),
            get("1", "d", "d"),
            insert("1", "log"),
            begin("2"),
            replace_row("2", "d", x=2.0),
            commit("2"),
            occ("1", component="my_child", table="items", document="d"),
        ],
        tables={"my_child/items": {}},
        rows={"d": ("my_child/items", {})},
    ),
    *[
        race(
            "T28",
            "a scan ends at the last document consumed, whatever was fetched ahead",
            [read("r", Read("t", "break", 2, "by_rank", [gt("rank", 0.0)], where={"kind": "a"}), ["rank1", "rank2"])],
            [insert("w", "t", "new", {"rank": rank})],
            then,
            variant,
            **_RANKS,
        )
        for rank, then, variant in ((2.5, None, "insert beyond"), (1.5, occ("r", index="by_rank"), "insert inside"))
    ],
    race(
        "T29",
        "an empty range is recorded",
        [read("r", Read("t", index="by_rank", bounds=[lt("rank", 0.0)]), [])],
        [insert("w", "t", "new", {"rank": -5.0})],
        occ("r", document="new"),
        tables={"t": {"by_rank": ["rank"]}},
        rows={"rank1": ("t", {"rank": 1.0})},
    ),
    *[
        race(
            "T30",
            "looking for a pending schema is a read, whether or not there is one",
            [read("r", Read("_schemas", "first", index="by_state", bounds=[eq("state", "pending")]))],
            [system("push schema", "w", state="pending")],
            occ("r", system=True, write="w"),
            variant,
        )
        for variant in ("none yet",)
    ],
    Case(
        "T30",
        "looking for a pending schema is a read, whether or not there is one",
        [
            begin("0"),
            insert("0", "_schemas", "s", {"state": "pending"}),
            commit("0"),
            begin("1"),
            read("1", Read("_schemas", "first", index="by_state", bounds=[eq("state", "pending")]), "s"),
            insert("1", "log"),
            begin("2"),
            patch("2", "s", state="validated"),
            commit("2"),
            occ("1", system=True, write="2"),
        ],
        variant="one becomes validated",
    ),
    Case(
        "T31",
        "a sub-transaction's writes commit with its parent's",
        [
            begin("1"),
            insert("1", "key", "doc0"),
            nest("1"),
            read("1", Read("key"), ["d", "doc0"]),
            insert("1", "key", "doc1"),
            unnest("1"),
            commit("1", 2),
            rows("key", ["d", "doc0", "doc1"]),
        ],
        **_KEY,
    ),
    Case(
        "T32",
        "a sub-transaction that fails leaves no writes",
        [
            begin("1"),
            insert("1", "key", "doc0"),
            nest("1"),
            insert("1", "key", "doc1"),
            unnest("1", throws=True),
            commit("1", 1),
            rows("key", ["d", "doc0"]),
        ],
        **_KEY,
    ),
    Case(
        "T33",
        "a sub-transaction that fails leaves no table",
        [
            begin("1"),
            nest("1"),
            insert("1", "fresh", "doc1"),
            read("1", Read("fresh"), ["doc1"]),
            unnest("1", throws=True),
            read("1", Read("fresh"), []),
            insert("1", "log"),
            commit("1", 1),
            rows("fresh", []),
            Step("count", "", {"what": Read("_tables", where={"name": "fresh"})}, 0),
        ],
        **_KEY,
    ),
    Case(
        "T34",
        "an id that exists is a bad request, not a conflict",
        [begin("1"), insert("1", "key", "again", same_id_as="d"), commit("1", fails="DocumentIdInUse")],
        variant="in another transaction",
        **_KEY,
    ),
    Case(
        "T34",
        "an id that exists is a bad request, not a conflict",
        [
            begin("1"),
            insert("1", "key", "new"),
            insert("1", "key", "again", same_id_as="new", fails="Duplicate insert"),
        ],
        variant="twice in one transaction",
        **_KEY,
    ),
    Case(
        "T35",
        "an error of the body is not retried and leaves nothing",
        [
            call(
                "f.js:f",
                "internal",
                [insert("me", "key"), Step("throw", "me")],
                gives={"attempts": 1, "error": "thrown"},
            ),
            rows("key", ["d"]),
        ],
        **_KEY,
    ),
    *[
        Case(
            "T36",
            "a wrapper of three attempts and a retriable error",
            [
                call(
                    "f.js:f",
                    "internal",
                    [insert("me", "key", "new")],
                    {0: [Step("set", "", {"write_bytes_per_second": 0})]}
                    | ({2: [Step("set", "", {"write_bytes_per_second": None})]} if times == 2 else {}),
                    gives,
                )
            ],
            variant=f"fails {times} times",
            **_KEY,
        )
        for times, gives in (
            (2, {"attempts": 3, "error": None}),
            (3, {"attempts": 3, "gave_up": ("error", 503)}),
        )
    ],
    *[
        race(
            "T37",
            "a write depends on its own table's metadata alone",
            [patch("r", "d", x=1.0)],
            [system("add index", "w", table=table, index="by_x", fields=["x"])],
            then,
            variant,
            **_TWO_TABLES,
        )
        for table, then, variant in (
            ("table1", occ("r", system=True), "index on the same table"),
            ("table2", None, "index on another table"),
        )
    ],
    race(
        "T37",
        "a write depends on its own table's metadata alone",
        [patch("r", "d", x=1.0)],
        [system("drop table", "w", table="table1")],
        occ("r", system=True),
        "the table itself",
        **_TWO_TABLES,
    ),
    *[
        race(
            "T38",
            "a write of index metadata depends on all tables and indexes",
            [system("add index", "r", table="table1", index="by_x", fields=["x"])],
            [what],
            occ("r", system=True),
            variant,
            **_TWO_TABLES,
        )
        for what, variant in (
            (system("add index", "w", table="table2", index="by_y", fields=["y"]), "another table's index"),
            (system("create table", "w", table="table3"), "another table"),
        )
    ],
    Case(
        "T39",
        "several writes of one document are one",
        [
            begin("1"),
            replace_row("1", "d", x=2.0),
            replace_row("1", "d", x=3.0),
            commit("1", 1),
            logged("key", [("d", {"x": 1.0}, {"x": 3.0}, ["by_creation_time", "by_id"])]),
        ],
        **_KEY,
    ),
]
