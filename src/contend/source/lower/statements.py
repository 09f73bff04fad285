"""Statements other than declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from contend.source.ir import (
    Assign,
    Await,
    Block,
    Case,
    Declare,
    Evaluate,
    Expr,
    If,
    Jump,
    Loop,
    Opaque,
    Pattern,
    Reactive,
    Return,
    Stmt,
    Switch,
    Throw,
    Try,
)
from contend.source.lower.declarations import give_up, variables
from contend.source.lower.dispatch import EXPRESSIONS, STATEMENTS, TRIVIA, solid
from contend.source.lower.functions import statements
from contend.source.lower.patterns import target
from contend.source.lower.text import DEEPEST, INSIDE, SourceText

if TYPE_CHECKING:
    from tree_sitter import Node

_USING = ("using ", "await using ")


def _body(source: SourceText, node: Node | None, depth: int) -> tuple[Stmt, ...]:
    """The statements of a block, or the single statement that stands where a block could."""
    if node is None:
        return ()
    if node.type == "statement_block":
        return statements(source, node.named_children, depth)
    return statements(source, [node], depth)


def _expression(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    child = node.child(0)
    kind = "ERROR" if child is None else child.type
    if child is None or kind in TRIVIA:
        inside = solid(node.named_children)
        if not inside:
            return
        child = inside[0]
        kind = child.type
    if kind == "internal_module":
        STATEMENTS[kind](source, child, depth, out)
        return
    start = node.start_byte
    end = node.end_byte
    value = EXPRESSIONS[kind](source, child, depth + 1)
    if source.text.startswith(_USING, start):
        assigned = value.value if isinstance(value, Await) else value
        inner = child if isinstance(value, Assign) else child.named_children[-1]
        if isinstance(assigned, Assign) and inner.children and inner.children[0].type == "using":
            out.append(Declare("const", assigned.target, assigned.value, start, end))
            return
    out.append(Evaluate(value, start, end))


def _return(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    start = node.start_byte
    end = node.end_byte
    value: Expr | None = None
    child = node.child(1) if end - start > len("return") else None
    kind = ";" if child is None else child.type
    if kind in TRIVIA:
        inside = solid(node.named_children)
        value = EXPRESSIONS[inside[0].type](source, inside[0], depth + 1) if inside else None
    elif child is not None and kind != ";":
        value = EXPRESSIONS[kind](source, child, depth + 1)
    out.append(Return(value, start, end))


def _throw(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    inside = solid(node.named_children)
    end = node.end_byte
    value = EXPRESSIONS[inside[0].type](source, inside[0], depth + 1) if inside else Opaque("ERROR", end, end)
    out.append(Throw(value, node.start_byte, end))


def _field(source: SourceText, node: Node, name: str, depth: int) -> Expr | None:
    child = node.child_by_field_name(name)
    return None if child is None else EXPRESSIONS[child.type](source, child, depth)


def _required(source: SourceText, node: Node, name: str, depth: int) -> Expr:
    end = node.end_byte
    return _field(source, node, name, depth) or Opaque("ERROR", end, end)


def _if(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    depth += INSIDE
    test: Expr | None = None
    then: tuple[Stmt, ...] = ()
    other: tuple[Stmt, ...] = ()
    for part in node.named_children:
        kind = part.type
        if kind in TRIVIA:
            continue
        if test is None:
            test = EXPRESSIONS[kind](source, part, depth)
        elif kind == "else_clause":
            inside = solid(part.named_children)
            other = _body(source, inside[0] if inside else None, depth)
        else:
            then = _body(source, part, depth)
    start = node.start_byte
    end = node.end_byte
    out.append(If(test or Opaque("ERROR", end, end), then, other, start, end))


def _for(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    depth += INSIDE
    start = node.start_byte
    end = node.end_byte
    initial = node.child_by_field_name("initializer")
    if initial is not None:
        if initial.type in ("lexical_declaration", "variable_declaration"):
            variables(source, initial, depth, out)
        elif initial.type != "empty_statement":
            value = EXPRESSIONS[initial.type](source, initial, depth)
            out.append(Evaluate(value, initial.start_byte, initial.end_byte))
    test: Expr | None = None
    condition = node.child_by_field_name("condition")
    if condition is not None and condition.is_named and condition.type != "empty_statement":
        test = EXPRESSIONS[condition.type](source, condition, depth)
    body = _body(source, node.child_by_field_name("body"), depth)
    update = node.child_by_field_name("increment")
    if update is not None:
        value = EXPRESSIONS[update.type](source, update, depth)
        body = (*body, Evaluate(value, update.start_byte, update.end_byte))
    out.append(Loop("for", None, None, test, body, start, end))


def _for_in(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    depth += INSIDE
    left = node.child_by_field_name("left")
    right = _required(source, node, "right", depth)
    operator = node.child_by_field_name("operator")
    kind: Literal["of", "in"] = "in" if operator is not None and operator.type == "in" else "of"
    is_await = any(part.type == "await" for part in node.children[:3])
    pattern = None if left is None else target(source, left, depth)
    body = _body(source, node.child_by_field_name("body"), depth)
    out.append(Loop(kind, pattern, right, None, body, node.start_byte, node.end_byte, is_await))


def _while(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    depth += INSIDE
    kind: Literal["while", "do"] = "do" if node.type == "do_statement" else "while"
    test = _field(source, node, "condition", depth)
    body = _body(source, node.child_by_field_name("body"), depth)
    out.append(Loop(kind, None, None, test, body, node.start_byte, node.end_byte))


def _try(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    depth += INSIDE
    body = _body(source, node.child_by_field_name("body"), depth)
    parameter: Pattern | None = None
    handler: tuple[Stmt, ...] | None = None
    final: tuple[Stmt, ...] = ()
    for clause in node.named_children:
        if clause.type == "catch_clause":
            caught = clause.child_by_field_name("parameter")
            parameter = None if caught is None else target(source, caught, depth)
            handler = _body(source, clause.child_by_field_name("body"), depth)
        elif clause.type == "finally_clause":
            final = _body(source, clause.child_by_field_name("body"), depth)
    out.append(Try(body, parameter, handler, final, node.start_byte, node.end_byte))


def _switch(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    depth += INSIDE + 1
    cases: list[Case] = []
    listed = node.child_by_field_name("body")
    for case in listed.named_children if listed is not None else []:
        inside = solid(case.named_children)
        if case.type == "switch_case" and inside:
            test = EXPRESSIONS[inside[0].type](source, inside[0], depth)
            cases.append(Case(test, statements(source, inside[1:], depth)))
        elif case.type == "switch_default":
            cases.append(Case(None, statements(source, inside, depth)))
    out.append(Switch(_required(source, node, "value", depth), tuple(cases), node.start_byte, node.end_byte))


def _break(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    out.append(Jump("break", node.start_byte, node.end_byte))


def _continue(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    out.append(Jump("continue", node.start_byte, node.end_byte))


def _block(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    out.append(Block(statements(source, node.named_children, depth + INSIDE), node.start_byte, node.end_byte))


def _labeled(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    body = node.child_by_field_name("body")
    if source.svelte and depth == 0 and source.text[node.start_byte] == "$":
        out.append(Reactive(_body(source, body, depth + INSIDE), node.start_byte, node.end_byte))
    elif body is not None:
        STATEMENTS[body.type](source, body, depth + 1, out)


def _with(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    if depth > DEEPEST:
        give_up(source, node, out)
        return
    out.extend(_body(source, node.child_by_field_name("body"), depth + 1))


def _error(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    """What can still be read of a part with a syntax error."""
    if depth > DEEPEST:
        return
    for child in node.named_children:
        STATEMENTS[child.type](source, child, depth + 1, out)


STATEMENTS.update(
    {
        "expression_statement": _expression,
        "return_statement": _return,
        "throw_statement": _throw,
        "if_statement": _if,
        "for_statement": _for,
        "for_in_statement": _for_in,
        "while_statement": _while,
        "do_statement": _while,
        "try_statement": _try,
        "switch_statement": _switch,
        "break_statement": _break,
        "continue_statement": _continue,
        "statement_block": _block,
        "labeled_statement": _labeled,
        "with_statement": _with,
        "ERROR": _error,
    }
)
