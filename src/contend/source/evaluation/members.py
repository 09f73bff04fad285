"""The shape of symbolic values: members, elements, types and the tables that ids point to."""

from __future__ import annotations

from contend.model.schema import Validator
from contend.source import ir
from contend.source.evaluation.frames import Frame, Scope
from contend.source.evaluation.terms import (
    UNDEFINED,
    Bound,
    Capability,
    Choice,
    ClassTerm,
    Client,
    Closure,
    Const,
    Context,
    Dictionary,
    Document,
    External,
    Field,
    FreshId,
    Global,
    Identity,
    Instance,
    Listing,
    Live,
    Method,
    Opaque,
    Operation,
    Param,
    Pending,
    Record,
    Reference,
    SchemaTerm,
    TableTerm,
    Term,
    Typed,
    ValidatorTerm,
    Value,
    alternatives,
    choice,
    field,
    is_nullish,
    is_symbolic,
    operation,
)

ANY = Validator("any")
STRING = Validator("string")
_NULL = Const(None, "null")
NUMBER = Validator("number")
SUPER = "class.super"  # a `Bound` whose data are the class above and the instance
ID_IN = "call:db.normalizeId"  # an operation: the second operand, as an id of the table that the first one names
_CAPABILITIES = frozenset({"db", "auth", "scheduler", "storage", "meta", "vars"})
_SYSTEM_FIELDS = {"_creationTime": NUMBER}


def split(term: Value) -> tuple[Value, ...]:
    """The values `term` can be when it is used: alternatives, and the operands of `&&`, `||` and `??`."""
    kind = type(term)
    if kind is not Choice and kind is not Operation:
        return (term,)
    if isinstance(term, Choice):
        items = alternatives(term)
        if not any(isinstance(item, Operation) for item in items):
            return items
        return tuple(one for item in items for one in split(item))
    if isinstance(term, Operation):
        if term.op == "&&":
            return split(term.parts[-1])
        if term.op in ("||", "??"):
            return alternatives(choice([one for part in term.parts for one in split(part)]))
    return (term,)


def member(term: Value, name: str, schema: Schema) -> Value:
    """`term.name`."""
    options = split(term)
    if len(options) > 1:
        return choice([member(option, name, schema) for option in options])
    return _member(options[0], name, schema)


class Schema:
    """Field types of the tables of an app, by table name; extended while the program is read."""

    __slots__ = ("_unions", "tables")

    def __init__(self) -> None:
        self.tables: dict[str, Validator] = {}
        # A union's fields are asked for again and again. By identity: the key keeps the type alive.
        self._unions: dict[tuple[int, str], tuple[Validator, Validator | None]] = {}

    def union_field(self, type: Validator, name: str) -> Validator | None:
        """The type of a field of a union: the union of its members' fields."""
        known = self._unions.get((id(type), name))
        if known is None:
            found = [found for item in type.items if (found := field_type(item, name, self)) is not None]
            known = self._unions[(id(type), name)] = (type, union(found))
        return known[1]

    def field(self, table: str, name: str) -> Validator | None:
        """The declared type of a field, None where the schema does not say."""
        if name == "_id":
            return Validator("id", table=table)
        if name in _SYSTEM_FIELDS:
            return _SYSTEM_FIELDS[name]
        declared = self.tables.get(table)
        return field_type(declared, name, self) if declared is not None else None


def field_type(type: Validator | None, name: str, schema: Schema) -> Validator | None:
    """The type of `name` within `type`; a union answers with the union of its members' fields."""
    if type is None:
        return None
    if type.kind == "object":
        return type.fields.get(name)
    if type.kind == "doc" and type.table is not None:
        return type.fields.get(name) or schema.field(type.table, name)
    if type.kind == "union":
        return schema.union_field(type, name)
    if type.kind == "record" and type.items:
        return type.items[-1]
    return None


