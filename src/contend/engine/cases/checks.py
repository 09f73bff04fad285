"""Checks of engine parts alone, for the cases that are not about transactions: intervals, ranges, the write log,
retry arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contend.convex.errors import InvalidRangeError
from contend.convex.intervals import Interval, IntervalSet, prefix
from contend.convex.intervals import after as after_key
from contend.convex.keys import index_fields
from contend.convex.ranges import RangeExpression, compile_range
from contend.convex.retries import POLICIES, Runner
from contend.convex.values import sort_key
from contend.engine.conflicts import find_published
from contend.engine.database import Database
from contend.engine.reads import IndexReads, ReadSet
from contend.engine.search import SearchRead, terms_of

_WRITTEN_AT = 1003


def _merge(intervals: Sequence[tuple[int, int]], add: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """An interval set after more intervals are added."""
    found = IntervalSet(Interval(*interval) for interval in intervals)
    for interval in add:
        found.add(Interval(*interval))
    return [(interval.start, interval.end) for interval in found]


def _starts_with(key: Sequence[str], others: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Which of the other keys the prefix interval of `key` holds."""
    interval = prefix(tuple(sort_key(part) for part in key))
    return [other for other in others if interval.holds(tuple(sort_key(part) for part in other))]


def _compile(fields: Sequence[str], bounds: Sequence[RangeExpression[Any]], index: str = "by_index") -> object:
    """The interval of an index range, or the code of the error."""
    try:
        return compile_range(index, index_fields(index, fields), bounds)
    except InvalidRangeError as error:
        return error.code


def _in_log(interval: str, after: int, upto: int, deleted: bool = False, later: bool = False) -> str | None:
    """The index through which a log with one write, at 1003, meets a read in the window (after, upto]. The write is an
    insert of key K in `by_k`, or with `deleted` the deletion of that document; with `later` a write of another key, not
    in the read, follows at 1005."""
    database = Database(start_ns=1000)
    database.add_table("t", {"by_k": ["k"]})
    database.now_ns = _WRITTEN_AT if not deleted else _WRITTEN_AT - 1
    tx = database.begin()
    id = tx.insert("t", {"k": "K"})
    database.commit(tx)
    if deleted:
        database.now_ns = _WRITTEN_AT
        tx = database.begin()
        tx.delete(id)
        database.commit(tx)
    table = database.tables["t"]
    table.log = [entry for entry in table.log if entry.ts == database.latest_ts]
    index = table.indexes["by_k"]
    entry = table.log[0]
    keys = entry.old_keys if deleted else entry.new_keys
    key = keys[index.slot] if keys is not None else None
    if key is None:
        return "no key logged"
    if later:
        database.now_ns = 1005
        tx = database.begin()
        tx.insert("t", {"k": "L"})
        database.commit(tx)
    intervals = {
        "everything": Interval((), after_key(key)) if later else Interval((), None),
        "empty": Interval(key, key),
        "prefix K": prefix(key),
        "before K": Interval((), key),
        "from K": Interval(key, None),
    }
    reads = IndexReads(index)
    reads.add(intervals[interval])
    conflict = find_published(ReadSet([reads], {}), after, upto)
    return None if conflict is None else conflict.index_name


def _sleeps(runner: Runner, failures: int) -> list[float]:
    """The limits in ms of the sleeps after the first failures."""
    return [POLICIES[runner].sleep_limit_ms(failure) for failure in range(1, failures + 1)]


def _mean_total_sleep(runner: Runner) -> tuple[float, float]:
    """Mean and least upper bound, in ms, of all sleeps of a call that fails for good."""
    policy = POLICIES[runner]
    total = sum(policy.sleep_limit_ms(failure) for failure in range(1, (policy.max_retries or 0) + 1))
    return total / 2, total


def _search_overlap(
    document: dict[str, Any], words: str = "", prefix_search: bool = False, filters: Sequence[tuple[str, Any]] = ()
) -> bool:
    """Whether writing `document` overlaps a recorded search of its field `text`."""
    database = Database()
    database.add_table("t", search_indexes={"search_text": ("text", ())})
    read = SearchRead()
    read.terms.extend(terms_of(words, prefix_search))
    read.filters.extend(filters)
    return read.overlaps(database.tables["t"].search_indexes["search_text"], document)


CHECKS: dict[str, Callable[..., Any]] = {
    "merge": _merge,
    "starts with": _starts_with,
    "compile": _compile,
    "in log": _in_log,
    "search overlap": _search_overlap,
    "sleeps": _sleeps,
    "total sleep": _mean_total_sleep,
}
