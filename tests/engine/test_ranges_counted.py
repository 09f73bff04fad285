"""How many intervals a transaction has read is kept up to date, not counted anew with each read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from contend.convex.limits import TransactionLimits
from contend.convex.ranges import gte, lt
from contend.engine.database import Database
from contend.engine.reads import RangeCount, collect_reads

ROWS = 12
number = st.integers(0, ROWS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("get"), number, number),
        st.tuples(st.just("collect"), number, number),
        st.tuples(st.just("first"), number, number),
        st.tuples(st.just("scan ids"), number, number),
        st.tuples(st.just("open"), number, number),
        st.tuples(st.just("go on"), number, number),
        st.tuples(st.just("close"), number, number),
    ),
    max_size=25,
)


def database(limit: int) -> tuple[Database, list[str]]:
    made = Database(limits=TransactionLimits(ranges_read=limit))
    made.add_table("t", {"by_n": ["n"]})
    tx = made.begin()
    ids = [tx.insert("t", {"n": float(n)}) for n in range(ROWS)]
    made.commit(tx)
    return made, ids


@settings(max_examples=150, deadline=None)
@given(steps)
def test_the_count_is_that_of_all_reads_merged(steps: list[tuple[str, int, int]]) -> None:
    target, ids = database(limit=4_096)
    tx = target.begin()
    counted, open_loops = RangeCount(), []
    for what, low, high in steps:
        within = tx.query("t").with_index("by_n", gte("n", float(low)), lt("n", float(high)))
        if what == "get":
            tx.get(ids[low % ROWS])
        elif what == "collect":
            within.collect()
        elif what == "first":
            within.order("desc").first()
        elif what == "scan ids":
            tx.query("t").with_index("by_id", gte("_id", ids[low % ROWS])).take(high)
        elif what == "open":
            open_loops.append(iter(within))
        elif open_loops and what == "go on":
            next(open_loops[low % len(open_loops)], None)
        elif open_loops:
            open_loops.pop(low % len(open_loops)).close()  # type: ignore[attr-defined]  # a generator
        every = collect_reads(tx.points, tx.scans).values()
        assert counted.count(tx.points, tx.scans) == sum(len(reads.merged()) for reads in every)


def test_reads_of_what_was_read_before_may_go_on_for_ever() -> None:
    """Each one beyond the limit looks at itself alone; counting all of them each time would take minutes."""
    target, _ = database(limit=50)
    tx = target.begin()
    for n in range(20_000):
        tx.query("t").with_index("by_n", gte("n", float(n % ROWS))).first()
    assert len(tx.scans) == 20_000
