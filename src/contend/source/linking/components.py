"""Calls of components: whose function they run, and what that does to which tables.

A component's tables are named with its mount: `rateLimiter/rateLimits`. What a function of a package does is told by
`contend.convex.components`; one whose source is in the repository is read like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contend.convex.components import component_of
from contend.convex.components import facts as f
from contend.model.functions import Reach
from contend.model.schema import Index, Table, Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation
from contend.source.evaluation.effects import Condition, DatabaseEffect, Effect, InvokeEffect, Place, Site
from contend.source.evaluation.program import Program
from contend.source.libraries.components import FUNCTION, conditions_of
from contend.source.libraries.mounts import Mount, mount_of
from contend.source.libraries.operands import RANDOM, Surroundings, term_of

_REACHES: dict[str, Reach] = {"unique": "range", "range": "range", "first": "first", "take": "take", "point": "point"}


@dataclass(frozen=True, slots=True)
class Target:
    """A function of a component: the mount it is called through, its dotted name below it, and what is known of it: a
    function of the repository, or a fact. Neither: `unknown` says why."""

    mount: Mount
    name: str
    registered: t.Registered | None = None
    call: f.Call | None = None
    facts: f.Component | None = None
    unknown: str = ""

    @property
    def table_prefix(self) -> str:
        return f"{self.mount.name}/"


def target_of(program: Program, reference: t.Value) -> Target | None:
    """The component function that a reference names; None for a reference to anything else."""
    for option in t.alternatives(reference):
        if isinstance(option, t.Typed):
            option = option.value
        if isinstance(option, t.Reference) and option.root == "components" and len(option.parts) > 1:
            return _target(program, option)
    return None


def _target(program: Program, reference: t.Reference) -> Target:
    mount_name, *parts = reference.parts
    name = ".".join(parts)
    mount = mount_of(program, reference.directory, mount_name) or Mount(mount_name)
    if mount.directory is not None:
        found = program.handlers.exported(t.Reference("api", tuple(parts), mount.directory))
        if isinstance(found, t.Registered):
            return Target(mount, name, registered=found)
        if isinstance(found, t.Bound) and found.library == FUNCTION:
            package, path = found.data
            facts = component_of(package)
            return Target(mount, name, call=facts.call(path) if facts else None, facts=facts)
    facts = mount.facts
    call = facts.call(name, mount.version) if facts is not None else None
    if call is None:
        package = f" ({mount.package.split('/convex.config')[0]})" if mount.package else ""
        reason = f"what {name} of the component `{mount_name}`{package} reads and writes is not known"
        return Target(mount, name, unknown=reason)
    return Target(mount, name, call=call, facts=facts)


def effects_of(target: Target, effect: InvokeEffect, act: Activation, before: Sequence[Effect]) -> list[Effect]:
    """What a call of a package's component does, at the place of the call. `before` are the effects that precede it."""
    if target.call is None:
        return [_unknown(effect, target)] if target.unknown else []
    arguments = settled(effect.arguments, _inserted(before))
    return _Steps(target, effect, act, arguments).run()


def _unknown(effect: InvokeEffect, target: Target) -> DatabaseEffect:
    row: t.RowId = ("component", effect.place.site.start)
    return DatabaseEffect(effect.place, "query", t.Opaque(target.name), row, unknown=target.unknown)


