"""What the cases do not ask: limits, schema, pages, the order of publication, memory."""

from __future__ import annotations

from typing import Any

import pytest

from contend.convex.errors import BadRequestError, LimitExceededError, TooManyWritesError
from contend.convex.limits import TransactionLimits
from contend.convex.ranges import eq, gte, lt
from contend.convex.values import COMMIT_TS, UNDEFINED
from contend.engine.conflicts import Conflict, invalidates
from contend.engine.database import SECOND_NS, Committed, Database, PendingCommit
from contend.engine.queries import Cursor
from contend.engine.reads import read_set
from contend.engine.services import schedule, upload_url
from contend.engine.transaction import Transaction
from contend.model.schema import Index, Table, Validator


def database(**settings: Any) -> Database:
    made = Database(**settings)
    made.add_table("t", {"by_n": ["n"], "by_name": ["owner.name"]})
    return made


def fill(target: Database, count: int, **fields: Any) -> list[str]:
    tx = target.begin()
    ids = [tx.insert("t", {"n": float(n), **fields}) for n in range(count)]
    target.commit(tx)
    return ids


def rows(target: Database, table: str = "t") -> list[dict[str, Any]]:
    tx = target.begin()
    found = tx.query(table).collect()
    tx.abort()
    return found


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (TransactionLimits(documents_read=5), r"Too many documents read .* \(limit: 5\)\. Consider"),
        (TransactionLimits(bytes_read=200), r"Too many bytes read .* \(limit: 200 bytes\)"),
    ],
)
def test_reading_has_limits(limits: TransactionLimits, message: str) -> None:
    target = database(limits=limits)
    fill(target, 10)
    with pytest.raises(LimitExceededError, match=message):
        target.begin().query("t").collect()


def test_rejected_rows_of_a_filter_count_as_read() -> None:
    target = database(limits=TransactionLimits(documents_read=5))
    fill(target, 10)
    with pytest.raises(LimitExceededError):
        target.begin().query("t").filter(lambda row: False).first()


def test_ranges_count_after_merging() -> None:
    target = database(limits=TransactionLimits(ranges_read=10))
    ids = fill(target, 12)
    tx = target.begin()
    for _ in range(50):
        tx.query("t").with_index("by_n", eq("n", 1.0)).first()
    with pytest.raises(LimitExceededError, match="Too many reads"):
        [tx.get(id) for id in ids]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (TransactionLimits(documents_written=3), r"Too many writes in a single function execution \(limit: 3\)"),
        (TransactionLimits(bytes_written=100), r"Too many bytes written .* \(limit: 100 bytes\)"),
    ],
)
def test_writing_has_limits_that_count_calls(limits: TransactionLimits, message: str) -> None:
    target = database(limits=limits)
    tx = target.begin()
    id = tx.insert("t", {"n": 0.0})
    with pytest.raises(LimitExceededError, match=message):
        write_often(tx, id)


def test_a_document_has_a_limit() -> None:
    with pytest.raises(LimitExceededError, match=r"Value is too large \(1\.43 MiB > maximum size 1 MiB\)"):
        database().begin().insert("t", {"text": "x" * 1_500_000})


def write_often(tx: Transaction, id: str) -> None:
    for n in range(5):
        tx.patch(id, {"n": 1.0 + n})


def test_scheduling_has_a_limit() -> None:
    tx = database(limits=TransactionLimits(functions_scheduled=2)).begin()
    for _ in range(2):
        schedule(tx, "f.js:f", {}, 0.0)
    with pytest.raises(LimitExceededError, match="Too many functions scheduled"):
        schedule(tx, "f.js:f", {}, 0.0)


def test_an_upload_url_reads_no_files() -> None:
    target = database()
    tx = target.begin()
    upload_url(tx)
    tx.insert("t", {})
    other = target.begin()
    other.insert("_file_storage", {"storageId": "s"})
    target.commit(other)
    assert isinstance(target.commit(tx), Committed)


