"""What reads cover and writes touch, with symbols for keys."""

from __future__ import annotations

import pytest

from contend.convex.coverage import (
    Comparison,
    Dependency,
    Overlap,
    Reach,
    SymbolicRead,
    Touch,
    may_overlap,
    read_extent,
    touched_indexes,
    write_dependencies,
)
from contend.convex.keys import index_fields
from contend.convex.ranges import RangeExpression, eq, gt, split_range
from contend.model.schema import Index

FIELDS = index_fields("by_room", ["room"])


def compare(write: str, read: str) -> Comparison:
    """Symbols: equal names are equal; `@…` are constants; `now` is later than any stored time; the rest is unknown."""
    if write == read:
        return Comparison.EQUAL
    if write == "now" and read.startswith("stored"):
        return Comparison.GREATER
    return Comparison.DIFFERENT if write.startswith("@") and read.startswith("@") else Comparison.UNKNOWN


def reading(*bounds: RangeExpression[str], **ends: object) -> SymbolicRead[str]:
    return SymbolicRead(split_range("by_room", FIELDS, bounds), **ends)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operation", "limit", "reach", "stop_after"),
    [
        ("get", None, Reach.POINT, 1),
        ("patch", None, Reach.POINT, 1),
        ("delete", None, Reach.POINT, 1),
        ("insert", None, Reach.FRESH, 1),
        ("collect", None, Reach.RANGE, None),
        ("for-await", None, Reach.RANGE, None),
        ("for-await-break", None, Reach.LIMIT, None),
        ("first", None, Reach.LIMIT, 1),
        ("unique", None, Reach.RANGE, 2),
        ("take", 5, Reach.LIMIT, 5),
        ("take", None, Reach.LIMIT, None),
        ("take", 0, Reach.NOTHING, 0),
        ("paginate", 10, Reach.LIMIT, 10),
    ],
)
def test_extents(operation: str, limit: int | None, reach: Reach, stop_after: int | None) -> None:
    extent = read_extent(operation, limit)  # type: ignore[arg-type]
    assert (extent.reach, extent.stop_after) == (reach, stop_after)
    assert extent.whole_range == (reach is Reach.RANGE)


def test_a_write_touches_every_enabled_index_but_vector_indexes() -> None:
    indexes = [
        Index("by_room", ("room",)),
        Index("later", ("room",), staged=True),
        Index("text", ("body",), kind="search"),
        Index("near", ("embedding",), kind="vector"),
    ]
    assert touched_indexes(indexes, "patch") == tuple(
        Touch(name, old=True, new=True) for name in ("by_creation_time", "by_id", "by_room", "text")
    )
    assert {touch[1:] for touch in touched_indexes(indexes, "insert")} == {(False, True)}
    assert {touch[1:] for touch in touched_indexes(indexes, "delete")} == {(True, False)}


def test_dependencies_of_writes() -> None:
    assert write_dependencies("delete") == {Dependency.TABLE, Dependency.INDEXES}
    assert write_dependencies("patch") == set(Dependency)
    assert write_dependencies("patch", changes_something=False) == set()


@pytest.mark.parametrize(
    ("room", "expected"),
    [("@R", Overlap.CERTAIN), ("@S", Overlap.NO), ("args.room", Overlap.POSSIBLE)],
)
def test_an_insert_into_a_range_of_a_constant(room: str, expected: Overlap) -> None:
    assert may_overlap(reading(eq("room", "@R")), None, (room, "now", "fresh"), compare) is expected


def test_the_old_key_alone_is_enough() -> None:
    read = reading(eq("room", "@R"))
    assert may_overlap(read, ("@R", "t", "i"), ("@S", "t", "i"), compare) is Overlap.CERTAIN
    assert may_overlap(read, ("@S", "t", "i"), ("@T", "t", "i"), compare) is Overlap.NO


def test_a_key_known_in_part() -> None:
    read = reading(eq("room", "@R"), gt("_creationTime", "stored"))
    assert may_overlap(read, None, ("@R",), compare) is Overlap.POSSIBLE
    assert may_overlap(read, None, ("@S",), compare) is Overlap.NO
    assert may_overlap(read, None, ("@R", "now"), compare) is Overlap.CERTAIN
    assert may_overlap(reading(eq("room", "@R")), None, (), compare) is Overlap.POSSIBLE


def test_values_that_differ_in_an_unknown_order_may_lie_in_a_range() -> None:
    assert may_overlap(reading(gt("room", "@R")), None, ("@S", "now", "i"), compare) is Overlap.POSSIBLE
    assert may_overlap(reading(gt("room", "@R")), None, ("@R", "now", "i"), compare) is Overlap.NO


def test_an_append_lies_beyond_a_first_that_was_found() -> None:
    found = reading(eq("room", "@R"), stops_early=True, last=("@R", "stored", "i"))
    assert may_overlap(found, None, ("@R", "now", "fresh"), compare) is Overlap.NO
    latest = reading(eq("room", "@R"), stops_early=True, descending=True, last=("@R", "stored", "i"))
    assert may_overlap(latest, None, ("@R", "now", "fresh"), compare) is Overlap.CERTAIN
    unknown = reading(eq("room", "@R"), stops_early=True)
    assert may_overlap(unknown, None, ("@R", "now", "fresh"), compare) is Overlap.POSSIBLE
