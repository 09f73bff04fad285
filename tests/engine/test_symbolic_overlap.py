"""Where all keys are known, the symbolic overlap that the audit uses and the engine's verdict are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contend.convex.coverage import Comparison, Overlap, SymbolicRead, may_overlap, read_extent, touched_indexes
from contend.convex.keys import field_value, index_fields
from contend.convex.ranges import RangeExpression, split_range
from contend.convex.values import UNDEFINED, sort_key
from contend.engine.conflicts import Conflict
from contend.engine.database import Database
from contend.model.schema import Index

INDEX = Index("by_a_b", ("a", "b"))
FIELDS = index_fields(INDEX.name, INDEX.fields)
VALUES = st.sampled_from([UNDEFINED, None, 0, 1, 0.0, -0.0, 1.0, 2.0, True, "", "x", [1.0], {"k": None}])


@st.composite
def ranges(draw: st.DrawFn) -> list[RangeExpression[Any]]:
    """Valid expressions: some equalities, then perhaps bounds on the next field."""
    equalities = draw(st.integers(0, 2))
    found: list[RangeExpression[Any]] = [RangeExpression("eq", field, draw(VALUES)) for field in FIELDS[:equalities]]
    if equalities < 2:
        for comparators in (("gt", "gte"), ("lt", "lte")):
            if draw(st.booleans()):
                found.append(RangeExpression(draw(st.sampled_from(comparators)), FIELDS[equalities], draw(VALUES)))
    return draw(st.permutations(found))


@dataclass(frozen=True)
class Ending:
    """How the query ends."""

    operation: Any
    limit: int | None


ENDINGS = st.sampled_from([Ending("collect", None), Ending("first", 1), *[Ending("take", n) for n in (0, 1, 2, 5)]])
ROWS = st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=8)


def compare(left: Any, right: Any) -> Comparison:
    """Two known values."""
    one, other = sort_key(left), sort_key(right)
    return Comparison.EQUAL if one == other else Comparison.LESS if one < other else Comparison.GREATER


def key_of(document: Any) -> tuple[Any, ...] | None:
    return None if document is None else tuple(field_value(document, field) for field in FIELDS)


def run_query(query: Any, ending: Ending) -> list[Any]:
    if ending.operation == "first":
        found = query.first()
        return [] if found is None else [found]
    return list(query.collect() if ending.operation == "collect" else query.take(ending.limit))


@settings(max_examples=400, deadline=None)
@given(
    rows=ROWS,
    range_=ranges(),
    descending=st.booleans(),
    filtered=st.booleans(),
    ending=ENDINGS,
    operation=st.sampled_from(["insert", "patch", "replace", "delete"]),
    target=st.integers(0, 7),
    written=st.fixed_dictionaries({"a": VALUES, "b": VALUES}),
)
def test_symbolic_overlap_is_the_engines_verdict(
    rows: list[Any],
    range_: list[RangeExpression[Any]],
    descending: bool,
    filtered: bool,
    ending: Ending,
    operation: Any,
    target: int,
    written: Any,
) -> None:
    database = Database()
    database.add_table("log")
    database.add_table("t", {INDEX.name: INDEX.fields})
    setup = database.begin()
    ids = [setup.insert("t", row) for row in rows]
    database.commit(setup)
    if operation != "insert" and target >= len(ids):
        return

    reader = database.begin()
    query = reader.query("t").with_index(INDEX.name, *range_).order("desc" if descending else "asc")
    if filtered:  # narrows nothing
        query = query.filter(lambda row: type(row.get("b")) is float)
    found = run_query(query, ending)
    reader.insert("log", {})

    writer = database.begin()
    id = ids[target] if operation != "insert" else ""
    old = writer.get(id) if id else None
    if operation == "insert":
        id = writer.insert("t", written)
    elif operation == "delete":
        writer.delete(id)
    else:
        getattr(writer, operation)(id, written)
    new = writer.get(id)
    changed = bool(any(writer.writes.values()))
    database.commit(writer)

    extent = read_extent(ending.operation, ending.limit)
    stopped = extent.stop_after is not None and len(found) == extent.stop_after
    read = SymbolicRead(
        split_range(INDEX.name, FIELDS, range_),
        descending,
        stops_early=stopped,
        last=key_of(found[-1]) if stopped and found else None,
    )
    touch = next(touch for touch in touched_indexes([INDEX], operation) if touch.index_name == INDEX.name)
    verdict = Overlap.NO
    if changed and extent.stop_after != 0:
        verdict = may_overlap(read, key_of(old) if touch.old else None, key_of(new) if touch.new else None, compare)
    assert verdict is not Overlap.POSSIBLE
    assert isinstance(database.commit(reader), Conflict) == (verdict is Overlap.CERTAIN)