class _Steps:
    """The steps of one call, one after the other."""

    def __init__(self, target: Target, effect: InvokeEffect, act: Activation, arguments: t.Value) -> None:
        self._target = target
        self._effect = effect
        self._rows: dict[str, t.Value] = {}
        self._at = Surroundings(act, effect.place.site, arguments, self._rows)
        self._found: list[Effect] = []
        self._read_before: dict[tuple[str, str, tuple[tuple[str, str, t.Value], ...]], t.Value] = {}

    def run(self) -> list[Effect]:
        assert self._target.call is not None
        for number, step in enumerate(self._target.call.steps):
            guards = conditions_of(step.when, self._at)
            if guards is None:
                continue
            place = self._place(guards)
            if isinstance(step, f.Read):
                self._read(step, number, place)
            elif isinstance(step, f.Write):
                self._write(step, number, place)
            else:
                self._start(step, place)
        return self._found

    def _place(self, guards: list[Condition]) -> Place:
        place = self._effect.place
        if not guards:
            return place
        inside = Site(f"{self._source()}", place.site.start, place.site.start)
        return replace(place, guards=(*place.guards, *(replace(guard, site=inside) for guard in guards)))

    def _source(self) -> str:
        call, facts = self._target.call, self._target.facts
        return f"{facts.package}/{call.source.file}" if call is not None and facts is not None else "the component"

    def _row(self, number: int) -> t.RowId:
        steps = self._effect.place.steps
        return ("component", self._effect.place.site.start, *(step.site.start for step in steps[-3:]), number)

    def _table(self, table: str | f.Operand) -> str:
        if isinstance(table, str):
            return f"{self._target.table_prefix}{table}"
        term = term_of(table, self._at)
        return f"{self._target.table_prefix}{term.value}" if isinstance(term, t.Const) and term.value else ""

    def _read(self, read: f.Read, number: int, place: Place) -> None:
        table = self._table(read.table)
        row = self._row(number)
        index, keys = self._bounds(read)
        by_id = index == "by_id" and read.reach in ("point", "first") and bool(keys)
        reach: Reach = (
            "point" if by_id else _REACHES[read.reach] if keys or read.reach in ("first", "take") else "whole"
        )
        id = keys[0][2] if by_id else None
        drawn = any(isinstance(value, t.Operation) and value.op == RANDOM for _, _, value in keys)
        known = self._read_before.get((table, index, keys)) if keys and not drawn else None
        if known is not None:  # the same way down a tree once more
            self._rows[read.row] = known
            return
        document = t.Document((table,) if table else (), row, id)
        self._rows[read.row] = self._read_before[table, index, keys] = document
        if not table:
            self._found.append(
                replace(_unknown(self._effect, self._target), unknown="the component's table is not known")
            )
            return
        target: t.Value = t.Typed(id, Validator("id", table=table)) if by_id else t.Const(table)
        self._found.append(
            DatabaseEffect(
                place,
                "get" if by_id else "query",
                target,
                row,
                index,
                keys,
                reach,
                descending=read.descending,
                stale=self._effect.stale,
            )
        )

    def _bounds(self, read: f.Read) -> tuple[str, tuple[tuple[str, str, t.Value], ...]]:
        if not isinstance(read.bounds, f.Equalities):
            return read.index, tuple(
                (name, operator, term_of(value, self._at)) for name, operator, value in read.bounds
            )
        listed = term_of(read.bounds, self._at)
        items = listed.items if isinstance(listed, t.Listing) and listed.items is not None else (listed,)
        keys: list[tuple[str, str, t.Value]] = []
        for item in items:
            if isinstance(item, t.Record):
                name, operator = self._at.act.member(item, "field"), self._at.act.member(item, "operator")
                if isinstance(name, t.Const) and (t.is_nullish(operator) or operator == t.Const("eq")):
                    keys.append((str(name.value), "eq", self._at.act.member(item, "value")))
        by_id = [key for key in keys if key[0] == "_id"]
        if by_id:
            return "by_id", (by_id[0],)
        return self._index_for(read, keys)

    def _index_for(
        self, read: f.Read, keys: list[tuple[str, str, t.Value]]
    ) -> tuple[str, tuple[tuple[str, str, t.Value], ...]]:
        """The index of the table that most of the equalities are a prefix of, with those."""
        facts, table = self._target.facts, self._table(read.table).removeprefix(self._target.table_prefix)
        columns = next((one for one in facts.tables if one.name == table), None) if facts is not None else None
        given = {name: value for name, _, value in keys}
        best: tuple[str, tuple[str, ...]] = ("by_creation_time", ())
        for name, fields in columns.indexes if columns is not None else ():
            bound = fields[: next((at for at, one in enumerate(fields) if one not in given), len(fields))]
            if len(bound) > len(best[1]):
                best = (name, bound)
        return best[0], tuple((name, "eq", given[name]) for name in best[1])

    def _write(self, write: f.Write, number: int, place: Place) -> None:
        table = self._table(write.table)
        if not table:
            return
        if write.cap is not None:
            place = self._capped(write.cap, place)
        fields = t.Record(tuple((name, self._value(value)) for name, value in write.fields))
        row = self._row(number)
        if write.operation == "insert":
            self._found.append(DatabaseEffect(place, "insert", t.Const(table), row, patch=fields, explicit=True))
            return
        id = term_of(write.target, self._at) if write.target is not None else t.UNKNOWN
        target = t.Typed(id, Validator("id", table=table))
        if any(
            isinstance(one, DatabaseEffect) and one.operation == write.operation and one.target == target
            for one in self._found
        ):
            return
        self._found.append(
            DatabaseEffect(
                place,
                write.operation,
                target,
                row,
                "by_id",
                (("_id", "eq", id),),
                patch=None if write.operation == "delete" else self._written(fields),
                explicit=True,
            )
        )

    def _written(self, fields: t.Record) -> t.Value:
        return fields if fields.fields else t.Opaque("the component's fields")

    def _value(self, operand: f.Operand) -> t.Value:
        """What is written to a field. A field of the row itself stands for a new value made from the old one."""
        value = term_of(operand, self._at)
        if isinstance(operand, f.FieldOf) and operand.name not in ("_id", "order"):
            return t.operation("call:Next", value)
        return value

    def _capped(self, cap: f.Cap, place: Place) -> Place:
        rate, period, capacity = (term_of(one, self._at) for one in (cap.rate, cap.period, cap.capacity))
        inside = Site(self._source(), place.site.start, place.site.start + 1)
        guard = Condition(t.operation("call:Limit", rate, period, capacity), True, inside)
        return replace(place, guards=(*place.guards, guard))

    def _start(self, start: f.Start, place: Place) -> None:
        mount = self._target.mount.name
        reference = self._effect.reference
        directory = next((one.directory for one in t.alternatives(reference) if isinstance(one, t.Reference)), None)
        target = t.Reference("components", (mount, *start.function.split(".")), directory)
        delay = t.Const(start.delay_ms, "number")
        self._found.append(InvokeEffect(place, "schedule", "mutation", target, self._at.arguments, delay))


