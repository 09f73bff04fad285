"""Runs cases on the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count, islice
from typing import Any

from contend.convex.clients import CLIENTS, always_checked
from contend.convex.errors import DatabaseError
from contend.convex.values import Document
from contend.engine import services
from contend.engine.calls import Hooks, Request, run_call
from contend.engine.cases.checks import CHECKS
from contend.engine.cases.steps import ANYTHING, Case, Read, Step
from contend.engine.conflicts import Conflict
from contend.engine.database import SECOND_NS, Committed, Database, PendingCommit
from contend.engine.queries import Cursor, Query
from contend.engine.transaction import Transaction


class CaseFailedError(AssertionError):
    """The engine does not do what the case says."""


class ThrownError(Exception):
    """What a handler of a case throws."""


def run(case: Case) -> None:
    """Runs the case on a new database. Raises `CaseFailedError` at the first step that does not give what it must."""
    world = World(case)
    for number, step in enumerate(case.steps, start=1):
        try:
            world.do(step)
        except CaseFailedError as failure:
            raise CaseFailedError(f"{case.name}: step {number}, {step.do} {step.tx}: {failure}") from failure
        except DatabaseError as error:
            raise CaseFailedError(f"{case.name}: step {number}, {step.do} {step.tx}, raised {error!r}") from error


class World:
    """The state of one run: the database, its named transactions and rows."""

    def __init__(self, case: Case) -> None:
        self.database = Database(**case.settings)
        self.transactions: dict[str, Transaction] = {}
        self.held: dict[str, PendingCommit] = {}
        self.commit_ts: dict[str, int] = {}
        self.names: dict[str, str] = {}  # id → row's name
        self.ids: dict[str, str] = {}
        self.nested: dict[str, list[AbstractContextManager[None]]] = {}
        self._calls = count()
        for table, indexes in {"log": {}, **case.tables}.items():
            plain = {name: fields for name, fields in indexes.items() if not name.startswith("search_")}
            search = {name: (fields[0], fields[1:]) for name, fields in indexes.items() if name.startswith("search_")}
            self.database.add_table(table, plain, search_indexes=search)
        for name, (table, fields) in case.rows.items():
            tx = self.database.begin("setup")
            self.insert(tx, table, name, fields)
            self.database.commit(tx)
            self.database.now_ns += 1_000_000

    def do(self, step: Step) -> None:
        """Does one step and holds its result against what it must give."""
        try:
            result = _ACTIONS[step.do](self, step)
        except DatabaseError as error:
            if step.fails is not None and step.fails in f"{error.code}: {error}":
                return
            raise
        if step.fails is not None:
            raise CaseFailedError(f"should fail with {step.fails!r}, gave {result!r}")
        if step.gives is not ANYTHING and step.do != "call" and result != step.gives:
            raise CaseFailedError(f"should give {step.gives!r}, gave {result!r}")

    def tx(self, step: Step) -> Transaction:
        return self.transactions[step.tx]

    def insert(self, tx: Transaction, table: str, name: str, fields: Mapping[str, Any], id: str | None = None) -> str:
        values = {key: self.ids.get(value[1:], value) if _is_name(value) else value for key, value in fields.items()}
        id = tx.insert(table, values, id)
        if name:
            self.names[id] = name
            self.ids[name] = id
        return id

    def name_of(self, row: Document | None) -> str | None:
        return None if row is None else self.names.get(row["_id"], row["_id"])

    def query(self, tx: Transaction, what: Read) -> Query:
        query = tx.query(what.table)
        if what.search is not None:
            query = query.with_search_index(what.index or "", what.search, *what.bounds, prefix=what.prefix)
        elif what.index is not None:
            query = query.with_index(what.index, *what.bounds)
        if what.descending:
            query = query.order("desc")
        if what.where:
            query = query.filter(lambda row: all(row.get(name) == value for name, value in what.where.items()))
        return query

    def read(self, tx: Transaction, what: Read) -> Any:
        query = self.query(tx, what)
        if what.how in ("first", "unique"):
            return self.name_of(query.first() if what.how == "first" else query.unique())
        if what.how == "collect":
            found = query.collect()
        elif what.how == "take":
            found = query.take(what.n or 0)
        elif what.how == "break":
            found = list(islice(query, what.n))
        else:
            after, until = self._cursor(tx, what, what.after), self._cursor(tx, what, what.until)
            found = query.paginate(what.n or 0, after, until).page
        return [self.name_of(row) for row in found]

    def _cursor(self, tx: Transaction, what: Read, row: str | None) -> Cursor | None:
        if row is None:
            return None
        table = tx.table(what.table)
        version = table.visible(self.ids[row], tx.begin_ts) if table else None
        if table is None or version is None:
            raise CaseFailedError(f"no row {row}")
        return Cursor(version.keys[table.indexes[what.index or "by_creation_time"].slot])

    def commit(self, name: str) -> Committed | Conflict:
        outcome = self.database.commit(self.transactions[name])
        if isinstance(outcome, Committed):
            self.commit_ts[name] = outcome.ts
        return outcome

    def request_id(self) -> str:
        return f"request-{next(self._calls)}"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.startswith("@")


def _begin(world: World, step: Step) -> None:
    tx = world.database.begin(step.args["source"])
    tx.always_checked = always_checked(step.args["runner"])
    world.transactions[step.tx] = tx


def _commit(world: World, step: Step) -> int:
    outcome = world.commit(step.tx)
    if isinstance(outcome, Conflict):
        raise CaseFailedError(f"should commit, was rejected: {outcome}")
    return outcome.documents


def _occ(world: World, step: Step) -> None:
    outcome = world.commit(step.tx)
    if isinstance(outcome, Committed):
        raise CaseFailedError("should be rejected, was committed")
    for name, expected in step.args.items():
        if name == "says":
            if expected not in outcome.message:
                raise CaseFailedError(f"message should say {expected!r}: {outcome.message}")
            continue
        if name == "write":
            held = world.held.get(expected)
            expected = world.commit_ts[expected] if held is None else held.ts
            found: object = outcome.ts
        elif name == "document":
            found = world.names.get(outcome.document or "", outcome.document)
        else:
            found = getattr(outcome, "index_name" if name == "index" else name)
        if found != expected:
            raise CaseFailedError(f"{name} should be {expected!r}, is {found!r}")


def _hold(world: World, step: Step) -> None:
    outcome = world.database.validate(world.tx(step))
    if not isinstance(outcome, PendingCommit):
        raise CaseFailedError(f"should be pending, is {outcome}")
    world.held[step.tx] = outcome


def _nest(world: World, step: Step) -> None:
    manager = world.tx(step).nested()
    manager.__enter__()
    world.nested.setdefault(step.tx, []).append(manager)


def _unnest(world: World, step: Step) -> None:
    manager = world.nested[step.tx].pop()
    if not step.args["throws"]:
        manager.__exit__(None, None, None)
        return
    error = ThrownError()
    try:
        manager.__exit__(ThrownError, error, None)
    except ThrownError as thrown:
        if thrown is not error:
            raise


def _read(world: World, step: Step) -> Any:
    tx = world.tx(step)
    return world.read(tx.stale() if step.args.get("stale") else tx, step.args["what"])


def _rows(world: World, step: Step) -> Any:
    tx = world.database.begin()
    found = world.read(tx, step.args["what"])
    tx.abort()
    return found


def _fields_of(world: World, step: Step) -> Any:
    tx = world.database.begin()
    row = tx.get(world.ids[step.args["row"]])
    tx.abort()
    return None if row is None else {name: row[name] for name in row if not name.startswith("_")}


def _insert(world: World, step: Step) -> None:
    same = step.args["same_id_as"]
    world.insert(
        world.tx(step), step.args["table"], step.args["row"], step.args["fields"], world.ids[same] if same else None
    )


def _throw(world: World, step: Step) -> None:
    if step.tx == "me":
        raise ThrownError("thrown")
    world.tx(step).abort()


def _wait(world: World, step: Step) -> None:
    world.database.now_ns += int(step.args["seconds"] * SECOND_NS)


def _set(world: World, step: Step) -> None:
    for name, value in step.args.items():
        setattr(world.database, name, value)


def _system(world: World, step: Step) -> Any:
    args = dict(step.args)
    return _SYSTEM[args.pop("what")](world, world.tx(step), args)


def _schedule(world: World, tx: Transaction, args: dict[str, Any]) -> None:
    parent = args.get("parent")
    job = services.schedule(tx, args["function"], {}, 0.0, world.ids[parent] if parent else None)
    world.names[job], world.ids[args["job"]] = args["job"], job


def _store(world: World, tx: Transaction, args: dict[str, Any]) -> None:
    file = services.store_file(tx, args["file"])
    world.names[file], world.ids[args["file"]] = args["file"], file


_SYSTEM: dict[str, Callable[[World, Transaction, dict[str, Any]], Any]] = {
    "create table": lambda world, tx, args: world.database.catalog.create_table(tx, args["table"]) and None,
    "drop table": lambda world, tx, args: world.database.catalog.drop_table(tx, args["table"]),
    "add index": lambda world, tx, args: world.database.catalog.add_index(
        tx, args["table"], args["index"], args["fields"], args.get("state", "enabled")
    ),
    "enable index": lambda world, tx, args: world.database.catalog.enable_index(
        tx, args["table"], args["index"], args["fields"]
    ),
    "push schema": lambda world, tx, args: tx.insert("_schemas", {"state": args["state"]}) and None,
    "set variable": lambda world, tx, args: services.set_environment_variable(tx, args["name"], args["value"]),
    "read variable": lambda world, tx, args: services.environment_variable(tx, args["name"]),
    "schedule": _schedule,
    "cancel": lambda world, tx, args: services.cancel(tx, world.ids[args["job"]]),
    "finish job": lambda world, tx, args: services.finish_job(tx, world.ids[args["job"]]),
    "job state": lambda world, tx, args: (tx.get(world.ids[args["job"]]) or {}).get("state"),
    "store file": _store,
    "file url": lambda world, tx, args: services.file_url(tx, world.ids[args["file"]]),
    "delete file": lambda world, tx, args: services.delete_file(tx, world.ids[args["file"]]),
}


def _call(world: World, step: Step) -> None:
    args = step.args
    jobs = world.ids
    request = Request(
        args["function"],
        args["runner"],
        request=args.get("request", f"r{next(world._calls)}"),
        job=jobs[args["job"]] if "job" in args else None,
        cron=args.get("cron"),
    )

    def handler(tx: Transaction) -> Any:
        world.transactions["me"] = tx
        for inner in args["body"]:
            world.do(inner)
        return args.get("returns")

    def others(number: int) -> None:
        mine = world.transactions.get("me")
        for inner in args["meanwhile"].get(number, ()):
            world.do(inner)
        if mine is not None:
            world.transactions["me"] = mine

    hooks = Hooks(begun=others) if args.get("when") == "begun" else Hooks(ran=others)
    fixed = args.get("request_id")
    outcome = run_call(
        world.database,
        request,
        handler,
        (lambda: fixed) if fixed else world.request_id,
        hooks,
        args.get("policy"),
        args.get("max_attempts", 100),
    )
    events = outcome.events
    found = {
        "statuses": [event.status for event in events],
        "retry_counts": [event.retry_count for event in events],
        "will_retry": [event.will_retry for event in events],
        "occ": [event.occ_info is not None for event in events],
        "request_ids": len({event.request_id for event in events}),
        "tables": [event.occ_info.table_name for event in events if event.occ_info is not None],
        "reasons": sorted({event.run_reason for event in events}),
        "error": None if outcome.error is None else str(outcome.error),
        "gave_up": None if outcome.give_up is None else (outcome.give_up.kind, outcome.give_up.code),
        "reason": None if outcome.give_up is None else outcome.give_up.reason,
    }
    for name, expected in step.gives.items():
        value = found[name] if name in found else getattr(outcome, name)
        if value != expected:
            raise CaseFailedError(f"{name} should be {expected!r}, is {value!r}")


def _unawaited(world: World, step: Step) -> int:
    client = CLIENTS[step.args["client"]]
    bodies: Sequence[Sequence[Step]] = step.args["bodies"]
    database = world.database
    if client.same_transaction:
        bodies = [[inner for body in bodies for inner in body]]
    snapshots = [database.begin("f.js:f") for _ in bodies] if client.overlap else []
    rejected = 0
    for number, body in enumerate(bodies):
        tx = snapshots[number] if snapshots else database.begin("f.js:f")
        world.transactions["me"] = tx
        for inner in body:
            world.do(inner)
        rejected += isinstance(database.commit(tx), Conflict)
    return rejected


def _logged(world: World, step: Step) -> list[Any]:
    """What the last commit logged in the table: row, fields before and after, indexes with keys."""
    table = world.database.tables[step.args["table"]]
    found = []
    for entry in table.entries_between(world.database.latest_ts - 1):
        indexes = sorted(index.name for index in table.slots if index is not None)
        documents = [
            None if document is None else {name: document[name] for name in document if not name.startswith("_")}
            for document in (entry.old_document, entry.new_document)
        ]
        found.append((world.names[entry.id], *documents, indexes))
    return found


_ACTIONS: dict[str, Callable[[World, Step], Any]] = {
    "begin": _begin,
    "get": lambda world, step: world.name_of(world.tx(step).get(world.ids[step.args["row"]])),
    "read": _read,
    "insert": _insert,
    "patch": lambda world, step: world.tx(step).patch(world.ids[step.args["row"]], step.args["fields"]),
    "replace": lambda world, step: world.tx(step).replace(world.ids[step.args["row"]], step.args["fields"]),
    "delete": lambda world, step: world.tx(step).delete(world.ids[step.args["row"]]),
    "commit": _commit,
    "occ": _occ,
    "hold": _hold,
    "publish": lambda world, step: world.database.publish(world.held.pop(step.tx)) and None,
    "lose": lambda world, step: world.database.fail(world.held.pop(step.tx)),
    "nest": _nest,
    "unnest": _unnest,
    "throw": _throw,
    "wait": _wait,
    "set": _set,
    "rows": _rows,
    "fields_of": _fields_of,
    "logged": _logged,
    "count": lambda world, step: len(_rows(world, step)),
    "readable": lambda world, step: world.database.latest_ts >= world.held[step.tx].ts,
    "system": _system,
    "check": lambda world, step: CHECKS[step.args["what"]](**{k: v for k, v in step.args.items() if k != "what"}),
    "call": _call,
    "unawaited": _unawaited,
}
