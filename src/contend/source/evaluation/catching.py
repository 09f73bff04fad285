"""What the handler around a call does with its failure, read off its statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from contend.source import ir
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import Catching, Site
from contend.source.evaluation.members import split

_REPORTS = ("toast", "alert", "seterror", "showerror", "notify", "snackbar", "notification", "message")
_LOGS = ("console", "logger", "log", "captureexception", "sentry", "posthog", "warn", "error")


_STARTS = frozenset({"mutation", "action", "runMutation", "runAction"})


def catching_of(act: Activation, node: ir.Try) -> Catching:
    """The effect of a `try` statement's handler."""
    site = Site(act.module, node.start, node.end)
    known = act.program.catchings.get(site)
    if known is None:
        handler, body = tuple(_walk(node.handler or ())), tuple(_walk(node.body))
        catch, calls = _of_nodes(handler)
        if catch == "calls" and _started(act, body) & _started(act, handler):
            catch = "retries"
        known = act.program.catchings[site] = Catching(site, catch, calls, _called(body))
    return known


def _started(act: Activation, nodes: Iterable[Any]) -> set[tuple[str, str]]:
    """The calls among some nodes that start a Convex function, each with what it is called with first."""
    found: set[tuple[str, str]] = set()
    for node in nodes:
        if isinstance(node, ir.Call):
            name = dotted(node.callee)
            first = dotted(node.args[0]) if node.args else ""
            if isinstance(node.callee, ir.Name):
                value = act.frame.lookup(name)
                if value is not None and any(isinstance(option, t.Starter) for option in split(value)):
                    found.add((name, ""))
            elif first and name.rsplit(".", 1)[-1] in _STARTS:
                found.add((name, first))
    return found


def catching_of_closure(act: Activation, handler: t.Value, node: Any) -> Catching:
    """The effect of `.catch(handler)`."""
    site = Site(act.module, node.start, node.end)
    if isinstance(handler, t.Closure):
        catch, calls = _of_nodes(tuple(_walk(handler.function.body)))
        return Catching(site, catch, calls, attached=True)
    if isinstance(handler, t.Global) and handler.name.startswith("console"):
        return Catching(site, "logs", attached=True)
    return Catching(site, "swallows", attached=True)


def _of_nodes(nodes: Sequence[Any]) -> tuple[str, tuple[str, ...]]:
    kinds: set[str] = set()
    calls = _called(nodes)
    changed: list[str] = []
    for node in nodes:
        if isinstance(node, ir.Throw):
            kinds.add("rethrows")
        elif isinstance(node, ir.Return) and not node.implicit:
            kinds.add("returns")
        elif isinstance(node, ir.Assign) and isinstance(node.target, ir.PExpr):
            target = dotted(node.target.target)
            if target:
                kinds.add("calls")
                changed.append(f"{'clears' if _is_empty(node.value) else 'sets'} {target}")
    for name in calls:
        low = name.lower()
        if low == "fail" or any(mark in low for mark in _REPORTS):
            kinds.add("reports")
        elif any(mark in low for mark in _LOGS):
            kinds.add("logs")
        else:
            kinds.add("calls")
    for kind in ("rethrows", "reports", "calls", "returns", "logs"):
        if kind in kinds:
            told = [name for name in calls if not any(mark in name.lower() for mark in _LOGS)]
            return kind, tuple(dict.fromkeys(told + changed))
    return "swallows", ()


MAX_CALLS = 8  # that a consequence names


def _is_empty(node: ir.Expr) -> bool:
    """Whether a value is null, undefined, or an object of nothing else."""
    if isinstance(node, ir.Literal_):
        return node.value is None or node.value is False
    if isinstance(node, ir.Name):
        return node.name == "undefined"
    if isinstance(node, ir.Object):
        return all(isinstance(entry, ir.Property) and _is_empty(entry.value) for entry in node.entries)
    return False


def _called(nodes: Iterable[Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for node in nodes:
        if type(node) is ir.Call:
            name = dotted(node.callee)
            if name and name not in names:
                names[name] = None
                if len(names) == MAX_CALLS:
                    break
    return tuple(names)


def dotted(node: ir.Expr) -> str:
    """`a.b.c` of a member chain, "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ir.Member):
        parts.append(node.property)
        node = node.object
    if not isinstance(node, ir.Name):
        return ""
    parts.append(node.name)
    return ".".join(reversed(parts))


_LEAVES = frozenset({type(None), str, int, float, bool, ir.Name, ir.Literal_, ir.Opaque})


def _walk(root: Any) -> Iterator[Any]:
    """Every node below, inner functions left out."""
    stack = [root]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is tuple:
            stack.extend(reversed(node))
        elif kind not in _LEAVES:
            yield node
            if kind is not ir.Function and kind is not ir.Jsx:
                for name in reversed(kind.__struct_fields__):
                    value = getattr(node, name)
                    if value:
                        stack.append(value)