def test_nesting_has_a_limit() -> None:
    tx = database(limits=TransactionLimits(nesting=1)).begin()
    with tx.nested(), pytest.raises(BadRequestError, match="depth limit"), tx.nested():
        pass


def test_throughput_is_of_the_last_second() -> None:
    target = database(write_bytes_per_second=100)
    fill(target, 5)
    with pytest.raises(TooManyWritesError, match="limited to"):
        fill(target, 1)
    target.now_ns += SECOND_NS
    fill(target, 1)
    assert len(rows(target)) == 6


SCHEMA = {
    "users": Table(
        "users",
        {
            "name": Validator("string"),
            "age": Validator("number", optional=True),
            "tags": Validator("array", items=(Validator("string"),), optional=True),
            "role": Validator("union", items=(Validator("literal", literal="a"), Validator("null")), optional=True),
            "size": Validator("object", fields={"w": Validator("bigint")}, optional=True),
        },
        (Index("by_name", ("name",)), Index("later", ("age",), staged=True), Index("text", ("name",), "search")),
    )
}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "missing the required field `name`"),
        ({"name": 1.0}, r"Path: \.name\nValue: 1\.0\nValidator: v\.string\(\)"),
        ({"name": "x", "other": 1.0}, "extra field `other`"),
        ({"name": "x", "age": 1}, r"v\.float64\(\)"),
        ({"name": "x", "tags": ["a", 1.0]}, r"Path: \.tags\[1\]"),
        ({"name": "x", "role": "b"}, r"v\.union"),
        ({"name": "x", "size": {"w": 1.0}}, r"Path: \.size\.w"),
        ({"name": "x", "size": {}}, "missing the required field `w`"),
    ],
)
def test_a_schema_is_enforced(document: dict[str, Any], problem: str) -> None:
    target = Database()
    target.add_declared(SCHEMA)
    with pytest.raises(BadRequestError, match=problem):
        target.begin().insert("users", document)


def test_what_a_schema_allows() -> None:
    target = Database()
    target.add_declared(SCHEMA)
    tx = target.begin()
    id = tx.insert("users", {"name": "x", "age": UNDEFINED, "tags": ["a"], "role": None, "size": {"w": 1}})
    tx.patch(id, {"age": 2.0, "tags": UNDEFINED})
    with pytest.raises(BadRequestError, match="`name`"):
        tx.patch(id, {"name": UNDEFINED})
    with pytest.raises(BadRequestError, match="extra field"):
        tx.replace(id, {"name": "x", "n": 1.0})
    assert tx.query("users").with_index("by_name", eq("name", "x")).unique() is not None
    assert tx.query("users").with_search_index("text", "x").first() is not None
    with pytest.raises(BadRequestError, match="staged"):
        tx.query("users").with_index("later")
    with pytest.raises(BadRequestError, match="not found"):
        tx.query("users").with_index("nowhere")


def test_writes_of_what_is_not_there() -> None:
    target = database()
    (id,) = fill(target, 1)
    tx = target.begin()
    tx.delete(id)
    for verb, write in (
        ("Update", lambda: tx.patch(id, {})),
        ("Replace", lambda: tx.replace(id, {})),
        ("Delete", lambda: tx.delete(id)),
    ):
        with pytest.raises(BadRequestError, match=f"{verb} on nonexistent document ID {id}"):
            write()
    assert tx.get("no id at all") is None


def test_system_fields_stay() -> None:
    target = database()
    (id,) = fill(target, 1)
    tx = target.begin()
    with pytest.raises(BadRequestError, match="System fields"):
        tx.patch(id, {"_creationTime": 0.0})


def test_an_index_of_a_nested_field() -> None:
    target = database()
    fill(target, 1, owner={"name": "ann"})
    fill(target, 1, owner={"name": "bob"})
    tx = target.begin()
    found = tx.query("t").with_index("by_name", eq("owner.name", "bob")).collect()
    assert [row["owner"] for row in found] == [{"name": "bob"}]