# ── rows that the app has just made ──────────────────────────────────────────────────────────────────────────────


def _inserted(effects: Sequence[Effect]) -> dict[t.RowId, t.Value]:
    """What was inserted, by the row."""
    return {
        effect.row: effect.patch
        for effect in effects
        if isinstance(effect, DatabaseEffect) and effect.operation == "insert" and isinstance(effect.patch, t.Record)
    }


def settled(term: t.Value, inserted: dict[t.RowId, t.Value], depth: int = 0) -> t.Value:
    """`term` with the fields of rows that were inserted before and read again replaced by what was inserted."""
    if not inserted or depth > 6:
        return term
    if isinstance(term, t.Typed):
        return settled(term.value, inserted, depth + 1) if isinstance(term.value, t.Field) else term
    if isinstance(term, t.Field):
        document = term.object.value if isinstance(term.object, t.Typed) else term.object
        id = document.id.value if isinstance(document, t.Document) and isinstance(document.id, t.Typed) else None
        id = id or (document.id if isinstance(document, t.Document) else None)
        if isinstance(id, t.FreshId) and id.row in inserted:
            known = dict(inserted[id.row].fields)
            return known.get(term.name, t.CLOCK if term.name == "_creationTime" else term)
        return term
    if isinstance(term, t.Record):
        return t.Record(
            tuple((name, settled(value, inserted, depth + 1)) for name, value in term.fields),
            term.spreads,
            term.computed,
        )
    if isinstance(term, t.Listing) and term.items is not None:
        items = tuple(settled(item, inserted, depth + 1) for item in term.items)
        return t.Listing(t.choice(items), items, term.filters)
    if isinstance(term, t.Operation):
        return t.operation(term.op, *(settled(part, inserted, depth + 1) for part in term.parts))
    if isinstance(term, t.Choice):
        return t.choice([settled(item, inserted, depth + 1) for item in term.items])
    return term


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────


def component_table(program: Program, directory: str, name: str, schemas: dict[str, dict[str, Table]]) -> Table | None:
    """The table of a component as an app's functions see it (`rateLimiter/rateLimits`); None for another table.
    `schemas` are the tables of each function directory."""
    mount_name, slash, table = name.partition("/")
    mount = mount_of(program, directory, mount_name) if slash else None
    if mount is None:
        return None
    if mount.directory is not None:
        own = schemas.get(mount.directory, {}).get(table)
        if own is not None:
            return replace(own, name=name, library=f"component {mount_name}")
        nested = component_table(program, mount.directory, table, schemas)
        return replace(nested, name=name) if nested is not None else None
    if mount.facts is None:
        return None
    columns = next((one for one in mount.facts.tables_of(mount.version) if one.name == table), None)
    indexes = tuple(Index(label, fields) for label, fields in columns.indexes) if columns is not None else ()
    return Table(name, {}, indexes, None, library=f"component {mount_name}")
