"""One transaction's effects: what a function does itself, and what the functions it runs inside it do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import MAX_EFFECTS
from contend.source.evaluation.effects import DatabaseEffect, Effect, InvokeEffect, Site, Summary
from contend.source.evaluation.program import Program
from contend.source.linking.components import effects_of, target_of

MAX_SUBTRANSACTIONS = 8  # convex-backend: crates/common/src/knobs.rs, nested function depth


def transaction_effects(program: Program, summary: Summary, kind: str) -> list[tuple[int, Effect]]:
    """Effects in order, each with the number of the summary's own effect it belongs to. A query or mutation run by a
    query or mutation is part of the same transaction (convex-backend: crates/database/src/transaction.rs)."""
    flat: list[tuple[int, Effect]] = []
    for number, effect in enumerate(summary.effects):
        flat.append((number, effect))
        if kind in ("mutation", "query") and isinstance(effect, InvokeEffect) and effect.via == "run":
            before = summary.effects[:number]
            flat.extend((number, inner) for inner in _inner(program, effect, 1, MAX_EFFECTS - len(flat), before))
    return flat


def _inner(
    program: Program, effect: InvokeEffect, depth: int, most: int, before: Sequence[Effect], component: str = ""
) -> list[Effect]:
    """The first `most` effects of a function that runs inside another; `before` are those that precede the call.
    `component` is the way to the component in which the call stands."""
    if depth > MAX_SUBTRANSACTIONS or most <= 0:
        return []
    module = effect.place.site.module
    act = program.activation(module)
    target = target_of(program, effect.reference)
    if target is not None and target.registered is None:
        return _placed(effects_of(target, effect, act, before), component)[:most]
    if target is not None:
        component += target.table_prefix
    registered = target.registered if target is not None else program.handlers.registered(effect.reference, act)
    if registered is None:
        return []
    summary = program.handlers.summary(registered)
    if summary is None:
        return []
    name = ":".join(effect.reference.parts[-2:]) if isinstance(effect.reference, t.Reference) else summary.name
    act.schema = program.schema_of(registered.module)
    act.instantiate(
        replace(summary, name=name),
        [t.Context(registered.builder.kind), effect.arguments],
        _At(effect.place.site),
        effect.place,
    )
    result: list[Effect] = []
    for at, inner in enumerate(_placed(act.effects, component)):
        if effect.stale and isinstance(inner, DatabaseEffect):
            inner = replace(inner, stale=True)
        result.append(inner)
        if isinstance(inner, InvokeEffect) and inner.via == "run":
            before = act.effects[:at]
            result.extend(_inner(program, inner, depth + 1, most - len(result), before, component))
    if len(result) > most:
        program.abandon(effect.place.site, f"runs functions that do more than {MAX_EFFECTS} things in one transaction")
    return result[: max(0, most)]


def _placed(effects: Sequence[Effect], component: str) -> list[Effect]:
    """The effects as those of a component's code: on tables of its own."""
    if not component:
        return list(effects)
    return [
        replace(effect, component=component + effect.component) if isinstance(effect, DatabaseEffect) else effect
        for effect in effects
    ]


class _At:
    """A node standing at a site."""

    __slots__ = ("end", "start")

    def __init__(self, site: Site) -> None:
        self.start = site.start
        self.end = site.end
