"""`@convex-dev/workpool`: a queue with bounded parallelism.

Enqueueing inserts rows and reads two small ones that the whole pool shares: its configuration, and whether its loop
runs. Up to 0.4.6 that is `runStatus`, written by whoever finds the loop asleep; from 0.4.9 on it is a row of the batch
worker beneath, which an enqueue writes only to wake it. So enqueueing side by side meets only while the pool is idle.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    UNDEFINED,
    Argument,
    Begin,
    Call,
    Columns,
    Component,
    FieldOf,
    Fields,
    Found,
    Fresh,
    Given,
    Is,
    Literal,
    Method,
    Operand,
    Otherwise,
    Read,
    Source,
    Start,
    Step,
    Use,
    Write,
)

_NEW: Final = Source("0.4.12", "src/component/lib.ts")
_OLD: Final = Source("0.3.2", "src/component/lib.ts")
_LOOP: Final = Source("0.4.12", "src/component/loop.ts")
_BATCH: Final = "0.4.9"

DEFAULT_PARALLELISM: Final = 10
"""Jobs that a pool runs at a time unless `maxParallelism` says otherwise (src/component/shared.ts)."""

GLOBALS: Final = Read("globals", "globals", "by_creation_time", (), "unique")


def kick(prefix: str = "") -> tuple[Step, ...]:
    """Reads whether the loop runs and wakes it, up to 0.4.6; `prefix` is the way to a pool inside another component."""
    row = f"{prefix}runStatus"
    return (
        Read(row, f"{prefix}runStatus", "by_creation_time", (), "unique"),
        Write(
            "patch",
            f"{prefix}runStatus",
            FieldOf(row, "_id"),
            (("state", Literal("running")),),
            when=(Is(FieldOf(row, "state.kind"), "running", holds=False),),
        ),
    )


def ping(prefix: str = "") -> tuple[Step, ...]:
    """Reads whether the batch worker runs and wakes it (@convex-dev/batch-worker 0.3.4, src/component/kick.ts)."""
    row = f"{prefix}worker"
    workers = f"{prefix}batchWorker/workers"
    return (
        Read(row, workers, "name", (("name", "eq", Literal("main")),), "unique"),
        Write(
            "patch",
            workers,
            FieldOf(row, "_id"),
            (("status", Literal("running")),),
            when=(Is(FieldOf(row, "status.kind"), "idle"),),
        ),
    )


def enqueued(prefix: str = "") -> tuple[Step, ...]:
    """The rows of one piece of work."""
    return (
        Write("insert", f"{prefix}work", fields=(("attempts", Literal(0)),)),
        Write("insert", f"{prefix}pendingStart", fields=(("workId", Fresh()),)),
    )


_WORK: Final = Read("work", "work", bounds=(("_id", "eq", Argument("id")),))
_CANCEL: Final = (
    GLOBALS,
    _WORK,
    Read("canceled", "pendingCancelation", "workId", (("workId", "eq", Argument("id")),), "unique"),
)
_CANCELLED: Final = Write("insert", "pendingCancelation", fields=(("workId", Argument("id")),))
_STATUS: Final = (
    _WORK,
    Read("start", "pendingStart", "workId", (("workId", "eq", Argument("id")),), "unique"),
    Read("completion", "pendingCompletion", "workId", (("workId", "eq", Argument("id")),), "unique"),
)
_ALL: Final = (
    Read("works", "work", "by_creation_time", (("_creationTime", "lte", Argument("before")),), "take", descending=True),
    GLOBALS,
)


def _since(name: str, before: tuple[Step, ...], after: tuple[Step, ...]) -> tuple[Call, ...]:
    """A function before and since the batch worker: `before` it, then waking the loop, then `after`."""
    return (
        Call(name, "mutation", (*before, *kick(), *after), _OLD, until=_BATCH),
        Call(name, "mutation", (*before, *ping(), *after, Start("loop.run")), _NEW, since=_BATCH),
    )


def _enqueue(name: str, call: str, each: bool = False) -> Method:
    delay: Operand = Otherwise(Given(3, "runAfter"), Literal(0))
    done: Operand = Fields((("workId", Fresh()), ("context", Given(3, "context")), ("result", UNDEFINED)))
    return Method(
        "Workpool",
        name,
        (
            Use(call, (("options", Given(3)),)),
            Begin(Given(1), Given(2), delay, each=each),
            Begin(Given(3, "onComplete"), done),
        ),
    )


WORKPOOL: Final = Component(
    package="@convex-dev/workpool",
    name="workpool",
    checked=("0.2.10", "0.3.2", "0.4.1", "0.4.6", "0.4.9", "0.4.12"),
    tables=(
        Columns("globals"),
        Columns("internalState"),
        Columns("runStatus", until=_BATCH),
        Columns("work"),
        Columns("pendingStart", (("workId", ("workId",)), ("segment", ("segment",)))),
        Columns("pendingCompletion", (("workId", ("workId",)), ("segment", ("segment",)))),
        Columns("pendingCancelation", (("workId", ("workId",)), ("segment", ("segment",)))),
        Columns("payload", since="0.3.0"),
        Columns("batchWorker/workers", (("name", ("name",)),), since=_BATCH),
    ),
    calls=(
        *_since("lib.enqueue", (GLOBALS,), enqueued()),
        *_since("lib.enqueueBatch", (GLOBALS,), enqueued()),
        *_since("lib.cancel", _CANCEL, (_CANCELLED,)),
        *_since("lib.cancelAll", _ALL, (Write("insert", "pendingCancelation", fields=(("workId", Fresh()),)),)),
        Call("lib.status", "query", _STATUS, _NEW),
        Call(
            "lib.statusBatch",
            "query",
            (Read("work", "work", bounds=(("_id", "eq", Argument("ids[]")),)),),
            _NEW,
            since="0.3.0",
        ),
        Call(
            "loop.run",
            "mutation",
            (
                Read("state", "internalState", "by_creation_time", (), "unique"),
                GLOBALS,
                Read("starts", "pendingStart", "segment", (("segment", "gte", Literal(0)),), "take"),
                Write("delete", "pendingStart", FieldOf("starts", "_id"), when=(Found("starts"),)),
                Write("replace", "internalState", FieldOf("state", "_id")),
            ),
            _LOOP,
            since=_BATCH,
        ),
    ),
    classes=("Workpool",),
    methods=(
        _enqueue("enqueueAction", "lib.enqueue"),
        _enqueue("enqueueMutation", "lib.enqueue"),
        _enqueue("enqueueQuery", "lib.enqueue"),
        _enqueue("enqueueActionBatch", "lib.enqueueBatch", each=True),
        _enqueue("enqueueMutationBatch", "lib.enqueueBatch", each=True),
        _enqueue("enqueueQueryBatch", "lib.enqueueBatch", each=True),
        Method("Workpool", "cancel", (Use("lib.cancel", (("id", Given(1)),)),)),
        Method("Workpool", "cancelAll", (Use("lib.cancelAll"),)),
        Method("Workpool", "status", (Use("lib.status", (("id", Given(1)),)),)),
        Method("Workpool", "statusBatch", (Use("lib.statusBatch", (("ids", Given(1)),)),)),
    ),
)
