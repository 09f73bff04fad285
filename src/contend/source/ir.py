"""The small syntax tree that the rest of `source` reads.

Lowering (`source.lower`) turns tree-sitter's concrete tree of one file into these nodes: only what the analysis
needs, in few shapes, with byte offsets instead of points. A file's tree is a plain value: it is what the cache
keeps per content hash and what worker processes send back.

Offsets (`start`, `end`) count bytes in the file as stored, also for script blocks of `.svelte` and `.vue` files.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from contend.source.ir_types import (
    Node,
    TArray,
    TField,
    TFunction,
    TIndexed,
    TIntersection,
    TLiteral,
    TName,
    TObject,
    TOther,
    TTuple,
    TTypeof,
    TUnion,
    Type,
)

# ── patterns: what a declaration, parameter or assignment binds ──────────────────────────────────────────────────


class PName(Node, frozen=True):
    name: str
    start: int
    end: int


class PProperty(Node, frozen=True):
    """One entry of an object pattern: `{ key: target = default }`. `key` is None where it is computed."""

    key: str | None
    target: Pattern
    default: Expr | None = None


class PObject(Node, frozen=True):
    properties: tuple[PProperty, ...]
    rest: str | None = None  # name bound by `...rest`


class PArray(Node, frozen=True):
    items: tuple[Pattern | None, ...]  # None: a hole
    rest: str | None = None


class PExpr(Node, frozen=True):
    """An assignment target that is not a binding: `a.b`, `a[b]`."""

    target: Expr


Pattern: TypeAlias = PName | PObject | PArray | PExpr

# ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────


class Literal_(Node, frozen=True):
    """A string (template without holes included), number, boolean, null (`kind="null"`) or undefined."""

    value: str | float | bool | None
    kind: Literal["string", "number", "bigint", "boolean", "null", "undefined", "regex"]
    start: int
    end: int


class Name(Node, frozen=True):
    name: str
    start: int
    end: int


class Member(Node, frozen=True):
    """`object.property` and `object?.property`; `object["property"]` with a literal string too."""

    object: Expr
    property: str
    start: int
    end: int
    optional: bool = False


class Index(Node, frozen=True):
    """`object[index]` with anything but a literal string."""

    object: Expr
    index: Expr
    start: int
    end: int


class Call(Node, frozen=True):
    """`callee(args)`; `callee?.(args)` too. A spread argument is a `Spread`. `types`: explicit type arguments."""

    callee: Expr
    args: tuple[Expr, ...]
    start: int
    end: int
    types: tuple[Type, ...] = ()


class New(Node, frozen=True):
    callee: Expr
    args: tuple[Expr, ...]
    start: int
    end: int
    types: tuple[Type, ...] = ()


class Parameter(Node, frozen=True):
    pattern: Pattern
    type: Type | None = None
    default: Expr | None = None
    rest: bool = False


class Function(Node, frozen=True):
    """An arrow, function expression, declaration or method. An expression body is one `Return` with `implicit`."""

    name: str | None
    params: tuple[Parameter, ...]
    body: tuple[Stmt, ...]
    start: int
    end: int
    result: Type | None = None
    is_async: bool = False
    generator: bool = False


class Property(Node, frozen=True):
    """`key: value`, shorthand (`value` is then a `Name`), a method (`Function`) or a getter. `computed` keys carry
    their expression and have `key=None`."""

    key: str | None
    value: Expr
    start: int
    end: int
    computed: Expr | None = None


class Object(Node, frozen=True):
    """Entries in order; a `Spread` keeps its place among them."""

    entries: tuple[Property | Spread, ...]
    start: int
    end: int


class Array(Node, frozen=True):
    items: tuple[Expr, ...]
    start: int
    end: int


class Spread(Node, frozen=True):
    value: Expr
    start: int
    end: int


class Conditional(Node, frozen=True):
    test: Expr
    then: Expr
    other: Expr
    start: int
    end: int


class Binary(Node, frozen=True):
    """`+ - * / % ** == === != !== < <= > >= && || ?? in instanceof & | ^ << >> >>>`."""

    op: str
    left: Expr
    right: Expr
    start: int
    end: int


class Unary(Node, frozen=True):
    """`! - + ~ typeof void delete`."""

    op: str
    value: Expr
    start: int
    end: int


class Assign(Node, frozen=True):
    """`target op value`; `op` is `=`, `+=`, `??=` …; `x++` is `x += 1`."""

    op: str
    target: Pattern
    value: Expr
    start: int
    end: int


class Await(Node, frozen=True):
    value: Expr
    start: int
    end: int


class Template(Node, frozen=True):
    """A template literal with holes: texts and expressions in order."""

    parts: tuple[str | Expr, ...]
    start: int
    end: int


class Cast(Node, frozen=True):
    """`value as T`, `<T>value`, `value satisfies T`. `as const` and `value!` are dropped in lowering."""

    value: Expr
    type: Type
    start: int
    end: int
    satisfies: bool = False


class JsxAttribute(Node, frozen=True):
    """`name={value}`; a bare attribute is `true`; `{...props}` has `name=None`. Svelte's `on:click={f}`,
    `onclick={f}` and Vue's `@click="f()"` come as attributes of a `Jsx` too."""

    name: str | None
    value: Expr
    start: int
    end: int


