"""Svelte components: script blocks and markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from contend.source.lower.markup import Attribute, Child, Element, Hole
from contend.source.lower.text import DEEPEST, INSIDE, SourceText

if TYPE_CHECKING:
    from tree_sitter import Node

_ELEMENTS = frozenset({"element", "script_element", "style_element"})
_AWAITED = re.compile(r"\s(?:then|catch)(?:\s|$)")
_TAG = frozenset({"start_tag", "self_closing_tag"})


def script_blocks(root: Node) -> list[tuple[int, int]]:
    """The byte ranges of the contents of `<script>` blocks, in order."""
    blocks: list[tuple[int, int]] = []
    for child in root.children:
        if child.type == "script_element":
            blocks.extend([(part.start_byte, part.end_byte) for part in child.children if part.type == "raw_text"])
    return blocks


def read_markup(source: SourceText, root: Node) -> list[Child]:
    """The elements and expressions of the markup."""
    out: list[Child] = []
    for child in root.named_children:
        if child.type not in ("script_element", "style_element"):
            _read(source, child, 0, out)
    return out


def _read(source: SourceText, node: Node, depth: int, out: list[Child]) -> None:
    kind = node.type
    if kind == "text" or kind == "comment":
        return
    if depth > DEEPEST:
        source.too_deep(node)
    elif kind in _ELEMENTS:
        out.append(_element(source, node, depth))
    elif kind == "svelte_raw_text":
        hole = _hole(source, node)
        if hole is not None:
            out.append(hole)
    elif kind == "await_start":
        for part in node.named_children:
            if part.type == "svelte_raw_text":
                text = source.text[part.start_byte : part.end_byte]
                awaited = _AWAITED.search(text)
                end = part.start_byte + awaited.start() if awaited else part.end_byte
                hole = _range(source, part.start_byte, end)
                if hole is not None:
                    out.append(hole)
                break
    elif kind == "each_start":
        listed = node.child_by_field_name("identifier")
        if listed is not None:
            _read(source, listed, depth, out)
    elif kind not in ("then_start", "catch_start", "snippet_start", "debug_tag"):
        for child in node.named_children:
            # In an error node, raw text can be anything.
            if kind != "ERROR" or child.type != "svelte_raw_text":
                _read(source, child, depth + 1, out)


def _hole(source: SourceText, node: Node) -> Hole | None:
    return _range(source, node.start_byte, node.end_byte)


def _range(source: SourceText, start: int, end: int) -> Hole | None:
    text = source.text[start:end]
    if not text.strip() or start == 0 or end >= len(source.text):
        return None
    return Hole(start, end)


def _element(source: SourceText, node: Node, depth: int) -> Element:
    element = Element("", node.start_byte, node.end_byte)
    for child in node.named_children:
        kind = child.type
        if kind in _TAG:
            for part in child.named_children:
                if part.type == "tag_name":
                    element.tag = source.of(part)
                elif part.type == "attribute":
                    element.attributes.append(_attribute(source, part))
        elif kind not in ("end_tag", "raw_text"):
            _read(source, child, depth + INSIDE, element.children)
    return element


def _attribute(source: SourceText, node: Node) -> Attribute:
    name: str | None = None
    parts: list[Hole | tuple[int, int]] = []
    for part in node.named_children:
        kind = part.type
        if kind == "attribute_name":
            short = [child for child in part.named_children if child.type == "svelte_raw_text"]
            if short:
                text = source.of(short[0]).strip()
                name = None if text.startswith("...") else text
                hole = _hole(source, short[0])
                parts.extend([hole] if hole else [])
            else:
                name = source.of(part)
        else:
            _values(source, part, parts)
    return Attribute(name, parts, node.start_byte, node.end_byte)


def _values(source: SourceText, node: Node, parts: list[Hole | tuple[int, int]]) -> None:
    """The text and expressions of an attribute's value; the grammar leaves the text between expressions out."""
    kind = node.type
    start = node.start_byte
    end = node.end_byte
    if kind == "quoted_attribute_value":
        start += 1
        end -= 1
    at = start
    for hole_node in _expressions(node):
        if at < hole_node.start_byte:
            parts.append((at, hole_node.start_byte))
        at = hole_node.end_byte
        for raw in hole_node.named_children:
            hole = _hole(source, raw) if raw.type == "svelte_raw_text" else None
            if hole is not None:
                parts.append(hole)
    if at < end or (at == start and not parts):
        parts.append((at, end))


def _expressions(node: Node) -> list[Node]:
    if node.type == "expression":
        return [node]
    found: list[Node] = []
    for child in node.named_children:
        found.extend(_expressions(child))
    return found
