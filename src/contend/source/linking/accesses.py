"""Effects on the database as the model's accesses, and ways out as its exits."""

from __future__ import annotations

from collections.abc import Sequence

from contend.model.functions import Access, Exit, Extent, FieldWrite, Guard, Key, LoopContext
from contend.model.places import Frame, Span
from contend.source.evaluation import terms as t
from contend.source.evaluation.effects import (
    Condition,
    DatabaseEffect,
    Effect,
    ExitPoint,
    Place,
    Round,
    Site,
)
from contend.source.evaluation.members import Schema, split, table_names, tables_of
from contend.source.linking.positions import Positions
from contend.source.linking.rendering import row_name, text_of, value_of

_BY_ID = frozenset({"get", "patch", "replace", "delete"})
_OPERATORS = frozenset({"eq", "gt", "gte", "lt", "lte", "search"})
MAX_GUARDS = 8
MAX_EXITS = 300  # ways out of one function
LONGEST_QUERY = 480  # characters: a rule reads from them what a filter compares, and how a query ends


class AccessReader:
    """Turns effects into accesses, for one app."""

    def __init__(self, positions: Positions, schema: Schema) -> None:
        self._positions = positions
        self._schema = schema
        self._guards: dict[int, tuple[Condition, Guard]] = {}  # by identity: accesses share their conditions

    def access(self, effect: DatabaseEffect, order: int) -> Access:
        """One database effect."""
        place = effect.place
        by_id = effect.operation in _BY_ID
        tables, reason = self._tables(effect)
        keys = tuple(
            Key(name, operator, value_of(value))  # type: ignore[arg-type]
            for name, operator, value in effect.keys
            if operator in _OPERATORS
        )
        limit = None
        if isinstance(effect.limit, t.Const) and isinstance(effect.limit.value, int | float):
            limit = int(effect.limit.value)
        elif effect.reach == "first":
            limit = 1
        return Access(
            operation=effect.operation,
            tables=tables,
            span=self._positions.span(place.site),
            order=order,
            index=effect.index,
            keys=keys,
            extent=Extent(effect.reach, limit, effect.descending, effect.filtered),
            fields=self._fields(effect),
            guards=self.guards(place.guards),
            loops=self.loops(place.loops),
            path=self.path(place),
            row=row_name(effect.target) if by_id else f"row:{'.'.join(str(part) for part in effect.row)}",
            unresolved=reason,
            stale=effect.stale,
            explicit_table=effect.explicit,
            snippet=self._positions.text(place.site, LONGEST_QUERY if effect.operation == "query" else 160),
        )

    def _tables(self, effect: DatabaseEffect) -> tuple[tuple[str, ...], str | None]:
        by_id = effect.operation in _BY_ID
        tables = tables_of(effect.target, self._schema) if by_id else table_names(effect.target)
        if tables and not effect.unknown:
            return tuple([effect.component + table for table in tables]) if effect.component else tables, None
        text = text_of(effect.target)
        reason = f"the table of {text} is not known" if by_id else f"the table name {text} is not constant"
        return (), effect.unknown or reason

    def _fields(self, effect: DatabaseEffect) -> tuple[FieldWrite, ...]:
        if effect.patch is None:
            return ()
        fields: dict[str, t.Value] = {}
        for option in split(effect.patch):
            _collect(option, fields)
        return tuple(FieldWrite(name, value_of(value)) for name, value in fields.items())

    def guards(self, conditions: Sequence[Condition]) -> tuple[Guard, ...]:
        """The conditions on an effect, the nearest ones where there are many."""
        return tuple([self._guard(one) for one in conditions[-MAX_GUARDS:]])

    def _guard(self, condition: Condition) -> Guard:
        known = self._guards.get(id(condition))
        if known is None:
            span = self._positions.span(condition.site)
            known = (condition, Guard(value_of(condition.term), condition.holds, span, condition.early))
            self._guards[id(condition)] = known
        return known[1]

    def loops(self, rounds: Sequence[Round]) -> tuple[LoopContext, ...]:
        """The loops around an effect."""
        return tuple(
            LoopContext(self._positions.span(one.site), value_of(one.over), one.parallel, one.bound) for one in rounds
        )

    def span(self, site: Site) -> Span:
        """A site as lines and columns."""
        return self._positions.span(site)

    def path(self, place: Place) -> tuple[Frame, ...]:
        """The calls that lead to an effect."""
        return tuple(Frame(step.site.module, self._positions.line(step.site), step.name) for step in place.steps)


def _collect(option: t.Value, fields: dict[str, t.Value]) -> None:
    if isinstance(option, t.Typed) and not isinstance(option.value, t.Record):
        names = option.type.fields
        if option.type.kind == "object" and names:
            for name in names:
                _put(fields, name, t.field(option.value, name))
            return
    if isinstance(option, t.Typed):
        option = option.value
    if isinstance(option, t.Record):
        own: dict[str, t.Value] = {}
        for spread in option.spreads:
            for inner in split(spread):
                _collect(inner, own)
        own.update(option.fields)
        for value in option.computed:
            _put(own, "*", value)
        for name, value in own.items():
            _put(fields, name, value)
    elif isinstance(option, t.Dictionary):
        for name in table_names(option.key) or ("*",):
            _put(fields, name, option.value)
    elif not t.is_nullish(option):
        _put(fields, "*", option)


def _put(fields: dict[str, t.Value], name: str, value: t.Value) -> None:
    fields[name] = t.choice([fields[name], value]) if name in fields else value


def exits_of(
    points: Sequence[ExitPoint], effects: Sequence[tuple[int, Effect]], orders: dict[int, int], reader: AccessReader
) -> tuple[Exit, ...]:
    """Ways out with the accesses done before: those recorded earlier whose conditions do not contradict the way out."""
    exits: list[Exit] = []
    recorded = [
        (number, orders[at], frozenset((guard.site, not guard.holds) for guard in effect.place.guards))
        for at, (number, effect) in enumerate(effects)
        if isinstance(effect, DatabaseEffect) and at in orders
    ]
    for point in points[:MAX_EXITS]:
        known = {(guard.site, guard.holds) for guard in point.guards}
        done = [
            order for number, order, contradicted in recorded if number < point.after and contradicted.isdisjoint(known)
        ]
        exits.append(Exit(point.kind, reader.span(point.site), tuple(done), reader.guards(point.guards)))
    return tuple(exits)
