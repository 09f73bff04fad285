"""F. Transactions that meet on single documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contend.convex.paths import SCHEDULED_SOURCE
from contend.convex.values import UNDEFINED
from contend.engine.cases.steps import (
    Case,
    Fields,
    Read,
    Step,
    begin,
    commit,
    delete,
    get,
    insert,
    logged,
    occ,
    patch,
    race,
    read,
    replace_row,
)

_D: Mapping[str, Any] = {"tables": {"t": {}}, "rows": {"d": ("t", {"x": 1.0, "y": "a"}), "e": ("t", {"x": 1.0})}}
_ZERO: Mapping[str, Any] = {"tables": {"t": {}}, "rows": {"d": ("t", {"x": 0.0})}}


def _no_op_then_write(runner: str, then: Step) -> Case:
    return Case(
        "C5" if runner in ("http", "action") else "C6",
        "a mutation whose only write changes nothing is checked only where its caller's record makes it a writer",
        [begin("1", runner=runner), patch("1", "d", x=1.0), begin("2"), patch("2", "d", x=2.0), commit("2"), then],
        variant=runner,
        **_D,
    )


def _change(fields: Fields, written: int, variant: str) -> Case:
    return Case(
        "C99",
        "what counts as a change",
        [begin("1"), Step("patch", "1", {"row": "d", "fields": fields}), commit("1", written)],
        variant=variant,
        **_ZERO,
    )


CASES = [
    Case(
        "C1",
        "two blind patches of one document conflict",
        [begin("1"), begin("2"), patch("1", "d", x=2.0), patch("2", "d", x=3.0), commit("1"), occ("2", document="d")],
        **_D,
    ),
    Case(
        "C2",
        "patches of different fields of one document conflict",
        [begin("1"), begin("2"), patch("1", "d", x=2.0), patch("2", "d", y="b"), commit("1"), occ("2", document="d")],
        **_D,
    ),
    race(
        "C3",
        "a patch that changes nothing disturbs no reader",
        [get("r", "d")],
        [patch("w", "d", x=1.0), insert("w", "log")],
        None,
        **_D,
    ),
    race(
        "C4",
        "a patch that changes nothing still reads",
        [patch("r", "d", x=1.0)],
        [patch("w", "d", x=2.0)],
        occ("r", document="d"),
        **_D,
    ),
    *[_no_op_then_write(runner, commit("1", 0)) for runner in ("http", "action")],
    *[
        _no_op_then_write(runner, occ("1", document="d"))
        for runner in ("websocket", "node-action", "scheduler", "cron")
    ],
    race(
        "C7",
        "there and back in one transaction is a write all the same",
        [get("r", "d")],
        [patch("w", "d", x=2.0), patch("w", "d", x=1.0)],
        occ("r", document="d"),
        **_D,
    ),
    race(
        "C8",
        "a reader conflicts with a delete",
        [get("r", "d"), patch("r", "e", x=2.0)],
        [delete("w", "d")],
        occ("r", document="d"),
        **_D,
    ),
    Case(
        "C9",
        "a get that finds nothing is a point all the same",
        [
            begin("0"),
            delete("0", "d"),
            commit("0"),
            begin("1"),
            get("1", "d", None),
            insert("1", "log"),
            begin("2"),
            insert("2", "t", "other"),
            commit("2"),
            commit("1"),
        ],
        **_D,
    ),
    race(
        "C10",
        "a replace with equal content disturbs no reader",
        [get("r", "d")],
        [replace_row("w", "d", y="a", x=1.0), patch("w", "e", x=2.0)],
        None,
        **_D,
    ),
    Case(
        "C11",
        "patches of two documents do not conflict",
        [begin("1"), begin("2"), patch("1", "d", x=2.0), patch("2", "e", x=2.0), commit("1"), commit("2")],
        **_D,
    ),
    Case(
        "C12",
        "write skew is rejected",
        [
            begin("1"),
            get("1", "d"),
            patch("1", "e", x=2.0),
            begin("2"),
            get("2", "e"),
            patch("2", "d", x=2.0),
            commit("1"),
            occ("2", document="e"),
        ],
        **_D,
    ),
    Case(
        "C13",
        "a document inserted and deleted in one transaction leaves nothing in the log",
        [
            begin("2"),
            read("2", Read("t"), ["d", "e"]),
            insert("2", "log"),
            begin("1"),
            insert("1", "t", "n"),
            delete("1", "n"),
            commit("1", 0),
            logged("t", []),
            commit("2"),
        ],
        **_D,
    ),
    Case(
        "C14",
        "two scheduled mutations look like the same function",
        [
            begin("s1", SCHEDULED_SOURCE),
            patch("s1", "d", x=2.0),
            begin("s2", SCHEDULED_SOURCE),
            patch("s2", "d", x=3.0),
            commit("s1"),
            occ("s2", says="Another call to this mutation", source="scheduled_job_mutation_success"),
        ],
        **_D,
    ),
    Case(
        "C15",
        "a scheduled mutation is named by its label",
        [
            begin("m", "f.js:f"),
            patch("m", "d", x=2.0),
            begin("s", SCHEDULED_SOURCE),
            patch("s", "d", x=3.0),
            commit("s"),
            occ("m", says='A call to "scheduled_job_mutation_success"'),
        ],
        **_D,
    ),
    Case(
        "C16",
        "of three, one wins; of the two retries, one that began before the other's commit loses again",
        [
            *[begin(name) for name in ("1", "2", "3")],
            *[patch(name, "d", x=10.0 + int(name)) for name in ("1", "2", "3")],
            commit("1"),
            occ("2"),
            occ("3"),
            begin("2b"),
            begin("3b"),
            patch("2b", "d", x=22.0),
            patch("3b", "d", x=33.0),
            commit("2b"),
            occ("3b"),
            begin("3c"),
            patch("3c", "d", x=34.0),
            commit("3c"),
        ],
        **_D,
    ),
    _change({"x": 0.0}, 0, "the same number"),
    _change({"x": -0.0}, 1, "minus zero"),
    _change({"y": UNDEFINED}, 0, "removing what is not there"),
    _change({"x": 0}, 1, "an int64"),
]
