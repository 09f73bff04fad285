"""Putting arguments into a summary."""

from __future__ import annotations

from typing import Any

from contend.source.evaluation import terms as t
from contend.source.evaluation.frames import SubstitutedScope
from contend.source.evaluation.members import Schema, element, member, table_names, tables_of, typed
from contend.source.evaluation.modules import ModuleScope


class Substitution:
    """Replaces the parameters of the function `owner` by `arguments` (by position), and the results of its deferred
    calls by what they turned out to be. Rows read inside get `prefix` so that two calls of one helper read two rows."""

    __slots__ = ("_arguments", "_owner", "_prefix", "_schema", "_seen", "pending")

    def __init__(self, owner: int, arguments: dict[int, Any], prefix: t.RowId, schema: Schema) -> None:
        self._owner = owner
        self._arguments = arguments
        self._prefix = prefix
        self._schema = schema
        self._seen: dict[int, tuple[Any, Any]] = {}
        self.pending: dict[int, Any] = {}

    def apply(self, term: Any) -> Any:
        """`term` with everything known put in."""
        handler = _HANDLERS.get(type(term))
        if handler is None:
            return term
        known = self._seen.get(id(term))
        if known is not None:
            return known[1]
        result = handler(self, term)
        if type(term) is not t.Pending:
            self._seen[id(term)] = (term, result)  # keeps `term` alive, so that its id stays its own
        return result

    def row(self, row: t.RowId) -> t.RowId:
        """The row as the caller knows it."""
        return self._prefix + row

    def _all(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple([self.apply(item) for item in items])

    def _keys(self, keys: tuple[tuple[str, str, Any], ...]) -> tuple[tuple[str, str, Any], ...]:
        return tuple([(name, operator, self.apply(value)) for name, operator, value in keys])

    def _param(self, term: t.Param) -> Any:
        if term.owner != self._owner:
            return term
        return self._arguments.get(term.position, t.UNDEFINED)

    def _pending(self, term: t.Pending) -> Any:
        if term.owner != self._owner:
            return term
        return self.pending.get(term.number, term)

    def _typed(self, term: t.Typed) -> Any:
        value = self.apply(term.value)
        if value is term.value:
            return term
        return t.choice([typed(option, term.type) for option in t.alternatives(value)])

    def _field(self, term: t.Field) -> Any:
        object = self.apply(term.object)
        if object is term.object:
            return term
        if term.name == "[]":
            return element(object, self._schema)
        return member(object, term.name, self._schema)

    def _document(self, term: t.Document) -> Any:
        id, table = self.apply(term.id), self.apply(term.table)
        tables = table_names(table) or term.tables or tables_of(id, self._schema)
        return t.Document(tables, self.row(term.row), id, term.name, table if t.is_symbolic(table) else None)

    def _fresh(self, term: t.FreshId) -> Any:
        table = self.apply(term.table)
        tables = table_names(table) or term.tables
        return t.FreshId(tables, self.row(term.row), table if t.is_symbolic(table) else None)

    def _context(self, term: t.Context) -> Any:
        extra = self.apply(term.extra)
        if isinstance(extra, t.Context):
            return t.Context(term.kind or extra.kind, extra.extra)
        if isinstance(extra, t.Record):
            for spread in extra.spreads:
                if isinstance(spread, t.Context):
                    return t.Context(term.kind or spread.kind, extra)
        return t.Context(term.kind, extra)

    def _query(self, term: t.Query) -> Any:
        return t.Query(
            self.apply(term.table),
            self.row(term.row),
            term.index,
            self._keys(term.keys),
            term.descending,
            term.filtered,
            term.search,
            term.ranged,
            self._all(term.filters),
        )

    def _listing(self, term: t.Listing) -> Any:
        items = None if term.items is None else self._all(term.items)
        return t.Listing(self.apply(term.item), items, self._all(term.filters))

    def _table(self, term: t.Dictionary) -> Any:
        return t.Dictionary(self.apply(term.value), self.apply(term.key))

    def _record(self, term: t.Record) -> Any:
        return t.Record(
            tuple([(name, self.apply(value)) for name, value in term.fields]),
            self._all(term.spreads),
            self._all(term.computed),
        )

    def _choice(self, term: t.Choice) -> Any:
        return t.choice([self.apply(item) for item in term.items])

    def _operation(self, term: t.Operation) -> Any:
        parts = self._all(term.parts)
        return term if parts == term.parts else t.operation(term.op, *parts)

    def _closure(self, term: t.Closure) -> Any:
        if isinstance(term.scope, ModuleScope):
            return term
        receiver = self.apply(term.receiver) if term.receiver is not None else None
        return t.Closure(term.function, term.module, SubstitutedScope(term.scope, self.apply), receiver)

    def _instance(self, term: t.Instance) -> Any:
        instance = t.Instance(term.cls, {})
        self._seen[id(term)] = (term, instance)  # before its fields, which may hold it
        instance.fields.update({name: self.apply(value) for name, value in term.fields.items()})
        return instance

    def _method(self, term: t.Method) -> Any:
        object = self.apply(term.object)
        return term if object is term.object else member(object, term.name, self._schema)

    def _starter(self, term: t.Starter) -> Any:
        return t.Starter(self.apply(term.reference), term.kind, term.client)

    def _live(self, term: t.Live) -> Any:
        return t.Live(self.apply(term.reference), term.path, self.row(term.site))

    def _builder(self, term: t.Builder) -> Any:
        return t.Builder(term.kind, term.internal, term.name, term.custom, self._all(term.inputs))

    def _registered(self, term: t.Registered) -> Any:
        return t.Registered(
            self.apply(term.builder), self.apply(term.args), self.apply(term.handler), term.module, term.start, term.end
        )

    def _bound(self, term: t.Bound) -> Any:
        return t.Bound(term.library, self.apply(term.data))

    def _tuple(self, term: tuple[Any, ...]) -> Any:
        return self._all(term)


_HANDLERS: dict[type, Any] = {
    t.Param: Substitution._param,
    t.Pending: Substitution._pending,
    t.Typed: Substitution._typed,
    t.Field: Substitution._field,
    t.Document: Substitution._document,
    t.FreshId: Substitution._fresh,
    t.Context: Substitution._context,
    t.Query: Substitution._query,
    t.Listing: Substitution._listing,
    t.Dictionary: Substitution._table,
    t.Record: Substitution._record,
    t.Choice: Substitution._choice,
    t.Operation: Substitution._operation,
    t.Closure: Substitution._closure,
    t.Instance: Substitution._instance,
    t.Method: Substitution._method,
    t.Starter: Substitution._starter,
    t.Live: Substitution._live,
    t.Builder: Substitution._builder,
    t.Registered: Substitution._registered,
    t.Bound: Substitution._bound,
    tuple: Substitution._tuple,
}
