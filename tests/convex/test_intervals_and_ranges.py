"""Interval sets against a naive model; index ranges against the order of keys."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.convex.errors import InvalidRangeError
from contend.convex.intervals import EVERYTHING, Interval, IntervalSet, after, prefix
from contend.convex.keys import field_value, index_fields, index_key
from contend.convex.ranges import compile_range, eq, gt, gte, lt, lte, split_range
from contend.convex.values import UNDEFINED, sort_key

ENDS = st.integers(0, 12)
INTERVALS = st.builds(Interval, ENDS, ENDS | st.none())


@given(st.lists(INTERVALS, max_size=12))
def test_a_set_holds_what_its_intervals_hold(intervals: list[Interval]) -> None:
    found = IntervalSet(intervals)
    for key in range(14):
        assert found.holds(key) == any(interval.holds(key) for interval in intervals)


@given(st.lists(INTERVALS, max_size=12))
def test_intervals_of_a_set_are_in_order_and_apart(intervals: list[Interval]) -> None:
    found = list(IntervalSet(intervals))
    assert not any(interval.empty for interval in found)
    for one, other in pairwise(found):
        assert one.end is not None
        assert one.end < other.start
    assert len(IntervalSet(intervals)) == len(found)


def test_a_copy_is_independent() -> None:
    one = IntervalSet([Interval(1, 2)])
    other = one.copy()
    other.add(Interval(3, None))
    assert list(one) == [(1, 2)]
    assert list(other) == [(1, 2), (3, None)]


def test_keys_have_creation_time_and_id_at_their_end() -> None:
    assert index_fields("by_room", ["room"]) == ("room", "_creationTime", "_id")
    assert index_fields("by_id", []) == ("_id",)
    assert index_fields("by_creation_time", []) == ("_creationTime", "_id")
    row = {"_id": "x", "_creationTime": 1.0, "room": {"name": "R"}}
    assert index_key(row, index_fields("i", ["room.name", "room.gone", "gone.too"])) == tuple(
        sort_key(value) for value in ("R", UNDEFINED, UNDEFINED, 1.0, "x")
    )
    assert field_value({"a": 1}, "a.b") is UNDEFINED


FIELDS = index_fields("by_a_b", ["a", "b"])
VALUES = st.sampled_from([UNDEFINED, None, 1, 1.0, 2.0, "x"])


@given(VALUES, VALUES, VALUES, VALUES, st.booleans(), st.booleans())
def test_a_range_holds_the_keys_that_satisfy_it(a: Any, b: Any, low: Any, high: Any, gte_: bool, lte_: bool) -> None:
    interval = compile_range(
        "i", FIELDS, [(lte if lte_ else lt)("b", high), eq("a", 1.0), (gte if gte_ else gt)("b", low)]
    )
    key = index_key({"a": a, "b": b, "_creationTime": 1.0, "_id": "x"}, FIELDS)
    place, lowest, highest = sort_key(b), sort_key(low), sort_key(high)
    inside = (
        sort_key(a) == sort_key(1.0)
        and (lowest <= place if gte_ else lowest < place)
        and (place <= highest if lte_ else place < highest)
    )
    assert interval.holds(key) == inside


def test_one_sided_ranges() -> None:
    assert compile_range("i", FIELDS, []) == EVERYTHING
    assert compile_range("i", FIELDS, [gt("a", 1.0)]) == Interval(((3, 1.0), (9,)), None)
    assert compile_range("i", FIELDS, [lt("a", 1.0)]) == Interval((), ((3, 1.0),))
    assert compile_range("i", FIELDS, [eq("a", 1.0)]) == prefix(((3, 1.0),))
    assert after(()) == ((9,),)


def test_a_range_of_symbols_is_sorted_and_rejected_alike() -> None:
    a, b = object(), object()
    range_ = split_range("by_a_b", FIELDS, [gte("b", b), eq("a", a)])
    assert range_.equalities == (a,)
    assert range_.lower == (b, True)
    assert range_.upper is None
    with pytest.raises(InvalidRangeError):
        split_range("by_a_b", FIELDS, [eq("b", b)])


def test_texts_of_rejected_ranges() -> None:
    with pytest.raises(InvalidRangeError) as error:
        compile_range("by_a_b", FIELDS, [eq("b", 1.0)], "things")
    assert str(error.value) == (
        "Tried to query index things.by_a_b but the query didn't use the index fields in order.\n"
        'Index fields: ["a", "b", "_creationTime", "_id"]\nQuery fields: ["b"]\nFirst incorrect field: b\n'
        "For more information see https://docs.convex.dev/using/indexes."
    )
    with pytest.raises(
        InvalidRangeError, match=r'Already defined lower bound in index range. Can\'t add "a" >= 2\.0\.'
    ):
        compile_range("by_a_b", FIELDS, [gt("a", 1.0), gte("a", 2.0)])
    with pytest.raises(InvalidRangeError, match='bound on both "a" and "b"'):
        compile_range("by_a_b", FIELDS, [gt("a", 1.0), lt("b", 2.0)])
    with pytest.raises(InvalidRangeError, match='comparison with "c"'):
        compile_range("by_a_b", FIELDS, [eq("c", UNDEFINED)])
