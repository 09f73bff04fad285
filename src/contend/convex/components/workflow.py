"""`@convex-dev/workflow`: a workflow's journal, one row per step, and a work pool of its own that runs the steps.

Starting one inserts its row and, unless `startAsync` is set, runs its handler up to the first step in the same
transaction; then the steps are enqueued in the pool (`<mount>/workpool`). Each workflow writes rows of its own; what
all share is the pool's status.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    UNDEFINED,
    Argument,
    Begin,
    Bound,
    Call,
    Columns,
    Component,
    FieldOf,
    Fields,
    Found,
    Fresh,
    Given,
    Literal,
    Method,
    Operand,
    Read,
    Source,
    Step,
    Use,
    Write,
)
from contend.convex.components.workpool import enqueued, kick, ping

_WORKFLOW: Final = Source("0.4.8", "src/component/workflow.ts")
_OLD: Final = Source("0.3.3", "src/component/workflow.ts")
_EVENT: Final = Source("0.4.8", "src/component/event.ts")
_JOURNAL: Final = Source("0.4.8", "src/component/journal.ts")
_BATCH: Final = "0.4.8"  # depends on workpool 0.4.12; 0.4.3 on 0.4.7
_POOL: Final = "workpool/"

_CONFIG: Final = Read("config", "config", "by_creation_time", (), "first")
_GLOBALS: Final = Read("globals", f"{_POOL}globals", "by_creation_time", (), "unique")
_ID: Final[Bound] = ("_id", "eq", Argument("workflowId"))
_ROW: Final = Read("workflow", "workflows", bounds=(_ID,))
_STEPS: Final[Bound] = ("workflowId", "eq", Argument("workflowId"))
_IN_PROGRESS: Final = Read(
    "running", "steps", "inProgress", (("step.inProgress", "eq", Literal(True)), _STEPS), "range"
)
_NEW: Final = Write(
    "insert", "workflows", fields=(("name", Argument("workflowName")), ("generationNumber", Literal(0)))
)


def _pooled(name: str, before: tuple[Step, ...], source: Source) -> tuple[Call, ...]:
    """A function that enqueues work in the pool, by the pool that comes with the version."""
    return (
        Call(name, "mutation", (*before, _GLOBALS, *kick(_POOL), *enqueued(_POOL)), _OLD, until=_BATCH),
        Call(name, "mutation", (*before, _GLOBALS, *ping(_POOL), *enqueued(_POOL)), source, since=_BATCH),
    )


_DONE: Final[Operand] = Fields((("workflowId", Fresh()), ("context", Given(3, "context")), ("result", UNDEFINED)))
_START: Final = (
    Use("workflow.create", (("workflowName", Given(1)), ("startAsync", Given(3, "startAsync")))),
    Begin(Given(1), Given(2)),
    Begin(Given(3, "onComplete"), _DONE),
)


def _method(name: str, *does: Use | Begin) -> Method:
    return Method("WorkflowManager", name, does)


WORKFLOW: Final = Component(
    package="@convex-dev/workflow",
    name="workflow",
    checked=("0.2.7", "0.3.3", "0.4.3", "0.4.8"),
    tables=(
        Columns("config"),
        Columns("workflows", until="0.4.0"),
        Columns("workflows", (("name", ("name",)),), since="0.4.0"),
        Columns(
            "steps",
            (("workflow", ("workflowId", "stepNumber")), ("inProgress", ("step.inProgress", "workflowId"))),
        ),
        Columns("events", (("workflowId_state", ("workflowId", "state.kind")),), since="0.3.0"),
        Columns("onCompleteFailures"),
        Columns(f"{_POOL}globals"),
        Columns(f"{_POOL}runStatus", until=_BATCH),
        Columns(f"{_POOL}work"),
        Columns(f"{_POOL}pendingStart", (("workId", ("workId",)), ("segment", ("segment",)))),
        Columns(f"{_POOL}pendingCancelation", (("workId", ("workId",)), ("segment", ("segment",)))),
        Columns(f"{_POOL}batchWorker/workers", (("name", ("name",)),), since=_BATCH),
    ),
    calls=(
        *_pooled("workflow.create", (_CONFIG, _NEW), _WORKFLOW),
        *_pooled(
            "workflow.restart",
            (
                _ROW,
                Read("from", "steps", "workflow", (_STEPS, ("stepNumber", "gte", Argument("from"))), "range"),
                Write("delete", "steps", FieldOf("from", "_id")),
                Write("patch", "workflows", Argument("workflowId")),
            ),
            _WORKFLOW,
        ),
        Call("workflow.getStatus", "query", (_ROW, _CONFIG, _IN_PROGRESS), _WORKFLOW),
        Call(
            "workflow.cancel",
            "mutation",
            (_ROW, _CONFIG, _IN_PROGRESS, Write("replace", "workflows", FieldOf("workflow", "_id"))),
            _WORKFLOW,
        ),
        Call(
            "workflow.cleanup",
            "mutation",
            (
                _ROW,
                _CONFIG,
                Write("delete", "workflows", FieldOf("workflow", "_id"), when=(Found("workflow"),)),
                Read("steps", "steps", "workflow", (_STEPS,), "range"),
                Write("delete", "steps", FieldOf("steps", "_id")),
            ),
            _WORKFLOW,
        ),
        Call(
            "workflow.list",
            "query",
            (Read("workflows", "workflows", "by_creation_time", (), "take"),),
            _WORKFLOW,
            since="0.4.0",
        ),
        Call(
            "workflow.listByName",
            "query",
            (Read("workflows", "workflows", "name", (("name", "eq", Argument("name")),), "take"),),
            _WORKFLOW,
            since="0.4.0",
        ),
        Call(
            "workflow.listSteps",
            "query",
            (Read("steps", "steps", "workflow", (_STEPS,), "take"),),
            _WORKFLOW,
            since="0.3.0",
        ),
        *_pooled(
            "event.send",
            (
                Read(
                    "event",
                    "events",
                    "workflowId_state",
                    (("workflowId", "eq", Argument("workflowId")), ("state.kind", "eq", Literal("waiting"))),
                    "first",
                ),
                Write("patch", "events", FieldOf("event", "_id"), (("state", Literal("consumed")),)),
                Read("step", "steps", bounds=(("_id", "eq", FieldOf("event", "state.stepId")),)),
                Write("replace", "steps", FieldOf("step", "_id")),
                Read("workflow", "workflows", bounds=(("_id", "eq", FieldOf("event", "workflowId")),)),
            ),
            _EVENT,
        ),
        Call(
            "event.create",
            "mutation",
            (Write("insert", "events", fields=(("workflowId", Argument("workflowId")), ("name", Argument("name")))),),
            _EVENT,
            since="0.3.0",
        ),
        Call(
            "journal.load", "query", (_ROW, _CONFIG, Read("steps", "steps", "workflow", (_STEPS,), "range")), _JOURNAL
        ),
        *_pooled(
            "journal.startSteps",
            (
                _ROW,
                _CONFIG,
                Read("last", "steps", "workflow", (_STEPS,), "first", descending=True),
                Write("insert", "steps", fields=(("workflowId", Argument("workflowId")),)),
            ),
            _JOURNAL,
        ),
    ),
    classes=("WorkflowManager",),
    methods=(
        _method("start", *_START),
        _method("status", Use("workflow.getStatus", (("workflowId", Given(1)),))),
        _method("cancel", Use("workflow.cancel", (("workflowId", Given(1)),))),
        _method("cleanup", Use("workflow.cleanup", (("workflowId", Given(1)),))),
        _method("restart", Use("workflow.restart", (("workflowId", Given(1)), ("from", Given(2, "from"))))),
        _method("list", Use("workflow.list")),
        _method("listByName", Use("workflow.listByName", (("name", Given(1)),))),
        _method("listSteps", Use("workflow.listSteps", (("workflowId", Given(1)),))),
        _method(
            "sendEvent",
            Use("event.send", (("workflowId", Given(1, "workflowId")), ("name", Given(1, "name")))),
        ),
        _method(
            "createEvent",
            Use("event.create", (("workflowId", Given(1, "workflowId")), ("name", Given(1, "name")))),
        ),
    ),
)