def union(types: list[Validator]) -> Validator | None:
    """One type for all of `types`."""
    distinct: list[Validator] = []
    for one in types:
        if one not in distinct:
            distinct.append(one)
    if not distinct:
        return None
    return distinct[0] if len(distinct) == 1 else Validator("union", items=tuple(distinct))


def element_type(type: Validator | None) -> Validator | None:
    """The type of an element of an array, set or record."""
    if type is None:
        return None
    if type.kind in ("array", "record") and type.items:
        return type.items[-1]
    if type.kind == "union":
        return union([found for item in type.items if (found := element_type(item)) is not None])
    return None


def _member(term: Value, name: str, schema: Schema) -> Value:
    kind = type(term)  # the common kinds first: this is asked for every member access
    if kind is Field or kind is Param or kind is Pending:
        return field(term, name)
    if kind is Record:
        return _record_member(term, name, schema)
    if kind is Document:
        return _document_member(term, name, schema)
    if kind is Opaque:
        return Opaque(f"{term.reason}.{name}") if len(term.reason) < 60 else term
    if kind is Typed:
        inner = term.value
        if isinstance(inner, Record | Document | Listing | Dictionary):
            return _member(inner, name, schema)
        found = field_type(term.type, name, schema)
        if name in ("page",) and found is None and term.type.kind == "array":
            return term
        if term.type.kind == "doc" and name == "_id" and term.type.table is not None:
            return Typed(field(inner, name), Validator("id", table=term.type.table))
        if isinstance(inner, Live):
            below = _member(inner, name, schema)
            return Typed(below, found) if found is not None and isinstance(below, Live) else below
        below = field(inner, name)
        return typed(below, found) if found is not None else _length(below, name)
    if isinstance(term, Context):
        return _context_member(term, name, schema)
    if isinstance(term, Instance):
        return _instance_member(term, name)
    if isinstance(term, Reference):
        if name in ("mutation", "query", "action") and term.root == "convex-client":
            return Method(term, name)
        return Reference(term.root, (*term.parts, name), term.directory)
    if isinstance(term, Live):
        if name in ("length", "map", "filter", "find", "slice", "some", "every", "forEach", "sort", "reduce"):
            return Method(term, name)
        return Live(term.reference, f"{term.path}.{name}" if term.path else name, term.site)
    if isinstance(term, Identity):
        return Identity(f"{term.name}.{name}")
    if isinstance(term, Global):
        return Global(f"{term.name}.{name}")
    if isinstance(term, External):
        return External(term.package, name if term.name == "*" else f"{term.name}.{name}")
    if isinstance(term, Dictionary):
        return Method(term, name) if name in ("get", "set", "has", "values", "entries", "keys") else term.value
    if isinstance(term, Capability) and term.name == "db" and name == "system":
        return Capability("db.system", term.kind)
    if isinstance(term, Listing) and name == "length":
        return operation("call:length", term)
    if isinstance(term, Capability | Listing | FreshId | Const | Closure):
        return Method(term, name)
    if is_symbolic(term) or isinstance(term, Field):
        return field(term, name)
    if isinstance(term, Bound) and term.library in ("react.ref", "react.state"):
        return term  # `ref.current`, a part of a state: still that ref, that state
    if isinstance(term, Bound) and term.library == SUPER:
        above, instance = term.data
        return method_of(above, instance, name) or Opaque(f"super.{name}")
    if isinstance(term, SchemaTerm) and name == "tables":
        return term.tables
    if isinstance(term, TableTerm) and name == "validator":
        return ValidatorTerm(term.type)
    if isinstance(term, ValidatorTerm) and name == "fields":
        return Record(tuple((key, ValidatorTerm(inner)) for key, inner in term.type.fields.items()))
    return Method(term, name)


def _length(below: Value, name: str) -> Value:
    return Typed(below, NUMBER) if name == "length" else below


def _record_member(term: Record, name: str, schema: Schema) -> Value:
    for key, value in term.fields:
        if key == name:
            return value
    found = [_spread_member(spread, name, schema) for spread in reversed(term.spreads)]
    found = [value for value in found if value is not UNDEFINED]
    if found and not isinstance(found[0], Opaque):
        return found[0]
    if term.computed:
        return choice(list(term.computed))
    return found[0] if found else UNDEFINED