def test_pages_follow_one_another() -> None:
    target = database()
    fill(target, 5)
    cursor, sizes = None, []
    done = False
    while not done:
        tx = target.begin()
        page = tx.query("t").with_index("by_n").order("desc").paginate(2, cursor)
        tx.abort()
        sizes.append([row["n"] for row in page.page])
        cursor, done = page.continue_cursor, page.is_done
    assert sizes == [[4.0, 3.0], [2.0, 1.0], [0.0]]
    assert cursor == Cursor(None)
    assert target.begin().query("t").paginate(2, cursor).page == []


def test_a_page_ends_early_when_it_has_read_too_much() -> None:
    target = database()
    fill(target, 5)
    by_rows = target.begin().query("t").filter(lambda row: row["n"] > 3).paginate(2, maximum_rows_read=3)
    by_bytes = target.begin().query("t").paginate(5, maximum_bytes_read=1)
    assert (by_rows.page, by_rows.split_required) == ([], True)
    assert (len(by_bytes.page), by_bytes.split_required) == (1, True)


def test_a_loop_sees_what_it_writes() -> None:
    target = database()
    fill(target, 3)
    tx = target.begin()
    seen = []
    for row in tx.query("t").with_index("by_n", lt("n", 10.0)):
        seen.append(row["n"])
        tx.patch(row["_id"], {"n": row["n"] + 5.0})
    assert seen == [0.0, 1.0, 2.0, 5.0, 6.0, 7.0]


def test_own_and_committed_rows_are_merged_in_order() -> None:
    target = database()
    ids = fill(target, 4)
    tx = target.begin()
    tx.insert("t", {"n": 1.5})
    tx.delete(ids[0])
    tx.patch(ids[3], {"n": -1.0})
    query = tx.query("t").with_index("by_n", gte("n", -5.0))
    assert [row["n"] for row in query.collect()] == [-1.0, 1.0, 1.5, 2.0]
    assert [row["n"] for row in tx.query("t").with_index("by_n").order("desc").take(2)] == [2.0, 1.5]
    assert len(tx.query("t").with_index("by_id").collect()) == 4


def test_a_snapshot_stays_while_others_commit() -> None:
    target = database()
    ids = fill(target, 3)
    reader = target.begin()
    for n in range(5):
        writer = target.begin()
        writer.patch(ids[0], {"n": 10.0 + n})
        target.commit(writer)
    deleter = target.begin()
    deleter.delete(ids[1])
    target.commit(deleter)
    assert [row["n"] for row in reader.query("t").with_index("by_n").collect()] == [0.0, 1.0, 2.0]
    assert [row["n"] for row in rows(target)] == [14.0, 2.0]


def test_rows_that_are_handed_out_are_copies() -> None:
    target = database()
    (id,) = fill(target, 1)
    tx = target.begin()
    row = tx.get(id)
    assert row is not None
    row["n"] = 99.0
    assert tx.get(id) != row


def test_nested_values_are_copied_on_the_way_in_and_out() -> None:
    target = database()
    given = {"tags": ["a"], "owner": {"name": "x"}}
    (id,) = fill(target, 1, **given)
    given["tags"].append("b")  # type: ignore[attr-defined]
    tx = target.begin()
    row = tx.get(id)
    assert row is not None
    row["owner"]["name"] = "y"
    for (found,) in (tx.query("t").collect(), list(tx.query("t")), tx.query("t").filter(lambda row: True).take(1)):
        assert (found["tags"], found["owner"]) == (["a"], {"name": "x"})
        found["tags"].clear()
    more = ["c"]
    tx.patch(id, {"more": more})
    more.clear()
    tx.query("t").collect()[0]["more"].clear()
    assert tx.get(id) == {**tx.query("t").collect()[0], "more": ["c"]}


def test_commit_timestamps_are_in_commit_order() -> None:
    target = Database()
    target.add_table("queue", {"by_at": ["at"]})
    first, second = target.begin(), target.begin()
    early = second.insert("queue", {"at": COMMIT_TS, "who": {"when": [COMMIT_TS]}})
    late = first.insert("queue", {"at": COMMIT_TS})
    committed = [target.commit(second), target.commit(first)]
    found = target.begin().query("queue").with_index("by_at").collect()
    assert [row["_id"] for row in found] == [early, late]
    assert [row["at"] for row in found] == [outcome.ts for outcome in committed]
    assert found[0]["who"] == {"when": [found[0]["at"]]}


