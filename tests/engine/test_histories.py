"""Whatever transactions do, what commits is equal to running them one after another in the order of their commits, and
every conflict that is reported has a cause that can be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from contend.convex.errors import BadRequestError
from contend.convex.ranges import gte, lt
from contend.engine.conflicts import Conflict
from contend.engine.database import Committed, Database, PendingCommit
from contend.engine.transaction import Transaction

State = dict[str, dict[str, Any]]
RANKS = st.integers(0, 4).map(float)
CHANGES = st.fixed_dictionaries({}, optional={"rank": RANKS, "n": RANKS})


def place(row: dict[str, Any]) -> tuple[float, float, str]:
    return row["rank"], row["_creationTime"], row["_id"]


@dataclass
class Observed:
    """One operation: what it gave, how a state that it runs on answers and changes, and whether a row lies in what it
    read."""

    gave: Any
    replay: Callable[[State], Any]
    covers: Callable[[dict[str, Any]], bool]


@dataclass
class Running:
    """A transaction and all it did."""

    tx: Transaction
    done: list[Observed] = field(default_factory=list)
    nested: int = 0


@dataclass
class Written:
    """One committed transaction, and the rows it changed: before and after."""

    ts: int
    done: list[Observed]
    changes: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None]]


class Histories(RuleBasedStateMachine):
    """Transactions interleaved at random over one small table."""

    running = Bundle("running")

    def __init__(self) -> None:
        super().__init__()
        self.database = Database()
        self.database.add_table("t", {"by_rank": ["rank"]})
        self.first_ts = self.database.latest_ts
        self.history: list[Written] = []
        self.ids: list[str] = []
        self.state: State = {}

    @rule(target=running)
    def begin(self) -> Running:
        return Running(self.database.begin())

    @rule(run=running, rank=RANKS)
    def insert(self, run: Running, rank: float) -> None:
        if run.tx.ended:
            return
        id = run.tx.insert("t", {"rank": rank, "n": 0.0})
        row = run.tx.get(id)
        assert row is not None
        self.ids.append(id)
        run.done.append(Observed(None, lambda state: state.__setitem__(id, row), lambda other: False))

    @rule(run=running, number=st.integers(0, 30))
    def get(self, run: Running, number: int) -> None:
        if run.tx.ended or not self.ids:
            return
        id = self.ids[number % len(self.ids)]
        run.done.append(Observed(run.tx.get(id), lambda state: state.get(id), lambda row: row["_id"] == id))

    @rule(
        run=running, number=st.integers(0, 30), change=st.fixed_dictionaries({}, optional={"rank": RANKS, "n": RANKS})
    )
    def patch(self, run: Running, number: int, change: dict[str, float]) -> None:
        if run.tx.ended or not self.ids:
            return
        id = self.ids[number % len(self.ids)]
        gave = attempt(lambda: run.tx.patch(id, change))

        def replay(state: State) -> Any:
            if id not in state:
                return "no such row"
            state[id] = state[id] | change
            return None

        run.done.append(Observed(gave, replay, lambda row: row["_id"] == id))

    @rule(run=running, number=st.integers(0, 30))
    def delete(self, run: Running, number: int) -> None:
        if run.tx.ended or not self.ids:
            return
        id = self.ids[number % len(self.ids)]
        gave = attempt(lambda: run.tx.delete(id))
        run.done.append(
            Observed(gave, lambda state: None if state.pop(id, None) else "no such row", lambda row: row["_id"] == id)
        )

    @rule(run=running, low=RANKS, high=RANKS, descending=st.booleans(), limit=st.sampled_from([None, 1, 2, 3]))
    def query(self, run: Running, low: float, high: float, descending: bool, limit: int | None) -> None:
        if run.tx.ended:
            return
        query = run.tx.query("t").with_index("by_rank", gte("rank", low), lt("rank", high))
        query = query.order("desc" if descending else "asc")
        found = query.collect() if limit is None else query.take(limit)

        def replay(state: State) -> list[dict[str, Any]]:
            rows = sorted((row for row in state.values() if low <= row["rank"] < high), key=place, reverse=descending)
            return rows[:limit]

        def covers(row: dict[str, Any]) -> bool:
            if not low <= row["rank"] < high:
                return False
            if limit is None or len(found) < limit:
                return True
            return place(row) >= place(found[-1]) if descending else place(row) <= place(found[-1])

        run.done.append(Observed(found, replay, covers))

    @rule(run=running, rank=RANKS)
    def failing_sub_mutation(self, run: Running, rank: float) -> None:
        if run.tx.ended:
            return
        before = len(run.done)
        try:
            with run.tx.nested():
                self.query(run, 0.0, rank, False, 2)
                run.tx.insert("t", {"rank": rank, "n": 1.0})
                raise BadRequestError("thrown")
        except BadRequestError:
            assert len(run.done) == before + 1

    @rule(run=consumes(running), hold=st.booleans())
    def commit(self, run: Running, hold: bool) -> None:
        """With `hold` the commit stays pending for a while; later ones then wait behind it."""
        if run.tx.ended:
            return
        before = dict(self.state)
        outcome = self.database.validate(run.tx)
        if isinstance(outcome, Conflict):
            self.has_a_cause(run, outcome)
        elif isinstance(outcome, Committed):
            self.replays(run.done, self.state_at(outcome.ts))
        else:
            self.commits(run, outcome, before)
            if not hold:
                self.publish()

    @rule()
    def publish(self) -> None:
        while self.database.pending:
            self.database.publish(self.database.pending[0])

    def commits(self, run: Running, outcome: PendingCommit, before: State) -> None:
        self.replays(run.done, self.state)
        changed = {
            id: (before.get(id), self.state.get(id))
            for id in before.keys() | self.state.keys()
            if before.get(id) != self.state.get(id) or id in touched(run)
        }
        self.history.append(Written(outcome.ts, run.done, changed))

    def replays(self, done: list[Observed], state: State) -> None:
        """Run now, alone, every operation gives what it gave."""
        for operation in done:
            assert operation.replay(state) == operation.gave

    def state_at(self, ts: int) -> State:
        state: State = {}
        for written in self.history:
            if written.ts <= ts:
                for operation in written.done:
                    operation.replay(state)
        return state

    def has_a_cause(self, run: Running, conflict: Conflict) -> None:
        """The named transaction committed since the snapshot, and changed a row that lies in what was read."""
        writer = next(written for written in self.history if written.ts == conflict.ts)
        assert writer.ts > run.tx.begin_ts
        assert conflict.document is not None
        versions = [row for row in writer.changes[conflict.document] if row is not None]
        assert any(operation.covers(row) for operation in run.done for row in versions)

    @invariant()
    def a_new_snapshot_sees_the_state(self) -> None:
        if self.database.pending:
            return
        tx = self.database.begin()
        found = tx.query("t").with_index("by_rank").collect()
        tx.abort()
        assert found == sorted(self.state.values(), key=place)

    @invariant()
    def memory_is_bounded_by_running_transactions(self) -> None:
        if not self.database._pins and not self.database.pending:
            table = self.database.tables["t"]
            assert sorted(table.documents) == sorted(self.state)
            assert all(len(versions) == 1 for versions in table.documents.values())
            assert len(table.indexes["by_rank"].keys) == len(self.state)


def touched(run: Running) -> set[str]:
    return {id for own in run.tx.writes.values() for id in own}


def attempt(operation: Callable[[], Any]) -> Any:
    try:
        operation()
    except BadRequestError:
        return "no such row"
    return None


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
