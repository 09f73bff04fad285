"""Triggers of convex-helpers: a wrapped `db` reads the row around each write and runs trigger code with it, in the same
transaction (get-convex/convex-helpers: packages/convex-helpers/server/triggers.ts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import DatabaseEffect, Effect, Place
from contend.source.evaluation.members import table_names

LIBRARY = "convex.triggers"
_OPERATIONS = {"insert": "insert", "patch": "update", "replace": "update", "delete": "delete"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What runs on a change of a row of `tables`."""

    tables: tuple[str, ...]
    function: t.Value


def call_method(
    act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """`triggers.register("t", f)`, `triggers.wrapDB(ctx)`."""
    if name == "register" and len(arguments) > 1:
        act.program.triggers.setdefault(receiver.data, []).append(Trigger(table_names(arguments[0]), arguments[1]))
        return t.UNDEFINED
    if name == "wrapDB" and arguments:
        return t.Record((("db", wrapped(receiver)),), (arguments[0],))
    return None


def wrapped(triggers: t.Bound) -> t.Capability:
    """The database whose writes run `triggers`."""
    return t.Capability("db", "mutation", triggers.data)


def fire(act: Activation, ctx: t.Value, start: int) -> list[int]:
    """Record what the triggers of `ctx.db` do after each write recorded since `start`. The new place of each effect, by
    its old one (with one more: the place of the end)."""
    database = act.member(ctx, "db")
    effects = list(act.effects)
    if not isinstance(database, t.Capability) or database.triggers is None:
        return list(range(len(effects) + 1))
    known = _registered(act, database.triggers)
    act.effects[start:] = []
    places = list(range(start))
    for effect in effects[start:]:
        places.append(len(act.effects))
        hit = _matching(act, effect, known)
        if isinstance(effect, DatabaseEffect) and hit:
            _around(act, effect, hit)
        else:
            act.effects.append(effect)
    return [*places, len(act.effects)]


def _registered(act: Activation, key: tuple[str, int]) -> list[Trigger]:
    program = act.program
    if key not in program.triggers:
        program.triggers[key] = []
        program.run_module(key[0])  # `register` is a statement of the module that makes the triggers
    return program.triggers[key]


def _matching(act: Activation, effect: Effect, known: Sequence[Trigger]) -> list[Trigger]:
    if not isinstance(effect, DatabaseEffect) or effect.operation not in _OPERATIONS:
        return []
    tables = table_names(effect.target) if effect.operation == "insert" else act.tables_of(effect.target)
    return [trigger for trigger in known if set(trigger.tables) & set(tables)]


def _around(act: Activation, effect: DatabaseEffect, hit: Sequence[Trigger]) -> None:
    from contend.source.evaluation.calls import call_value

    inserts = effect.operation == "insert"
    tables = table_names(effect.target) if inserts else act.tables_of(effect.target)
    id: t.Value = t.FreshId(tables, effect.row) if inserts else effect.target
    with act.at(effect.place):
        old = t.NULL if inserts else _read(act, effect.place, id, tables)
        act.effects.append(effect)
        new = t.NULL if effect.operation == "delete" else _read(act, effect.place, id, tables)
        change = t.Record(
            (
                ("id", id),
                ("operation", t.Const(_OPERATIONS[effect.operation])),
                ("oldDoc", old),
                ("newDoc", new),
            )
        )
        inner = t.Capability("db", "mutation")
        ctx = t.Context("mutation", t.Record((("db", inner), ("innerDb", inner))))
        for trigger in hit:
            call_value(act, trigger.function, [ctx, change], effect.place.site)


def _read(act: Activation, place: Place, id: t.Value, tables: tuple[str, ...]) -> t.Value:
    row = act.new_row()
    act.record(DatabaseEffect(replace(place, mode="awaited"), "get", id, row, "by_id", (("_id", "eq", id),)))
    return t.Document(tables, row, id)