def test_commits_are_published_in_the_order_of_their_timestamps() -> None:
    target = database()
    pending = []
    for _ in range(2):
        tx = target.begin()
        tx.insert("t", {})
        outcome = target.validate(tx)
        assert isinstance(outcome, PendingCommit)
        pending.append(outcome)
    with pytest.raises(BadRequestError, match="oldest first"):
        target.publish(pending[1])
    assert [target.publish(commit).ts for commit in pending] == sorted(commit.ts for commit in pending)


def test_a_transaction_ends_once() -> None:
    target = database()
    tx = target.begin()
    tx.insert("t", {})
    assert isinstance(target.commit(tx), Committed)
    for end in (tx.abort, lambda: target.commit(tx)):
        with pytest.raises(BadRequestError, match="ended already"):
            end()
    assert len(rows(target)) == 1


def test_an_id_lost_to_a_conflict_can_be_used_by_the_retry() -> None:
    target = database()
    (id,) = fill(target, 1)
    unused = target.new_id(target.tables["t"])
    outcomes = []
    for attempt in range(2):
        tx = target.begin()
        tx.get(id)
        tx.insert("t", {}, id=unused)
        if attempt == 0:
            other = target.begin()
            other.delete(id)
            target.commit(other)
        outcomes.append(type(target.commit(tx)))
    assert outcomes == [Conflict, Committed]


def test_a_conflict_in_a_table_that_was_dropped_names_nobody() -> None:
    target = database()
    (id,) = fill(target, 1)
    reader, writer = target.begin(), target.begin()
    reader.patch(id, {"n": 1.0})
    writer.patch(id, {"n": 2.0})
    target.commit(writer)
    dropper = target.begin("finish_push")
    target.catalog.drop_table(dropper, "t")
    target.commit(dropper)
    conflict = target.commit(reader)
    assert isinstance(conflict, Conflict)
    assert (conflict.table, conflict.document) == (None, None)
    assert "some table changed" in conflict.message


def test_a_live_query_is_invalidated_by_what_it_read() -> None:
    target = database()
    ids = fill(target, 3)
    query = target.begin()
    query.query("t").with_index("by_n", lt("n", 2.0)).collect()
    reads = read_set(target, query)
    query.abort()
    invalidated = []
    for id in ids:
        tx = target.begin()
        tx.patch(id, {"seen": True})
        commit = target.validate(tx)
        assert isinstance(commit, PendingCommit)
        invalidated.append(invalidates(commit, reads))
        target.publish(commit)
    assert invalidated == [True, True, False]


def test_equal_seeds_give_equal_runs() -> None:
    runs = []
    for seed in (1, 1, 2):
        target = database(seed=seed)
        fill(target, 3)
        runs.append([row["_id"] for row in rows(target)])
    assert runs[0] == runs[1] != runs[2]


def test_memory_is_bounded() -> None:
    target = database()
    ids = fill(target, 10)
    running = [target.begin() for _ in range(3)]
    for n in range(3000):
        tx = running.pop(0)
        running.append(target.begin())
        tx.patch(ids[n % 10], {"n": float(n)})
        if n % 3 == 0:
            tx.delete(ids[n % 10])
            ids[n % 10] = tx.insert("t", {"n": 0.0})
        if isinstance(target.commit(tx), Conflict):
            ids = [row["_id"] for row in rows(target)]
    for tx in running:
        tx.abort()
    table = target.tables["t"]
    assert len(table.log) <= 300
    assert {len(versions) for versions in table.documents.values()} == {1}
    assert len(table.documents) == 10
    assert len(table.indexes["by_n"].keys) == len(table.indexes["by_creation_time"].keys) == 10
    assert not target._garbage
