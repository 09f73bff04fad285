"""Symbolic values: what an expression stands for while a function is summarised.

A term says where a value comes from and, where known, what shape it has. Values that depend on a function's
parameters stay symbolic (`Param`, `Pending`, and what is built on them) until a call supplies the arguments
(`evaluation.substitution`). Types are `model.Validator`s: a validator, an annotation and a schema field say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeAlias

from contend.model.schema import Validator
from contend.source import ir
from contend.source.evaluation.frames import Scope
from contend.source.evaluation.weights import MAX_WEIGHT, Composed, Wrapping, weight_of
from contend.source.evaluation.weights import Opaque as Opaque
from contend.source.evaluation.weights import Term as Term

MAX_CHOICES = 12
MAX_PLAIN = 200  # of literals and function references, which stay small
MAX_DEPTH = 24

RowId: TypeAlias = tuple[int | str, ...]


class Const(Term, frozen=True):
    """A literal, or null and undefined (`value` None, `kind` says which)."""

    value: str | float | bool | None
    kind: str = "string"


class Param(Term, frozen=True):
    """A parameter of the function being summarised; `owner` identifies that function, `name` is for people."""

    owner: int
    position: int
    name: str


class Pending(Term, frozen=True):
    """The result of a call that waits for its callee to be known (see `effects.Deferred`)."""

    owner: int
    number: int
    text: str


class Typed(Wrapping, frozen=True):
    """A value with a known type."""

    value: Any
    type: Validator


class Field(Composed, frozen=True):
    """`object.name` of something that has no structure of its own; `name` "[]" is an element of it."""

    object: Any
    name: str
    depth: int


class Document(Wrapping, frozen=True):
    """A row that was read (or inserted): of one of `tables`, by the read `row`. `id` is the id it was fetched by,
    `unresolved` the reason where `tables` is empty."""

    HOLDS: ClassVar[str] = "id"
    tables: tuple[str, ...]
    row: RowId
    id: Any = None
    name: str = ""
    table: Any = None  # the table as a term, where `tables` waits for a caller


class FreshId(Term, frozen=True):
    """The id of a row just inserted."""

    tables: tuple[str, ...]
    row: RowId
    table: Any = None


class Identity(Term, frozen=True):
    """Who calls: `ctx.auth.getUserIdentity()` and its fields, or an id that a library derives from it."""

    name: str = "identity"
    table: str | None = None


class Clock(Term, frozen=True):
    """The current time."""


class Random(Term, frozen=True):
    """A random or otherwise fresh value."""

    name: str = "random"


class Environment(Term, frozen=True):
    name: str


class Context(Wrapping, frozen=True):
    """`ctx`. `kind` is mutation, query, action or "" where a helper does not know. `extra` holds what custom builders
    added; `database` replaces `ctx.db` where a wrapper did."""

    HOLDS: ClassVar[str] = "extra"
    kind: str
    extra: Any = None


class Capability(Term, frozen=True):
    """A part of `ctx`: db, auth, scheduler, storage, meta, vars; or `table:<name>` (`db.table("t")`). `triggers` names
    what a wrapped database runs around its writes."""

    name: str
    kind: str = ""
    triggers: tuple[str, int] | None = None


class Query(Term, frozen=True):
    """A query chain under construction."""

    table: Any
    row: RowId
    index: str | None = None
    keys: tuple[tuple[str, str, Any], ...] = ()
    descending: bool = False
    filtered: bool = False
    search: bool = False
    ranged: bool = False
    filters: tuple[Any, ...] = ()


class RangeBuilder(Term, frozen=True):
    """`q` inside `withIndex`/`withSearchIndex`: bounds so far."""

    keys: tuple[tuple[str, str, Any], ...] = ()


class FilterBuilder(Term, frozen=True):
    """`q` inside `.filter`; `row` is the document under test."""

    row: Any


class Listing(Composed, frozen=True):
    """An array, set or iterable; `item` stands for any element, `items` for each where all are known; `filters` are
    what decided which elements are in it."""

    item: Any
    items: tuple[Any, ...] | None = None
    filters: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.weigh_parts("item", "items", "filters")


class Dictionary(Composed, frozen=True):
    """A `Map` or an object used as one: any key to `value`."""

    value: Any
    key: Any = None

    def __post_init__(self) -> None:
        self.weigh_parts("value")


class Record(Composed, frozen=True):
    """An object: known fields, and `spreads` it was built from (a later one overrides an earlier field: `fields` were
    set after them or are kept apart in order by `member`). `computed` holds values under unknown keys."""

    fields: tuple[tuple[str, Any], ...] = ()
    spreads: tuple[Any, ...] = ()
    computed: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        self.weigh_parts("fields", "spreads", "computed")


class Choice(Composed, frozen=True):
    """One of several values."""

    items: tuple[Any, ...]


class Operation(Composed, frozen=True):
    """A computed value."""

    op: str
    parts: tuple[Any, ...]
    depth: int


class Closure:
    """A function of the app's source with the scope it was made in. Compared by identity."""

    __slots__ = ("function", "key", "module", "receiver", "scope")

    def __init__(self, function: ir.Function, module: str, scope: Scope, receiver: Any = None) -> None:
        self.function = function
        self.module = module
        self.scope = scope
        self.receiver = receiver
        self.key = (module, function.start)


class ClassTerm:
    """A class of the app's source."""

    __slots__ = ("base", "module", "node", "scope")

    def __init__(self, node: ir.Class, module: str, scope: Scope, base: ClassTerm | None = None) -> None:
        self.node = node
        self.module = module
        self.scope = scope
        self.base = base

    def line(self) -> list[ClassTerm]:
        """This class and those it extends, nearest first."""
        found: list[ClassTerm] = []
        one: ClassTerm | None = self
        while one is not None and len(found) < MAX_DEPTH:
            found.append(one)
            one = one.base
        return found


