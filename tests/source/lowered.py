"""Syntax trees as compact text that reads like the source, so that tests of lowering read as documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import singledispatch

from contend.source import ir
from contend.source.lower import lower


def module(text: str | bytes, path: str = "app.ts") -> ir.Module:
    """The module of a file with that text."""
    return lower(path, text.encode() if isinstance(text, str) else text)


def body(text: str | bytes, path: str = "app.ts") -> str:
    """The statements of a file, one a line."""
    return "\n".join(render(statement) for statement in module(text, path).body)


def expression(text: str, path: str = "app.tsx") -> str:
    """An expression, as it comes back."""
    (statement,) = module(f"_ = {text};", path).body
    assert isinstance(statement, ir.Evaluate)
    assert isinstance(statement.value, ir.Assign)
    return render(statement.value.value)


def type_of(text: str) -> str:
    """A type, as it comes back."""
    (declared,) = module(f"type _ = {text};").types
    return render(declared.type)


def problems(found: ir.Module) -> list[tuple[str, int]]:
    """Reasons and lines."""
    return [(problem.reason, problem.line) for problem in found.problems]


@singledispatch
def render(node: ir.Node) -> str:
    """The text of a node."""
    raise AssertionError(f"nothing renders {type(node).__name__}")


def joined(nodes: Iterable[ir.Node], separator: str = ", ") -> str:
    return separator.join(render(node) for node in nodes)


def block(statements: Iterable[ir.Stmt]) -> str:
    inside = joined(statements, "; ")
    return f"{{ {inside} }}" if inside else "{}"


# ── types ────────────────────────────────────────────────────────────────────────────────────────────────────────


@render.register
def _(node: ir.TName) -> str:
    return node.name + (f"<{joined(node.args)}>" if node.args else "")


@render.register
def _(node: ir.TArray) -> str:
    return f"{render(node.item)}[]"


@render.register
def _(node: ir.TTuple) -> str:
    return f"[{joined(node.items)}]"


@render.register
def _(node: ir.TUnion) -> str:
    return f"({joined(node.items, ' | ')})"


@render.register
def _(node: ir.TIntersection) -> str:
    return f"({joined(node.items, ' & ')})"


@render.register
def _(node: ir.TObject) -> str:
    fields = [f"{field.name}{'?' if field.optional else ''}: {render(field.type)}" for field in node.fields]
    if node.index is not None:
        fields.append(f"[]: {render(node.index)}")
    return "{" + "; ".join(fields) + "}"


@render.register
def _(node: ir.TLiteral) -> str:
    if isinstance(node.value, float):
        return f"{node.value:g}"
    return json.dumps(node.value, ensure_ascii=False)


@render.register
def _(node: ir.TFunction) -> str:
    return f"({joined(node.params)}) => {render(node.result)}"


@render.register
def _(node: ir.TTypeof) -> str:
    return f"typeof {node.name}"


@render.register
def _(node: ir.TIndexed) -> str:
    return f"{render(node.object)}[{render(node.key)}]"


@render.register
def _(node: ir.TOther) -> str:
    return f"«{node.text}»"


# ── patterns ─────────────────────────────────────────────────────────────────────────────────────────────────────


@render.register
def _(node: ir.PName) -> str:
    return node.name


@render.register
def _(node: ir.PObject) -> str:
    parts = []
    for entry in node.properties:
        default = f" = {render(entry.default)}" if entry.default is not None else ""
        parts.append(f"{entry.key or '[?]'}: {render(entry.target)}{default}")
    parts.extend([f"...{node.rest}"] if node.rest else [])
    return "{" + ", ".join(parts) + "}"


@render.register
def _(node: ir.PArray) -> str:
    parts = ["" if item is None else render(item) for item in node.items]
    parts.extend([f"...{node.rest}"] if node.rest else [])
    return "[" + ", ".join(parts) + "]"


@render.register
def _(node: ir.PExpr) -> str:
    return render(node.target)


# ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────


@render.register
def _(node: ir.Literal_) -> str:
    if node.kind in ("null", "undefined", "regex"):
        return node.kind if node.value is None else str(node.value)
    if node.kind == "number":
        return f"{node.value:g}"
    return f"{node.value}n" if node.kind == "bigint" else json.dumps(node.value, ensure_ascii=False)


@render.register
def _(node: ir.Name) -> str:
    return node.name


@render.register
def _(node: ir.Member) -> str:
    return f"{render(node.object)}{'?.' if node.optional else '.'}{node.property}"


@render.register
def _(node: ir.Index) -> str:
    return f"{render(node.object)}[{render(node.index)}]"


@render.register
def _(node: ir.Call) -> str:
    types = f"<{joined(node.types)}>" if node.types else ""
    return f"{render(node.callee)}{types}({joined(node.args)})"


@render.register
def _(node: ir.New) -> str:
    types = f"<{joined(node.types)}>" if node.types else ""
    return f"new {render(node.callee)}{types}({joined(node.args)})"


@render.register
def _(node: ir.Parameter) -> str:
    typed = f": {render(node.type)}" if node.type is not None else ""
    default = f" = {render(node.default)}" if node.default is not None else ""
    return f"{'...' if node.rest else ''}{render(node.pattern)}{typed}{default}"


@render.register
def _(node: ir.Function) -> str:
    head = f"({joined(node.params)})" + (f": {render(node.result)}" if node.result is not None else "")
    word = "async " if node.is_async else ""
    match node.body:
        case (ir.Return(value=ir.Node() as value, implicit=True),):
            return f"{word}{head} => {render(value)}"
    star = "*" if node.generator else ""
    return f"{word}function{star} {node.name or ''}{head} {block(node.body)}"


@render.register
def _(node: ir.Property) -> str:
    key = node.key if node.key is not None else f"[{render(node.computed)}]" if node.computed is not None else "[?]"
    return f"{key}: {render(node.value)}"


@render.register
def _(node: ir.Object) -> str:
    return "{" + joined(node.entries) + "}"


@render.register
def _(node: ir.Array) -> str:
    return f"[{joined(node.items)}]"


@render.register
def _(node: ir.Spread) -> str:
    return f"...{render(node.value)}"


@render.register
def _(node: ir.Conditional) -> str:
    return f"({render(node.test)} ? {render(node.then)} : {render(node.other)})"


@render.register
def _(node: ir.Binary) -> str:
    return f"({render(node.left)} {node.op} {render(node.right)})"


@render.register
def _(node: ir.Unary) -> str:
    return f"{node.op}{' ' if node.op.isalpha() else ''}{render(node.value)}"


@render.register
def _(node: ir.Assign) -> str:
    return f"{render(node.target)} {node.op} {render(node.value)}"


@render.register
def _(node: ir.Await) -> str:
    return f"await {render(node.value)}"


@render.register
def _(node: ir.Template) -> str:
    return "`" + "".join(part if isinstance(part, str) else f"${{{render(part)}}}" for part in node.parts) + "`"


@render.register
def _(node: ir.Cast) -> str:
    return f"({render(node.value)} {'satisfies' if node.satisfies else 'as'} {render(node.type)})"


@render.register
def _(node: ir.JsxAttribute) -> str:
    return f"{{...{render(node.value)}}}" if node.name is None else f"{node.name}={{{render(node.value)}}}"


@render.register
def _(node: ir.Jsx) -> str:
    head = " ".join([node.tag, *map(render, node.attributes)])
    inside = [render(child) if isinstance(child, ir.Jsx) else f"{{{render(child)}}}" for child in node.children]
    children = "".join(inside)
    return f"<{head}>{children}</{node.tag}>" if children else f"<{head}/>"


@render.register
def _(node: ir.Class) -> str:
    base = f" extends {render(node.base)}" if node.base is not None else ""
    members = [*map(render, node.members), *(f"static {render(member)}" for member in node.static)]
    return f"class {node.name or ''}{base} {{ {'; '.join(members)} }}"


@render.register
def _(node: ir.Sequence) -> str:
    return f"({joined(node.items)})"


@render.register
def _(node: ir.Opaque) -> str:
    return f"«{node.kind}»"


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────


@render.register
def _(node: ir.Declare) -> str:
    typed = f": {render(node.type)}" if node.type is not None else ""
    value = f" = {render(node.value)}" if node.value is not None else ""
    return f"{node.kind} {render(node.pattern)}{typed}{value}"


@render.register
def _(node: ir.Evaluate) -> str:
    return render(node.value)


@render.register
def _(node: ir.Return) -> str:
    return "return" + (f" {render(node.value)}" if node.value is not None else "")


@render.register
def _(node: ir.Throw) -> str:
    return f"throw {render(node.value)}"


@render.register
def _(node: ir.If) -> str:
    return f"if ({render(node.test)}) {block(node.then)}" + (f" else {block(node.other)}" if node.other else "")


@render.register
def _(node: ir.Loop) -> str:
    if node.pattern is not None and node.iterable is not None:
        word = "for await" if node.is_await else "for"
        return f"{word} ({render(node.pattern)} {node.kind} {render(node.iterable)}) {block(node.body)}"
    return f"{node.kind} ({render(node.test) if node.test is not None else ''}) {block(node.body)}"


@render.register
def _(node: ir.Try) -> str:
    caught = f" ({render(node.parameter)})" if node.parameter is not None else ""
    handler = f" catch{caught} {block(node.handler)}" if node.handler is not None else ""
    return f"try {block(node.body)}{handler}" + (f" finally {block(node.final)}" if node.final else "")


@render.register
def _(node: ir.Switch) -> str:
    cases = [f"{'default' if case.test is None else render(case.test)}: {block(case.body)}" for case in node.cases]
    return f"switch ({render(node.value)}) {{ {' '.join(cases)} }}"


@render.register
def _(node: ir.Jump) -> str:
    return node.kind


@render.register
def _(node: ir.Block) -> str:
    return block(node.body)


@render.register
def _(node: ir.Reactive) -> str:
    return f"$: {block(node.body)}"
