"""Strings, numbers and other literals."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from contend.source.ir import Expr, Literal_, Template
from contend.source.lower.dispatch import EXPRESSIONS
from contend.source.lower.text import DEEPEST, INSIDE, SourceText, exact

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[\s\S])")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": "", "\r": ""}


def cooked(text: str) -> str:
    """The value of a string's text: escapes resolved."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1 and escape[0] in "ux":
        number = int(escape[1:].strip("{}"), 16)
        # A lone surrogate has no UTF-8 form, so it could be neither cached nor printed.
        return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\N{REPLACEMENT CHARACTER}"
    return _SIMPLE.get(escape, escape)


def string_value(source: SourceText, node: Node) -> str:
    """The value of a `string` node (also one cut short by the end of the file)."""
    text = source.text[node.start_byte : node.end_byte]
    if not text.isascii():
        text = exact(text)
    quote = text[:1]
    text = text[1:-1] if len(text) > 1 and text[-1] == quote else text[1:]
    return cooked(text) if "\\" in text else text


def attribute_text(source: SourceText, start: int, end: int) -> str:
    """The value of an attribute's text in markup, where entities count and backslashes do not."""
    text = source.slice(start, end)
    return unescape(text) if "&" in text else text


def number_value(text: str) -> float:
    """The value of a number as written: decimal, hexadecimal, octal, binary, with separators."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(int(text, 0))
    except (ValueError, OverflowError):
        return float("nan")


def _string(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    end = node.end_byte
    text = source.text[start + 1 : end - 1]
    if "\\" in text or not text.isascii() or end - start < 2:
        text = string_value(source, node)
    return Literal_(text, "string", start, end)


def _number(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    end = node.end_byte
    text = source.text[start:end]
    if text[-1:] == "n":
        return Literal_(text[:-1].replace("_", ""), "bigint", start, end)
    return Literal_(number_value(text), "number", start, end)


def _true(source: SourceText, node: Node, depth: int) -> Expr:
    return Literal_(True, "boolean", node.start_byte, node.end_byte)


def _false(source: SourceText, node: Node, depth: int) -> Expr:
    return Literal_(False, "boolean", node.start_byte, node.end_byte)


def _null(source: SourceText, node: Node, depth: int) -> Expr:
    return Literal_(None, "null", node.start_byte, node.end_byte)


def _undefined(source: SourceText, node: Node, depth: int) -> Expr:
    return Literal_(None, "undefined", node.start_byte, node.end_byte)


def _regex(source: SourceText, node: Node, depth: int) -> Expr:
    return Literal_(source.of(node), "regex", node.start_byte, node.end_byte)


def template(source: SourceText, node: Node, depth: int) -> Template:
    """A template literal as parts, whether it has holes or not."""
    start = node.start_byte
    end = node.end_byte
    if depth > DEEPEST:
        source.too_deep(node)
        return Template((), start, end)
    parts: list[str | Expr] = []
    at = start + 1
    for child in node.named_children:
        if child.type == "template_substitution":
            hole = child.start_byte
            if at < hole:
                parts.append(cooked(source.slice(at, hole)))
            at = child.end_byte
            for inner in child.named_children:
                kind = inner.type
                if kind != "comment" and kind != "ERROR":
                    parts.append(EXPRESSIONS[kind](source, inner, depth + INSIDE))
                    break
    if at < end - 1:
        parts.append(cooked(source.slice(at, end - 1)))
    return Template(tuple(parts), start, end)


def _template_or_string(source: SourceText, node: Node, depth: int) -> Expr:
    start = node.start_byte
    end = node.end_byte
    text = source.slice(start + 1, end - 1)
    if "${" in text:
        whole = template(source, node, depth)
        if any(not isinstance(part, str) for part in whole.parts):
            return whole
    return Literal_(cooked(text), "string", start, end)


EXPRESSIONS.update(
    {
        "string": _string,
        "number": _number,
        "true": _true,
        "false": _false,
        "null": _null,
        "undefined": _undefined,
        "regex": _regex,
        "template_string": _template_or_string,
    }
)
