"""H. Sub-transactions, system tables, deploys; and the corners of checks and attribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contend.convex.ranges import eq
from contend.engine.cases.steps import (
    Case,
    Read,
    Step,
    begin,
    call,
    commit,
    get,
    hold,
    indexed,
    insert,
    logged,
    lose,
    nest,
    occ,
    patch,
    publish,
    race,
    read,
    room,
    rows,
    system,
    unnest,
    wait,
)

_MESSAGES: Mapping[str, Any] = {"tables": {"messages": {"by_room": ["room"]}}}
_D: Mapping[str, Any] = {"tables": {"t": {}, "u": {}}, "rows": {"d": ("t", {"x": 1.0}), "e": ("u", {"x": 1.0})}}
_JOB = [begin("0"), system("schedule", "0", function="f.js:f", job="j"), commit("0")]
_FILE = [begin("0"), system("store file", "0", file="f"), commit("0")]
_UNSEEN: Mapping[str, Any] = {"system": True, "table": None, "document": None, "component": None}


def _variable(reads: bool, then: Step) -> Case:
    return Case(
        "C67",
        "an environment variable conflicts with those who read it",
        [
            begin("0"),
            system("set variable", "0", name="K", value="1"),
            commit("0"),
            begin("m"),
            *([system("read variable", "m", "1", name="K")] if reads else []),
            insert("m", "log"),
            begin("edit"),
            system("set variable", "edit", name="K", value="2"),
            commit("edit"),
            then,
        ],
        variant="read" if reads else "not read",
    )


def _two_tables(first: str, second: str) -> Case:
    """The read of `t` decides, in whichever order the writes come."""
    return Case(
        "C76",
        "two conflicts in two tables: one is named, by its table, not by time",
        [
            begin("r"),
            get("r", "d"),
            get("r", "e"),
            insert("r", "log"),
            *[step for name in (first, second) for step in (begin(name), patch(name, name, x=2.0), commit(name))],
            occ("r", table="t", document="d"),
        ],
        variant=f"{first} first",
        **_D,
    )


CASES = [
    Case(
        "C59",
        "the reads of a sub-mutation that threw stay",
        [
            begin("m"),
            nest("m"),
            read("m", room("R")),
            unnest("m", throws=True),
            insert("m", "log"),
            begin("w"),
            insert("w", "messages", "m1", {"room": "R"}),
            commit("w"),
            occ("m", document="m1"),
        ],
        **_MESSAGES,
    ),
    Case(
        "C60",
        "two sub-mutations that patch one document leave one entry",
        [
            begin("m"),
            *[step for x in (2.0, 3.0) for step in (nest("m"), patch("m", "d", x=x), unnest("m"))],
            commit("m", 1),
            logged("t", [("d", {"x": 1.0}, {"x": 3.0}, ["by_creation_time", "by_id"])]),
        ],
        **_D,
    ),
    Case(
        "C61",
        "a conflict in a component's table is the whole mutation's",
        [
            begin("m"),
            insert("m", "log"),
            nest("m"),
            patch("m", "c", x=2.0),
            unnest("m"),
            begin("w", "my_child/items.js:touch"),
            patch("w", "c", x=3.0),
            commit("w"),
            occ("m", component="my_child", table="items", source="my_child/items.js:touch"),
            rows("log", []),
        ],
        tables={"my_child/items": {}},
        rows={"c": ("my_child/items", {"x": 1.0})},
    ),
    Case(
        "C62",
        "creating a table conflicts with every writer in flight",
        [begin("2"), patch("2", "d", x=2.0), begin("1"), insert("1", "fresh", "n"), commit("1"), occ("2", **_UNSEEN)],
        **_D,
    ),
    Case(
        "C63",
        "creating a table does not conflict with a reader",
        [begin("2"), get("2", "d"), begin("1"), insert("1", "fresh", "n"), commit("1"), commit("2", 0)],
        **_D,
    ),
    *[
        Case(
            "C64",
            "a push conflicts with writers in flight",
            [
                begin("m"),
                patch("m", "d", x=2.0),
                begin("push", "start_push"),
                push,
                commit("push"),
                occ("m", source="start_push", **_UNSEEN),
            ],
            variant=variant,
            **_D,
        )
        for push, variant in (
            (system("create table", "push", table="fresh"), "a new table"),
            (system("push schema", "push", state="pending"), "the schema's state"),
        )
    ],
    Case(
        "C65",
        "an index that becomes enabled conflicts with writers of its table",
        [
            begin("push"),
            system("add index", "push", table="t", index="by_x", fields=["x"], state="backfilling"),
            commit("push"),
            begin("m"),
            patch("m", "d", x=2.0),
            begin("n"),
            patch("n", "e", x=2.0),
            begin("worker", "index_worker_finish_backfill"),
            system("enable index", "worker", table="t", index="by_x", fields=["x"]),
            commit("worker"),
            occ("m", source="index_worker_finish_backfill", **_UNSEEN),
            commit("n"),
            begin("later"),
            read("later", indexed("t", "by_x", eq("x", 1.0)), ["d"]),
        ],
        **_D,
    ),
    Case(
        "C66",
        "a staged index cannot be read and has no keys in the log",
        [
            begin("push"),
            system("add index", "push", table="t", index="by_x", fields=["x"], state="staged"),
            commit("push"),
            begin("1"),
            read("1", indexed("t", "by_x", eq("x", 1.0)), fails="staged"),
            begin("2"),
            patch("2", "d", x=2.0),
            commit("2"),
            logged("t", [("d", {"x": 1.0}, {"x": 2.0}, ["by_creation_time", "by_id"])]),
        ],
        **_D,
    ),
    _variable(True, occ("m", **_UNSEEN)),
    _variable(False, commit("m")),
    Case(
        "C68",
        "cancelling a job that commits first is a system conflict; the retry finds it done",
        [
            *_JOB,
            begin("m"),
            system("cancel", "m", job="j"),
            begin("j", runner="scheduler"),
            system("finish job", "j", True, job="j"),
            commit("j"),
            occ("m", **_UNSEEN),
            begin("again"),
            system("cancel", "again", job="j"),
            system("job state", "again", "success", job="j"),
            commit("again", 0),
        ],
    ),
    Case(
        "C69",
        "a job that is cancelled while it runs conflicts, and does not run again",
        [
            *_JOB,
            call(
                "f.js:f",
                "scheduler",
                [insert("me", "log")],
                {0: [begin("m", "app_funrun_cancel_job"), system("cancel", "m", job="j"), commit("m")]},
                {"skipped": True, "statuses": ["success"], "occ": [True], "will_retry": [True], "tables": [None]},
                job="j",
            ),
            rows("log", []),
        ],
    ),
    Case(
        "C70",
        "scheduling does not conflict with scheduling",
        [
            begin("1"),
            begin("2"),
            system("schedule", "1", function="f.js:f", job="a"),
            system("schedule", "2", function="f.js:f", job="b"),
            commit("1"),
            commit("2"),
        ],
    ),
    race(
        "C71",
        "reading all scheduled functions conflicts with scheduling one",
        [read("r", Read("_scheduled_jobs"), [])],
        [system("schedule", "w", function="f.js:f", job="a")],
        occ("r", **_UNSEEN),
    ),
    Case(
        "C72",
        "a file's URL conflicts with deleting the file",
        [
            *_FILE,
            begin("m"),
            system("file url", "m", "/api/storage/f", file="f"),
            insert("m", "log"),
            begin("other", "app_funrun_storage_delete"),
            system("delete file", "other", file="f"),
            commit("other"),
            occ("m", source="app_funrun_storage_delete", **_UNSEEN),
        ],
    ),
    Case(
        "C73",
        "a query never conflicts",
        [begin("q"), read("q", Read("t"), ["d"]), begin("w"), patch("w", "d", x=2.0), commit("w"), commit("q", 0)],
        **_D,
    ),
    *[
        Case(
            "C74",
            "a mutation held longer than the log reaches back gets another error, and no retry",
            [
                call(
                    "f.js:f",
                    runner,
                    [get("me", "d"), insert("me", "log")],
                    {0: [wait(301), begin("w"), patch("w", "d", x=2.0), commit("w")]},
                    {
                        "attempts": 1,
                        "statuses": ["failure"],
                        "occ": [False],
                        "will_retry": [False],
                        "gave_up": gave_up,
                    },
                )
            ],
            variant=runner,
            **_D,
        )
        for runner, gave_up in (("http", None), ("websocket", None), ("scheduler", ("reschedule", 503)))
    ],
    Case(
        "C75",
        "a write that is validated and then lost may have caused a conflict",
        [
            begin("w"),
            patch("w", "d", x=2.0),
            begin("r"),
            get("r", "d"),
            insert("r", "log"),
            hold("w"),
            occ("r", document="d", write="w"),
            lose("w"),
            begin("again"),
            read("again", Read("t", where={"x": 1.0}), ["d"]),
            insert("again", "log"),
            commit("again"),
        ],
        **_D,
    ),
    _two_tables("d", "e"),
    _two_tables("e", "d"),
    Case(
        "C76",
        "two conflicts in two tables: one is named, by its table, not by time",
        [
            begin("r"),
            read("r", Read("t")),
            insert("r", "log"),
            begin("w1"),
            patch("w1", "d", x=2.0),
            commit("w1"),
            begin("w2"),
            insert("w2", "t", "later"),
            commit("w2"),
            occ("r", document="d", write="w1"),
        ],
        variant="within an index the earliest",
        **_D,
    ),
    Case(
        "C94",
        "of two pending writes the earlier is named, though its index sorts later",
        [
            begin("r"),
            get("r", "d"),
            get("r", "e"),
            insert("r", "log"),
            begin("w1"),
            patch("w1", "e", x=2.0),
            hold("w1"),
            begin("w2"),
            patch("w2", "d", x=2.0),
            hold("w2"),
            occ("r", document="e", write="w1"),
            publish("w1"),
            publish("w2"),
        ],
        **_D,
    ),
]