def _spread_member(spread: Value, name: str, schema: Schema) -> Value:
    return member(spread, name, schema)


def _document_member(term: Document, name: str, schema: Schema) -> Value:
    if name == "_id":
        if term.id is not None:
            return term.id if tables_of(term.id, schema) else Typed(term.id, id_type(term.tables) or ANY)
        type = id_type(term.tables)
        return Typed(field(term, "_id"), type) if type else field(term, "_id")
    types = [found for table in term.tables if (found := schema.field(table, name)) is not None]
    type = union(types)
    return Typed(field(term, name), type) if type is not None else field(term, name)


def id_type(tables: tuple[str, ...]) -> Validator | None:
    """The type of an id of one of `tables`."""
    return union([Validator("id", table=table) for table in tables])


def _context_member(term: Context, name: str, schema: Schema) -> Value:
    extra = term.extra
    if extra is not None and not isinstance(extra, Opaque) and not is_symbolic(extra):
        found = member(extra, name, schema)
        if found is not UNDEFINED and not isinstance(found, Opaque | Method):
            return found
    if name in _CAPABILITIES:
        return Capability(name, term.kind)
    if name in ("runMutation", "runQuery", "runAction", "vectorSearch", "table"):
        return Method(term, name)
    if extra is not None and is_symbolic(extra):
        return field(extra, name)
    return Opaque(f"ctx.{name}")


def _instance_member(term: Instance, name: str) -> Value:
    if name in term.fields:
        return term.fields[name]
    return method_of(term.cls, term, name) or Opaque(f"this.{name}")


def method_of(cls: ClassTerm, instance: Instance, name: str) -> Closure | None:
    """The method `name` of `cls` or of a class it extends, for `instance`; `super` means the class above."""
    for one in cls.line():
        for prop in one.node.members:
            if prop.key == name and isinstance(prop.value, ir.Function):
                return Closure(prop.value, one.module, scope_of(one, instance), instance)
    return None


def scope_of(cls: ClassTerm, instance: Instance) -> Scope:
    """Where the methods of `cls` look names up."""
    return cls.scope if cls.base is None else Frame(cls.scope, {"super": Bound(SUPER, (cls.base, instance))})


def element(term: Value, schema: Schema) -> Value:
    """Any element of `term`."""
    options = split(term)
    if len(options) > 1:
        return choice([element(option, schema) for option in options])
    one = options[0]
    if isinstance(one, Listing):
        return one.item
    if isinstance(one, Dictionary):
        return one.value
    if isinstance(one, Record):
        values = [value for _, value in one.fields] + list(one.computed)
        values += [element(spread, schema) for spread in one.spreads]
        return choice(values) if values else Opaque("element of an object")
    if isinstance(one, Live):
        return Live(one.reference, f"{one.path}.[]" if one.path else "[]", one.site)
    if isinstance(one, Typed):
        if isinstance(one.value, Listing | Record | Dictionary):
            return element(one.value, schema)
        below = element(one.value, schema) if isinstance(one.value, Live) else field(one.value, "[]")
        found = element_type(one.type)
        return typed(below, found) if found is not None else below
    if isinstance(one, Opaque):
        return one
    if isinstance(one, Term):
        return field(one, "[]")
    return Opaque("element")


def key_of(term: Value) -> Value:
    """Any key of an object or a map: one of its names where they are all known."""
    options = split(term)
    if len(options) > 1:
        return choice([key_of(option) for option in options])
    one = options[0].value if isinstance(options[0], Typed) else options[0]
    if isinstance(options[0], Typed) and options[0].type.kind == "object" and options[0].type.fields:
        names = [Validator("literal", literal=name) for name in options[0].type.fields]
        return typed(Opaque("key"), union(names))
    if isinstance(one, Dictionary) and one.key is not None:
        return one.key
    if isinstance(one, Record) and one.fields and not one.spreads and not one.computed:
        return typed(Opaque("key"), union([Validator("literal", literal=name) for name, _ in one.fields]))
    return Opaque("key")


