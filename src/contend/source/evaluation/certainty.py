"""Conditions that come out one way whatever happens."""

from __future__ import annotations

from contend.source.evaluation import terms as t
from contend.source.evaluation.effects import Condition


def is_impossible(guard: Condition) -> bool:
    """Whether a condition that compares literals fails."""
    known = truth(guard.term)
    return known is not None and known != guard.holds


def truth(term: t.Value) -> bool | None:
    """What comparisons of literals, and `"scheduler" in ctx`, come to; None where anything else decides."""
    if not isinstance(term, t.Operation):
        return None
    if term.op in ("===", "==", "!==", "!=") and len(term.parts) == 2:
        left, right = term.parts
        if not (isinstance(left, t.Const) and isinstance(right, t.Const)) or t.is_nullish(left) or t.is_nullish(right):
            return None
        return (left.value == right.value) == (term.op in ("===", "=="))
    if term.op == "in":
        return _offers(term.parts[1], term.parts[0])
    if term.op == "!":
        inner = truth(term.parts[0])
        return None if inner is None else not inner
    if term.op in ("&&", "||"):
        decisive = term.op == "||"
        parts = [truth(part) for part in term.parts]
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    return None


_EVERYWHERE = frozenset({"auth", "storage", "runQuery", "meta"})
_OFFERED = {
    "query": _EVERYWHERE | {"db"},
    "mutation": _EVERYWHERE | {"db", "runMutation", "scheduler"},
    "action": _EVERYWHERE | {"runMutation", "runAction", "scheduler", "vectorSearch"},
}


def _offers(context: t.Value, name: t.Value) -> bool | None:
    """Whether a function's `ctx` has a member (convex-backend: npm-packages/convex/src/server/registration.ts); None
    for a context of no known kind, or one that a builder has added to."""
    if not isinstance(context, t.Context) or not isinstance(name, t.Const) or context.kind not in _OFFERED:
        return None
    known = name.value in _OFFERED[context.kind]
    return known if known or context.extra is None else None
