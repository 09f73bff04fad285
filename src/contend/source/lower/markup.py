"""Markup of components, Svelte's or Vue's, as JSX.

The expressions of a file's markup are parsed in one go: a copy of the file in which everything else is blank, as one
array literal, so that each expression keeps its offsets. Where that has a syntax error, each half is parsed by itself,
and so on, until it is known which expression has it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from contend.source.ir import Evaluate, Expr, Function, Jsx, JsxAttribute, Literal_, Spread, Stmt, Template
from contend.source.lower.dispatch import EXPRESSIONS, TRIVIA
from contend.source.lower.literals import attribute_text
from contend.source.lower.parsers import parse
from contend.source.lower.text import INSIDE, SourceText

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_WRAPPER = b"_=>{"


@dataclass(slots=True)
class Hole:
    """An expression in the markup: the bytes from `start` to `end`, neither the first nor the last byte of the file.
    As `statements` it is the body of a handler; at least four bytes of markup then stand before it, two behind."""

    start: int
    end: int
    statements: bool = False
    depth: int = 1


@dataclass(slots=True)
class Attribute:
    """`parts` are holes and the byte ranges of text; none at all makes a bare attribute. A spread has no name."""

    name: str | None
    parts: list[Hole | tuple[int, int]]
    start: int
    end: int


@dataclass(slots=True)
class Element:
    """A tag with its attributes and what stands in it, blocks flattened."""

    tag: str
    start: int
    end: int
    attributes: list[Attribute] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)


Child: TypeAlias = "Element | Hole"


class Markup:
    """The lowered expressions of a file's holes by their start, and where the first unreadable one stands."""

    def __init__(self, source: SourceText, language: Language, data: bytes, holes: list[Hole]) -> None:
        self.values: dict[int, Expr] = {}
        self.broken_at: int | None = None
        self._parsed: list[tuple[int, Node]] = []
        holes = sorted(holes, key=lambda hole: hole.start)
        if not holes:
            return
        overlay = _overlay(data, holes)
        waiting = [holes]
        while waiting:
            group = waiting.pop()
            root = self._parse(language, overlay, group)
            if root.has_error and len(group) > 1:
                half = len(group) // 2
                waiting += [group[half:], group[:half]]
                continue
            self._parsed.append((group[0].start, root))
            if root.has_error and self.broken_at is None:
                self.broken_at = group[0].start
            self._read(source, root, group)

    def _parse(self, language: Language, overlay: bytes, group: list[Hole]) -> Node:
        first, last = group[0], group[-1]
        start = first.start - len(_WRAPPER) if first.statements else first.start
        end = last.end + 1 if last.statements else last.end
        return parse(language, overlay, [(0, 1), (start, end), (len(overlay) - 1, len(overlay))])

    def _read(self, source: SourceText, root: Node, holes: list[Hole]) -> None:
        array = _array_in(root)
        if array is None:
            return
        waiting = iter(holes)
        hole = next(waiting, None)
        for node in array.named_children:
            kind = node.type
            if kind in TRIVIA:
                continue
            start = node.start_byte
            while hole is not None and start >= hole.end:
                hole = next(waiting, None)
            if hole is None:
                return
            value = EXPRESSIONS[kind](source, node, hole.depth)
            if hole.statements and isinstance(value, Function):
                value = Function(None, (), value.body, hole.start, hole.end)
            self.values[hole.start] = value

    def root_at(self, offset: int) -> Node | None:
        """The root of the tree that an expression at an offset belongs to, if one stands there."""
        place = bisect_right(self._parsed, offset, key=lambda parsed: parsed[0]) - 1
        return self._parsed[place][1] if place >= 0 else None

    def element(self, source: SourceText, element: Element) -> Jsx:
        """The element and all in it, as JSX."""
        attributes = [self._attribute(source, attribute) for attribute in element.attributes]
        children: list[Expr] = []
        for child in element.children:
            if isinstance(child, Element):
                children.append(self.element(source, child))
            elif child.start in self.values:
                children.append(self.values[child.start])
        return Jsx(element.tag, tuple(attributes), tuple(children), element.start, element.end)

    def _attribute(self, source: SourceText, attribute: Attribute) -> JsxAttribute:
        start = attribute.start
        end = attribute.end
        parts: list[str | Expr] = []
        for part in attribute.parts:
            if not isinstance(part, Hole):
                parts.append(attribute_text(source, *part))
            elif part.start in self.values:
                parts.append(self.values[part.start])
        if not attribute.parts:
            value: Expr = Literal_(True, "boolean", start, end)
        elif not parts:
            value = Literal_(None, "undefined", start, end)
        elif len(parts) > 1:
            value = Template(tuple(parts), start, end)
        elif isinstance(parts[0], str):
            value = Literal_(parts[0], "string", start, end)
        else:
            value = parts[0]
        if attribute.name is None and isinstance(value, Spread):
            value = value.value
        return JsxAttribute(attribute.name, value, start, end)

    def evaluate(self, source: SourceText, elements: list[Child], end: int) -> list[Stmt]:
        """The markup as the one statement that ends a component's body; none where it holds nothing."""
        if not elements:
            return []
        start = elements[0].start
        return [Evaluate(self.element(source, Element("", start, end, [], elements)), start, end)]


def _overlay(data: bytes, holes: list[Hole]) -> bytes:
    overlay = bytearray(b" " * len(data))
    overlay[0:1] = b"["
    overlay += b"]"
    for hole in holes:
        start, end = hole.start, hole.end
        overlay[start:end] = data[start:end]
        if hole.statements:
            overlay[start - len(_WRAPPER) : start] = _WRAPPER
            overlay[end : end + 2] = b"},"
        else:
            overlay[end] = 0x2C
    return bytes(overlay)


def _array_in(root: Node) -> Node | None:
    node: Node | None = root
    while node is not None and node.type != "array":
        node = next((child for child in node.named_children if child.type not in ("comment", "html_comment")), None)
    return node


def holes_in(elements: list[Child]) -> list[Hole]:
    """All expressions below the elements, which learn how deep they stand."""
    found: list[Hole] = []
    waiting = [(child, 1) for child in elements]
    while waiting:
        child, depth = waiting.pop()
        if isinstance(child, Hole):
            child.depth = depth
            found.append(child)
            continue
        inside = depth + INSIDE
        waiting.extend([(inner, inside) for inner in child.children])
        for attribute in child.attributes:
            waiting.extend([(part, inside) for part in attribute.parts if isinstance(part, Hole)])
    return found