class Instance:
    """`new X(…)`: its fields live in `scope` (names with a leading "this.")."""

    __slots__ = ("cls", "fields")

    def __init__(self, cls: ClassTerm, fields: dict[str, Any]) -> None:
        self.cls = cls
        self.fields = fields


class Namespace(Term, frozen=True):
    """`import * as x`: the module at `path`."""

    path: str


class External(Term, frozen=True):
    """A name from a package: `package` and dotted `name` ("default", "useMutation", "*")."""

    package: str
    name: str


class Global(Term, frozen=True):
    """A global of the runtime: `console`, `Date`, `Promise`, `window` …, dotted."""

    name: str


class Method(Wrapping, frozen=True):
    """`object.name` as a value that will be called."""

    object: Any
    name: str


class Reference(Term, frozen=True):
    """`api.a.b`, `internal.a.b`, `components.x.y` or a string path: `parts` below the root; `directory` is the
    functions directory whose api it is (None: not known)."""

    root: str
    parts: tuple[str, ...]
    directory: str | None = None


class Starter(Wrapping, frozen=True):
    """A function value that starts a Convex function when called: `useMutation(ref)`. `kind` mutation, query, action;
    `client` how it travels; `options` marks a wrapped call convention ("object": args under an object, "session")."""

    reference: Any
    kind: str
    client: str


class Client(Term, frozen=True):
    """A Convex client; `kind` websocket, http or http-queue (one instance shared: its calls queue). `body` is the
    function that made it (module, start, end), `loops` in how many loops of that."""

    kind: str
    body: tuple[str, int, int] | None = None
    loops: int = 0


class Live(Term, frozen=True):
    """The result of a live query, or a part of it: `path` dotted, "[]" for an element."""

    reference: Any
    path: str
    site: RowId


class ValidatorTerm(Term, frozen=True):
    """A `v.*` value."""

    type: Validator


class TableTerm(Term, frozen=True):
    """`defineTable(…)` with its indexes."""

    type: Validator
    indexes: tuple[tuple[str, tuple[str, ...], str, bool], ...]
    module: str
    start: int
    end: int


class SchemaTerm(Term, frozen=True):
    """`defineSchema(…)`."""

    tables: Any


class Builder(Term, frozen=True):
    """What registers functions: `mutation`, or a custom builder with `input` run before the handler. `name` as written,
    `custom` the module that makes it where it is not Convex's own."""

    kind: str
    internal: bool
    name: str
    custom: str | None = None
    inputs: tuple[Any, ...] = ()


class Registered(Term, frozen=True):
    """A registered function."""

    builder: Builder
    args: Any
    handler: Any
    module: str
    start: int
    end: int


class Bound(Wrapping, frozen=True):
    """A library value with state of its own (`library` names it, `data` belongs to that library's module)."""

    HOLDS: ClassVar[str] = "data"
    library: str
    data: Any = None


Value: TypeAlias = Any  # a Term, Closure, ClassTerm or Instance

NULL = Const(None, "null")
UNDEFINED = Const(None, "undefined")
CLOCK = Clock()
UNKNOWN = Opaque("unknown")


def is_nullish(term: Value) -> bool:
    """Whether a value is null or undefined."""
    return isinstance(term, Const) and term.value is None


def choice(items: Iterable[Value]) -> Value:
    """One of `items`: flattened, deduplicated, capped."""
    flat: list[Value] = []
    most = MAX_PLAIN
    for item in items:
        for one in item.items if isinstance(item, Choice) else (item,):
            if one not in flat:
                flat.append(one)
                if not isinstance(one, Const | Reference):
                    most = MAX_CHOICES
        if len(flat) > most:
            break
    if not flat:
        return UNDEFINED
    if len(flat) == 1:
        return flat[0]
    flat = flat[:most]
    return Choice(tuple(flat), weight=1 + sum(map(weight_of, flat)))


def alternatives(term: Value) -> tuple[Value, ...]:
    """The values `term` can be, null and undefined left out unless they are all there is."""
    if not isinstance(term, Choice):
        return (term,)
    real = tuple([item for item in term.items if type(item) is not Const or item.value is not None])
    return real or term.items


def each(term: Value, apply: Callable[[Value], Value]) -> Value:
    """`apply` over every alternative of `term`."""
    options = alternatives(term)
    if len(options) == 1:
        return apply(options[0])
    return choice([apply(option) for option in options])


def operation(op: str, *parts: Value) -> Value:
    """A computed value; what nests too deep becomes opaque."""
    depth = 1 + max((_depth(part) for part in parts), default=0)
    weight = 1 + sum(map(weight_of, parts))
    if depth > MAX_DEPTH or weight > MAX_WEIGHT:
        return UNKNOWN
    return Operation(op, parts, depth, weight=weight)


def _depth(term: Value) -> int:
    if isinstance(term, Operation | Field):
        return term.depth
    if isinstance(term, Typed):
        return _depth(term.value)
    return 0


def field(object: Value, name: str) -> Value:
    """`object.name` without looking into `object`."""
    depth = _depth(object) + 1
    weight = 1 + weight_of(object)
    if depth > MAX_DEPTH or weight > MAX_WEIGHT:
        return UNKNOWN
    return Field(object, name, depth, weight=weight)


def is_symbolic(term: Value) -> bool:
    """Whether a call on `term` must wait for a caller's arguments."""
    while True:
        if isinstance(term, Param | Pending):
            return True
        if isinstance(term, Field):
            term = term.object
        elif isinstance(term, Typed):
            term = term.value
        elif isinstance(term, Method):
            term = term.object
        elif isinstance(term, Choice):
            return any(is_symbolic(item) for item in term.items)
        else:
            return False
