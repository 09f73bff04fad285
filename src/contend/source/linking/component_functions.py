"""Functions of components that run in transactions of their own.

A component's function that a mutation runs is part of that mutation. One that an action runs, or that the component has
the scheduler start, is a transaction of its own: it becomes a function of the app, named with its mount
(`rateLimiter/lib:rateLimit`), once for each set of constants it is called with, since those decide on the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from contend.model.functions import Function
from contend.model.schema import Table
from contend.source.discovery import AppDirectory
from contend.source.evaluation import terms as t
from contend.source.evaluation.effects import DatabaseEffect, Effect, InvokeEffect, Place, Site
from contend.source.evaluation.program import Program
from contend.source.linking.accesses import AccessReader
from contend.source.linking.components import Target, component_table, effects_of, target_of
from contend.source.linking.functions import Linked
from contend.source.linking.positions import Positions

MAX_FUNCTIONS = 500  # of components, in one app


def with_components(
    program: Program, app: AppDirectory, linked: Sequence[Linked], positions: Positions
) -> list[Linked]:
    """The functions of an app, with calls of components pointing at what they start, and those functions themselves."""
    return _Components(program, app, positions).all_of(linked)


class _Components:
    def __init__(self, program: Program, app: AppDirectory, positions: Positions) -> None:
        self._program = program
        self._app = app
        self._positions = positions
        self._reader = AccessReader(positions, program.schema_in(app.functions_dir))
        self._made: dict[tuple[str, tuple[str, ...]], Linked] = {}
        self._waiting: list[Linked] = []

    def all_of(self, linked: Sequence[Linked]) -> list[Linked]:
        done = [self._pointed(one) for one in linked]
        made: list[Linked] = []
        while self._waiting:
            made.append(self._pointed(self._waiting.pop(0)))
        return [*done, *sorted(made, key=lambda one: one.function.path)]

    def _pointed(self, one: Linked) -> Linked:
        alone = one.function.kind in ("action", "httpAction")
        effects: list[Effect] = []
        started: set[tuple[Site, t.Value]] = set()
        for old in one.effects:
            new = self._of_effect(old, alone)
            if new is not old and isinstance(new, InvokeEffect):
                if (new.place.site, new.reference) in started:
                    continue  # a client's method that the function reaches by several ways
                started.add((new.place.site, new.reference))
            effects.append(new)
        return replace(one, effects=tuple(effects))

    def _of_effect(self, effect: Effect, alone: bool) -> Effect:
        if not isinstance(effect, InvokeEffect):
            return effect
        target = target_of(self._program, effect.reference)
        if target is None:
            return effect
        if target.registered is not None:
            return replace(effect, reference=t.Reference("api", tuple(target.name.split(".")), target.mount.directory))
        if target.call is None or target.call.kind != "mutation" or not (alone or effect.via == "schedule"):
            return effect
        made = self._function(target, effect)
        return replace(effect, reference=t.Reference("api", (made.function.path,), self._app.functions_dir))

    def _function(self, target: Target, effect: InvokeEffect) -> Linked:
        act = self._program.activation(effect.place.site.module)
        place = Place(effect.place.site, effect.place.body, mode="awaited")
        effects = effects_of(target, replace(effect, place=place), act, ())
        module, _, name = target.name.rpartition(".")
        path = f"{target.mount.name}/{module.replace('.', '/')}:{name}"
        constants = _constants(effect.arguments, effects)
        key = (path, constants)
        if key in self._made or len(self._made) >= MAX_FUNCTIONS:
            return self._made.get(key) or next(iter(self._made.values()))
        found = [effect for effect in effects if isinstance(effect, DatabaseEffect)]
        function = Function(
            app=self._app.root,
            path=f"{path}({', '.join(constants)})" if constants else path,
            kind="mutation",
            internal=True,
            span=self._positions.span(place.site),
            builder=target.facts.package if target.facts is not None else target.mount.name,
            accesses=tuple(self._reader.access(one, order) for order, one in enumerate(found)),
        )
        made = self._made[key] = Linked(function, None, tuple(effects))
        self._waiting.append(made)
        return made


def _constants(arguments: t.Value, effects: Iterable[Effect]) -> tuple[str, ...]:
    """The names that the caller gives and that decide on a row: `publicApi` of `limit(ctx, "publicApi")`."""
    given = [
        value.value
        for option in t.alternatives(arguments)
        if isinstance(option, t.Record)
        for _, value in option.fields
        if isinstance(value, t.Const) and isinstance(value.value, str)
    ]
    used = {
        value.value
        for effect in effects
        if isinstance(effect, DatabaseEffect)
        for _, _, value in effect.keys
        if isinstance(value, t.Const)
    }
    return tuple(dict.fromkeys(one for one in given if one in used))


def mounted_tables(
    program: Program, app: AppDirectory, linked: Sequence[Linked], schemas: dict[str, dict[str, Table]]
) -> dict[str, Table]:
    """The tables of components that the functions of an app read or write."""
    names = {name for one in linked for access in one.function.accesses for name in access.tables if "/" in name}
    found = {name: component_table(program, app.functions_dir, name, schemas) for name in sorted(names)}
    return {name: table for name, table in found.items() if table is not None}