def typed(term: Value, type: Validator | None) -> Value:
    """`term` with an annotation: what already has a structure keeps it."""
    if type is None or type.kind in ("unknown", "any"):
        return term
    if type.kind == "client":
        unknown = is_symbolic(term) or isinstance(term, Opaque) or is_nullish(term)
        return Client(str(type.literal)) if unknown else term
    if isinstance(term, Choice):
        return choice([item if item in (UNDEFINED, _NULL) else typed(item, type) for item in term.items])
    if type.kind == "context":
        return Context("", term) if is_symbolic(term) or isinstance(term, Opaque) else term
    if type.kind == "database":
        return Capability("db") if is_symbolic(term) or isinstance(term, Opaque) else term
    if isinstance(term, Typed):
        if _says_more(type, term.type):
            return Typed(term.value, type)
        return term
    if isinstance(term, Listing) and term.items == ():
        item = element_type(type)
        return Listing(Typed(term.item, item), ()) if item is not None else term
    if isinstance(term, Field | Opaque | Identity | Const | Operation | Live) or is_symbolic(term):
        if isinstance(term, Const) and type.kind != "id":
            return term
        if isinstance(term, Operation) and type.kind not in ("id", "doc"):
            return term
        return Typed(term, type)
    return term


def _says_more(new: Validator, old: Validator) -> bool:
    if old.kind in ("any", "unknown", "string"):
        return True
    if old.kind == "object" and not old.fields:
        return new.kind in ("object", "doc", "union", "record", "array")
    return old.kind == "union" and new.kind in ("id", "doc", "object", "array")


def type_of(term: Value, schema: Schema) -> Validator | None:
    """What is known of a value's type."""
    if isinstance(term, Typed):
        return term.type
    if isinstance(term, FreshId):
        return id_type(term.tables)
    if isinstance(term, Document):
        return union([Validator("doc", table=table) for table in term.tables])
    if isinstance(term, Identity) and term.table is not None:
        return Validator("id", table=term.table)
    if isinstance(term, Operation) and term.op == ID_IN:
        return id_type(table_names(term.parts[0])) or type_of(term.parts[1], schema)
    if isinstance(term, Listing):
        item = type_of(term.item, schema)
        return Validator("array", items=(item,)) if item is not None else None
    options = split(term)
    if len(options) > 1:
        return union([found for option in options if (found := type_of(option, schema)) is not None])
    return type_of(options[0], schema) if options[0] is not term else None


def tables_of(term: Value, schema: Schema) -> tuple[str, ...]:
    """The tables that an id, or a document, belongs to; empty where nothing says."""
    found: list[str] = []
    for option in split(term):
        if isinstance(option, Document | FreshId):
            found.extend(option.tables)
        elif isinstance(option, Identity):
            if option.table is not None:
                found.append(option.table)
        else:
            found.extend(_tables_in(type_of(option, schema)))
    return tuple(dict.fromkeys(found))


def table_names(table: Value) -> tuple[str, ...]:
    """The names a table argument can have."""
    names: list[str] = []
    for option in split(table):
        if isinstance(option, Const) and isinstance(option.value, str):
            names.append(option.value)
        elif isinstance(option, Typed):
            names.extend(_literals_in(option.type))
    return tuple(dict.fromkeys(names))


def _literals_in(type: Validator) -> list[str]:
    if type.kind == "literal" and isinstance(type.literal, str):
        return [type.literal]
    return [name for item in type.items for name in _literals_in(item)] if type.kind == "union" else []


def _tables_in(type: Validator | None) -> list[str]:
    if type is None:
        return []
    if type.kind in ("id", "doc") and type.table is not None:
        return [type.table]
    if type.kind == "union":
        return [table for item in type.items for table in _tables_in(item)]
    return []
