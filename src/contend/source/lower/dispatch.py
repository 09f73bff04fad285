"""The tables from tree-sitter's node kinds to the functions that lower them.

Each module of this package enters its own kinds; `parsers` enters the rest of the grammar's kinds with the fallbacks
given here, so that a look-up in the hot path never misses. All functions take the source text, the node and the
depth of the node, which only grows on the way down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from contend.source.ir import Expr, Opaque, Pattern, Stmt, TOther, Type
from contend.source.lower.text import SourceText

if TYPE_CHECKING:
    from tree_sitter import Node

LowerExpression: TypeAlias = "Callable[[SourceText, Node, int], Expr]"
LowerStatement: TypeAlias = "Callable[[SourceText, Node, int, list[Stmt]], None]"
LowerType: TypeAlias = "Callable[[SourceText, Node, int], Type]"
LowerPattern: TypeAlias = "Callable[[SourceText, Node, int], Pattern]"

EXPRESSIONS: dict[str, LowerExpression] = {}
STATEMENTS: dict[str, LowerStatement] = {}
TYPES: dict[str, LowerType] = {}
PATTERNS: dict[str, LowerPattern] = {}

TRIVIA = frozenset({"comment", "html_comment", "ERROR"})


def opaque(source: SourceText, node: Node, depth: int) -> Expr:
    """An expression that nothing reads."""
    return Opaque(node.type, node.start_byte, node.end_byte)


def nothing(source: SourceText, node: Node, depth: int, out: list[Stmt]) -> None:
    """A statement that does nothing at run time."""


def other_type(source: SourceText, node: Node, depth: int) -> Type:
    """A type that is kept as text."""
    return TOther(source.of(node)[:80])


def enter_remaining(kinds: Iterable[str]) -> None:
    """Give the kinds of a grammar that no module has entered their fallbacks."""
    for kind in kinds:
        EXPRESSIONS.setdefault(kind, opaque)
        STATEMENTS.setdefault(kind, nothing)
        TYPES.setdefault(kind, other_type)


def solid(nodes: list[Node]) -> list[Node]:
    """The nodes without comments and error nodes between them."""
    if len(nodes) == 1:
        return nodes if nodes[0].type not in TRIVIA else []
    return [node for node in nodes if node.type not in TRIVIA]
