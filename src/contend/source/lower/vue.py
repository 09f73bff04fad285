"""Vue single-file components: script blocks and the template, scanned by hand."""

from __future__ import annotations

import re

from contend.source.lower.markup import Attribute, Child, Element, Hole
from contend.source.lower.text import DEEPEST, SourceText

_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.S | re.I)
_TEMPLATE = re.compile(r"<template\b[^>]*>", re.I)
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|\{\{(?P<mustache>.*?)\}\}"
    r"|</(?P<close>[A-Za-z][\w.:-]*)[^>]*>"
    r"|<(?P<open>[A-Za-z][\w.:-]*)",
    re.S,
)
_ATTRIBUTE = re.compile(
    r"\s*(?:(?P<end>/?>)|(?P<name>[^\s=>/\"'][^\s=>/]*)(?P<equals>\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<bare>[^\s\"'>]+)))?|(?P<stray>.))",
    re.S,
)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_REFERENCE = re.compile(r"\s*[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*|\['[^']*'\])*\s*\Z")
_FUNCTION = re.compile(
    r"\s*(?:async\s*)?(?:function\b|\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?::[^=]*)?=>|[A-Za-z_$][\w$]*\s*=>)"
)
_FOR = re.compile(r"\s(?:in|of)\s")
_SLOTS = ("v-slot", "#")


def script_blocks(source: SourceText) -> tuple[list[tuple[int, int]], bool]:
    """The byte ranges of the contents of `<script>` blocks, and whether they are written in TSX or JSX."""
    blocks = []
    jsx = False
    for match in _SCRIPT.finditer(source.text):
        blocks.append(match.span(2))
        jsx = jsx or re.search(r"lang\s*=\s*[\"']?[jt]sx", match[1]) is not None
    return blocks, jsx


def comments(source: SourceText) -> list[tuple[int, int]]:
    """The byte ranges of HTML comments outside script blocks."""
    scripts = [match.span() for match in _SCRIPT.finditer(source.text)]
    found = [match.span() for match in re.finditer(r"<!--.*?(?:-->|\Z)", source.text, re.S)]
    return [span for span in found if not any(start <= span[0] < end for start, end in scripts)]


def read_markup(source: SourceText) -> list[Child]:
    """The elements and expressions of the template."""
    text = source.text
    hidden = [match.span() for match in _SCRIPT.finditer(text)]
    begin = next(
        (found.end() for found in _TEMPLATE.finditer(text) if not any(a <= found.start() < b for a, b in hidden)), None
    )
    if begin is None:
        return []
    end = text.rfind("</template")
    end = len(text) if end < begin else end
    top: list[Child] = []
    open_elements: list[Element] = []
    at = begin
    while True:
        token = _TOKEN.search(text, at, end)
        if token is None:
            return top
        at = token.end()
        into = open_elements[-1].children if open_elements else top
        if token["mustache"] is not None:
            if token["mustache"].strip():
                into.append(Hole(token.start("mustache"), token.end("mustache")))
        elif token["close"] is not None:
            _close(open_elements, token["close"], at)
        elif token["open"] is not None:
            element = Element(token["open"], token.start(), at)
            at, closed = _attributes(text, at, end, element)
            element.end = at
            into.append(element)
            if not closed and element.tag.lower() not in _VOID:
                if len(open_elements) < DEEPEST:
                    open_elements.append(element)
                elif source.deep_at is None:
                    source.deep_at = element.start


def _close(open_elements: list[Element], tag: str, end: int) -> None:
    """Close the nearest open element of that name, and those in it that were never closed."""
    for place in range(len(open_elements) - 1, -1, -1):
        if open_elements[place].tag == tag:
            for element in open_elements[place:]:
                element.end = end
            del open_elements[place:]
            return


def _attributes(text: str, at: int, end: int, element: Element) -> tuple[int, bool]:
    """Read the attributes behind a tag's name; the offset behind the tag, and whether it closes itself."""
    while at < end:
        match = _ATTRIBUTE.match(text, at, end)
        if match is None:
            break
        at = match.end()
        if match["end"]:
            return at, match["end"] == "/>"
        name = match["name"]
        if name:
            attribute = _attribute(text, name, match)
            if attribute is not None:
                element.attributes.append(attribute)
    return at, False


def _attribute(text: str, name: str, match: re.Match[str]) -> Attribute | None:
    start = match.start("name")
    attribute = Attribute(name, [], start, match.end())
    group = next((each for each in ("double", "single", "bare") if match[each] is not None), None)
    if group is None:
        return attribute
    first, last = match.span(group)
    value = text[first:last]
    handler = name.startswith(("@", "v-on:"))
    if not handler and not name.startswith((":", ".", "v-", "#")):
        attribute.parts.append((first, last))
        return attribute
    if name.startswith(_SLOTS) or not value.strip():
        return attribute
    if name == "v-for":
        listed = _FOR.search(value)
        first = first + listed.end() if listed else first
    plain = not handler or _REFERENCE.match(value) is not None or _FUNCTION.match(value) is not None
    attribute.parts.append(Hole(first, last, not plain and group != "bare" and last + 1 < len(text)))
    if name == "v-bind" or name == "v-on":
        attribute.name = None
    return attribute
