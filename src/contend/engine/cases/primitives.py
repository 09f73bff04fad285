"""A. The write log, intervals and index ranges alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contend.convex.intervals import Interval, after
from contend.convex.ranges import RangeExpression, eq, gt, gte, lt, lte
from contend.convex.values import UNDEFINED
from contend.engine.cases.steps import Case, Read, begin, check, commit, counts, get, insert, patch, wait


def _log(
    id: str, title: str, interval: str, after_ts: int, upto: int, gives: str | None, deleted: bool = False
) -> Case:
    step = check("in log", gives, interval=interval, after=after_ts, upto=upto, deleted=deleted)
    return Case(id, title, [step])


_A, _ONE, _TWO = (5, "x"), (3, 1.0), (3, 2.0)
_GRID: Mapping[str, Any] = {
    f"a{a}b{b}": ("grid", {"a": float(a)} | ({} if b == "missing" else {"b": b if b is None else float(b)}))
    for a in range(1, 6)
    for b in ("missing", None, 1, 2, 3, 4, 5)
}


def _grid(*bounds: RangeExpression[object]) -> Read:
    return Read("grid", index="by_a_b", bounds=bounds)


CASES = [
    _log("T1", "a write inside the window and the whole index", "everything", 1001, 1004, "by_k"),
    _log("T2", "the write is later than the window", "everything", 1001, 1002, None),
    _log("T3", "the window's lower bound is exclusive", "everything", 1003, 1004, None),
    Case(
        "T3",
        "the window's lower bound is exclusive",
        [check("in log", None, interval="everything", after=1003, upto=1006, later=True)],
        variant="with a later write to another index key",
    ),
    _log("T4", "an empty interval meets nothing", "empty", 1001, 1004, None),
    _log("T5", "a prefix equal to the key holds it", "prefix K", 1001, 1004, "by_k"),
    _log("T6", "the end of an interval is exclusive", "before K", 1001, 1004, None),
    _log("T7", "the start of an interval is inclusive", "from K", 1001, 1004, "by_k"),
    _log("T8", "a delete is found by its old key", "everything", 1001, 1004, "by_k", deleted=True),
    _log("T9", "a delete and an empty interval", "empty", 1001, 1004, None, deleted=True),
    Case(
        "T10",
        "a reader older than the log gets an error, not a conflict",
        [
            begin("1"),
            get("1", "d"),
            insert("1", "log"),
            begin("2"),
            patch("2", "d", x=2.0),
            commit("2"),
            wait(301),
            commit("1", fails="OutOfRetention"),
        ],
        tables={"t": {}},
        rows={"d": ("t", {"x": 1.0})},
    ),
    Case(
        "T11",
        "adjacent intervals merge",
        [
            check("merge", [(3, 10)], intervals=[], add=[(5, 10), (3, 5)]),
            check("merge", [(3, 10)], intervals=[], add=[(3, 5), (5, 10)]),
        ],
    ),
    Case(
        "T12",
        "an interval that overlaps above and below merges all between",
        [check("merge", [(0, 3), (4, 28)], intervals=[(0, 3), (4, 9), (13, 17), (23, 28)], add=[(6, 24)])],
    ),
    Case(
        "T13",
        "an interval that contains others replaces them",
        [check("merge", [(0, 3), (6, 24), (26, 28)], intervals=[(0, 3), (13, 16), (19, 23), (26, 28)], add=[(6, 24)])],
    ),
    Case(
        "T14",
        "empty and inverted intervals change nothing",
        [check("merge", [(5, 10)], intervals=[(5, 10)], add=[(2, 2), (4, 1), (20, 20)])],
    ),
    Case(
        "T15",
        "a prefix holds exactly the keys that start with it",
        [
            check(
                "starts with",
                [("a", "b"), ("a", "b", "c"), ("a", "b", "")],
                key=("a", "b"),
                others=[("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", ""), ("a", "a", "z"), ("a", "c"), ("ab",)],
            )
        ],
    ),
    Case(
        "T16",
        "an equality on _id, or equal bounds, is one key of by_id",
        [
            check("compile", Interval((_A,), after((_A,))), fields=[], bounds=[eq("_id", "x")], index="by_id"),
            check(
                "compile",
                Interval((_A,), after((_A,))),
                fields=[],
                bounds=[gte("_id", "x"), lte("_id", "x")],
                index="by_id",
            ),
        ],
    ),
    Case(
        "T17",
        "eq(a, undefined) holds the documents without a",
        [check("compile", Interval(((0,),), ((0,), (9,))), fields=["a"], bounds=[eq("a", UNDEFINED)])],
    ),
    Case(
        "T18",
        "bounds may come in any order",
        [
            check(
                "compile",
                Interval((_A, _ONE, (9,)), (_A, _TWO)),
                fields=["a", "b"],
                bounds=[lt("b", 2.0), eq("a", "x"), gt("b", 1.0)],
            ),
            check(
                "compile",
                Interval((_A, _ONE, (9,)), (_A, _TWO)),
                fields=["a", "b"],
                bounds=[eq("a", "x"), gt("b", 1.0), lt("b", 2.0)],
            ),
        ],
    ),
    Case(
        "T19",
        "ranges that are rejected",
        [
            check("compile", "InvalidIndexRange", fields=["a", "b"], bounds=[eq("b", 1.0)]),
            check("compile", "AlreadyDefinedBound", fields=["a", "b"], bounds=[gt("a", 1.0), gte("a", 2.0)]),
            check("compile", "AlreadyDefinedBound", fields=["a", "b"], bounds=[eq("a", 1.0), eq("a", 1.0)]),
            check("compile", "AlreadyDefinedBound", fields=["a", "b"], bounds=[eq("a", 1.0), gt("a", 0.0)]),
            check("compile", "BoundsOnMultipleFields", fields=["a", "b"], bounds=[gt("a", 1.0), lt("b", 2.0)]),
            check("compile", "FieldNotInIndex", fields=["a", "b"], bounds=[eq("c", 1.0)]),
        ],
    ),
    Case(
        "T20",
        "counts in an index of two fields, values missing and null among them",
        [
            counts(_grid(), 35),
            counts(_grid(eq("a", 1.0)), 7),
            counts(_grid(eq("a", 1.0), eq("b", 2.0)), 1),
            counts(_grid(eq("a", 1.0), eq("b", None)), 1),
            counts(_grid(eq("a", 1.0), eq("b", UNDEFINED)), 1),
            counts(_grid(gt("a", 2.0), lt("a", 4.0)), 7),
            counts(_grid(gte("a", 2.0), lte("a", 4.0)), 21),
            counts(_grid(eq("a", 1.0), gt("b", 2.0), lt("b", 4.0)), 1),
            counts(_grid(eq("a", 1.0), gte("b", 2.0), lte("b", 4.0)), 3),
            counts(_grid(eq("a", 1.0), gt("b", UNDEFINED)), 6),
        ],
        tables={"grid": {"by_a_b": ["a", "b"]}},
        rows=_GRID,
    ),
]
