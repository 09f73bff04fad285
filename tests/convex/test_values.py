"""Values: their order, equality, JSON form and size."""

from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contend.convex.errors import InvalidValueError
from contend.convex.values import (
    COMMIT_TS,
    UNDEFINED,
    from_json,
    resolve_commit_ts,
    same_value,
    size,
    sort_key,
    to_json,
    type_name,
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.binary(max_size=5)
)
NAMES = st.text("abcdef_", min_size=1, max_size=4)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=10
)
NEGATIVE_NAN = struct.unpack(">d", b"\xff\xf8" + bytes(6))[0]


def test_types_are_ordered_before_values() -> None:
    in_order: list[Any] = [UNDEFINED, None, 5, 1.0, False, True, "", b"", [], {}]
    assert in_order == sorted([*in_order[5:], *in_order[:5]], key=sort_key)


def test_floats_have_a_total_order() -> None:
    in_order = [NEGATIVE_NAN, -math.inf, -1.0, -0.0, 0.0, 5e-324, 1.0, math.inf, math.nan]
    keys = [sort_key(value) for value in in_order]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_strings_are_ordered_as_their_utf8_bytes(left: str, right: str) -> None:
    assert (sort_key(left) < sort_key(right)) == (left.encode() < right.encode())


@pytest.mark.parametrize(
    ("less", "greater"),
    [
        ([], [None]),
        ([1.0], [1.0, None]),
        ([1.0, "z"], [2.0]),
        ({}, {"a": 1}),
        ({"a": 2}, {"b": 1}),
        ({"a": 1}, {"a": 2}),
    ],
)
def test_arrays_and_objects_are_ordered_element_by_element(less: Any, greater: Any) -> None:
    assert sort_key(less) < sort_key(greater)


@given(st.lists(VALUES, max_size=6))
def test_the_order_is_total(values: list[Any]) -> None:
    keys = sorted(sort_key(value) for value in values)
    assert all(one <= other for one, other in pairwise(keys))


@given(VALUES)
def test_a_value_is_itself_and_survives_json(value: Any) -> None:
    assert same_value(value, value)
    assert same_value(from_json(to_json(value)), value)


@given(VALUES, VALUES)
def test_equality_agrees_with_the_order(left: Any, right: Any) -> None:
    assert same_value(left, right) == (sort_key(left) == sort_key(right))


@pytest.mark.parametrize(
    ("left", "right"), [(0.0, -0.0), (1, 1.0), (True, 1), ("", b""), (None, UNDEFINED), ([0.0], [-0.0]), ({"a": 1}, {})]
)
def test_values_that_differ(left: Any, right: Any) -> None:
    assert not same_value(left, right)


def test_field_order_and_nan_make_no_difference() -> None:
    assert same_value({"a": 1.0, "b": math.nan}, {"b": math.nan, "a": 1.0})
    assert same_value((1.0,), [1.0])


def test_a_commit_timestamp_equals_nothing_and_sorts_after_every_int64() -> None:
    assert not same_value(COMMIT_TS, COMMIT_TS)
    assert not same_value({"a": [COMMIT_TS]}, {"a": [COMMIT_TS]})
    assert sort_key(2**63 - 1) < sort_key(COMMIT_TS) < sort_key(-math.inf)
    assert resolve_commit_ts({"a": [COMMIT_TS, 1.0]}, 7) == {"a": [7, 1.0]}


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (1.5, 1.5),
        (1, {"$integer": "AQAAAAAAAAA="}),
        (-1, {"$integer": "//////////8="}),
        (-0.0, {"$float": "AAAAAAAAAIA="}),
        (math.inf, {"$float": "AAAAAAAA8H8="}),
        (b"hi", {"$bytes": "aGk="}),
        ({"a": [None, True, "x"]}, {"a": [None, True, "x"]}),
    ],
)
def test_json_forms(value: Any, json: Any) -> None:
    assert to_json(value) == json
    assert same_value(from_json(json), value)


def test_plain_json_numbers_are_floats() -> None:
    assert type_name(from_json(1)) == "float64"


@pytest.mark.parametrize("json", [{"$integer": "AA=="}, {"$integer": 1}, {"$float": "no base64!"}, {"$date": "x"}])
def test_malformed_json_is_rejected(json: Any) -> None:
    with pytest.raises(InvalidValueError):
        from_json(json)


def test_what_is_no_value_is_rejected() -> None:
    for function in (sort_key, size, to_json, type_name):
        with pytest.raises(InvalidValueError):
            function(object())
    with pytest.raises(InvalidValueError):
        to_json(2**63)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, 1), (True, 1), (1, 9), (1.0, 9), ("abc", 5), ("é", 4), (b"ab", 4), ([1.0, None], 12), ({"ab": 1.0}, 14)],
)
def test_sizes(value: Any, expected: int) -> None:
    assert size(value) == expected
