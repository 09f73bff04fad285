"""Components that start functions later: workflows, work pools, retriers, crons made at run time.

`@convex-dev/workflow`, `@convex-dev/workpool`, `@convex-dev/action-retrier`, `@convex-dev/crons`: their client
objects take a function reference and its arguments and have the scheduler start it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import InvokeEffect

_CLIENTS = frozenset({"WorkflowManager", "Workpool", "ActionRetrier", "Crons", "Migrations"})
LIBRARY = "convex.durable"


def construct(callee: t.External) -> t.Value | None:
    """`new WorkflowManager(components.workflow)` and its like."""
    if callee.package.startswith("@convex-dev/") and callee.name in _CLIENTS:
        return t.Bound(LIBRARY, callee.name)
    return None


def call_method(act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value:
    """`workflow.define({…})` registers a function; whatever else takes a reference has it started.

    A workflow's handler is run like an action's: each of its steps is a transaction of its own.
    """
    if name == "define" and receiver.data == "WorkflowManager" and arguments:
        spec = arguments[0]
        made = t.Builder("action", True, f"{name}", "@convex-dev/workflow")
        return t.Registered(
            made, act.member(spec, "args"), act.member(spec, "handler"), act.module, node.start, node.end
        )
    for at, argument in enumerate(arguments):
        if isinstance(argument, t.Reference) and argument.root != "components" and argument.parts:
            given = arguments[at + 1] if at + 1 < len(arguments) else t.Record()
            act.record(InvokeEffect(act.place(node), "schedule", "", argument, given, t.Const(0, "number")))
            break
    return t.Opaque(f"{receiver.data}.{name}()")