class Jsx(Node, frozen=True):
    """`<Tag attributes>children</Tag>`; a fragment has an empty `tag`. `tag` is dotted."""

    tag: str
    attributes: tuple[JsxAttribute, ...]
    children: tuple[Expr, ...]
    start: int
    end: int


class Class(Node, frozen=True):
    """Methods and fields by name; `base` is what it extends."""

    name: str | None
    base: Expr | None
    members: tuple[Property, ...]
    static: tuple[Property, ...]
    start: int
    end: int


class Sequence(Node, frozen=True):
    """`a, b`: the value is the last."""

    items: tuple[Expr, ...]
    start: int
    end: int


class Opaque(Node, frozen=True):
    """An expression the analysis has no use for, or one nested too deep; its children are lost."""

    kind: str
    start: int
    end: int


Expr: TypeAlias = (
    Literal_ | Name | Member | Index | Call | New | Function | Object | Array | Spread | Conditional | Binary | Unary
    | Assign | Await | Template | Cast | Jsx | Class | Sequence | Opaque
)  # fmt: skip

# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────


class Declare(Node, frozen=True):
    """One declarator of `const|let|var`, or a function or class declaration (`kind` says which)."""

    kind: Literal["const", "let", "var", "function", "class"]
    pattern: Pattern
    value: Expr | None
    start: int
    end: int
    type: Type | None = None


class Evaluate(Node, frozen=True):
    """An expression statement."""

    value: Expr
    start: int
    end: int


class Return(Node, frozen=True):
    value: Expr | None
    start: int
    end: int
    implicit: bool = False  # the body of an arrow without braces


class Throw(Node, frozen=True):
    value: Expr
    start: int
    end: int


class If(Node, frozen=True):
    test: Expr
    then: tuple[Stmt, ...]
    other: tuple[Stmt, ...]
    start: int
    end: int


class Loop(Node, frozen=True):
    """`for…of` (`kind="of"`), `for…in` ("in"), `for(;;)` ("for"), `while`, `do`. `pattern`/`iterable` only for of/in;
    `is_await` for `for await`. The init of a classic `for` stands before the loop as statements; its update is the
    last statement of `body`."""

    kind: Literal["of", "in", "for", "while", "do"]
    pattern: Pattern | None
    iterable: Expr | None
    test: Expr | None
    body: tuple[Stmt, ...]
    start: int
    end: int
    is_await: bool = False


class Try(Node, frozen=True):
    body: tuple[Stmt, ...]
    parameter: Pattern | None
    handler: tuple[Stmt, ...] | None
    final: tuple[Stmt, ...]
    start: int
    end: int


class Case(Node, frozen=True):
    test: Expr | None  # None: default
    body: tuple[Stmt, ...]


class Switch(Node, frozen=True):
    value: Expr
    cases: tuple[Case, ...]
    start: int
    end: int


class Jump(Node, frozen=True):
    kind: Literal["break", "continue"]
    start: int
    end: int


class Block(Node, frozen=True):
    body: tuple[Stmt, ...]
    start: int
    end: int


class Reactive(Node, frozen=True):
    """Svelte's `$: statement`, which runs again when what it reads changes."""

    body: tuple[Stmt, ...]
    start: int
    end: int


Stmt: TypeAlias = Declare | Evaluate | Return | Throw | If | Loop | Try | Switch | Jump | Block | Reactive

# ── a file ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Import(Node, frozen=True):
    """One name that an import brings in: `imported` is the exported name, "default" or "*"."""

    local: str
    source: str
    imported: str
    type_only: bool = False
    start: int = 0


class Export(Node, frozen=True):
    """One name that the file exports. `local` names a binding of this file, or with `source` the name exported
    there; `exported="*"` with a `source` re-exports all. `export default <expression>` has
    `local="*default*"`, declared under that name in `body`."""

    exported: str
    local: str
    source: str | None = None
    type_only: bool = False
    start: int = 0


class TypeAliasDecl(Node, frozen=True):
    """`type X<T> = …` and `interface X extends Y {…}` (then an intersection of the bases and the body)."""

    name: str
    params: tuple[str, ...]
    type: Type


class Suppression(Node, frozen=True):
    """`// contend-ignore[rule]: reason` (also `/* … */` and `{/* … */}`): silences `rules` on the next line that holds
    code, or on its own line where code stands before it. `reason` is empty where none was given."""

    rules: tuple[str, ...]
    reason: str
    line: int
    target_line: int


class Problem(Node, frozen=True):
    """Why a file, or a part of it, was not read; `line` 0 where it concerns the whole file."""

    reason: str
    line: int = 0


class Module(Node, frozen=True):
    """One source file, lowered. `directives`: `"use node"`, `"use client"`, `"use server"`, and `"svelte"`, `"vue"`
    for their file kinds. `body` holds declarations and statements in order (component markup of Svelte and Vue comes
    last, as `Evaluate(Jsx(...))`). `problems` are not fatal."""

    path: str
    directives: tuple[str, ...]
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    types: tuple[TypeAliasDecl, ...]
    body: tuple[Stmt, ...]
    suppressions: tuple[Suppression, ...]
    problems: tuple[Problem, ...]
    lines: tuple[int, ...]  # byte offset at which each line starts
