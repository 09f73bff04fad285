"""Vue single-file components: script blocks and the template, scanned by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contend.source.lower.markup import Attribute, Child, Element, Hole
from contend.source.lower.text import DEEPEST, INSIDE, SourceText

_SECTION = re.compile(r"(?P<comment><!--)|<(?P<tag>script|template)(?=[\s>])", re.I)
_TOKEN = re.compile(
    r"(?P<comment><!--)|(?P<mustache>\{\{)|</(?P<close>[A-Za-z][\w.:-]*)[^<>]*>|<(?P<open>[A-Za-z][\w.:-]*)"
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


@dataclass(slots=True)
class Sections:
    """Where the parts of a file stand: byte ranges of what `<script>` blocks hold and of comments outside them, and
    the offset behind the first `<template>`. `jsx`: a script is written in TSX or JSX."""

    scripts: list[tuple[int, int]]
    comments: list[tuple[int, int]]
    template: int | None = None
    jsx: bool = False


def find_sections(source: SourceText) -> Sections:
    """The parts of a component, in one pass."""
    text = source.text
    found = Sections([], [])
    at = 0
    while (section := _SECTION.search(text, at)) is not None:
        at = section.end()
        if section["comment"]:
            at = _behind(text, "-->", at)
            found.comments.append((section.start(), at))
            continue
        tag = Element(section["tag"].lower(), section.start(), at)
        at, closed = _attributes(text, at, len(text), tag)
        if tag.tag == "template":
            found.template = at if found.template is None else found.template
        elif not closed:
            start = at
            at = _behind(text, "</script", start)
            found.scripts.append((start, at - len("</script") if at < len(text) else at))
            for attribute in tag.attributes:
                words = [text[part[0] : part[1]] for part in attribute.parts if isinstance(part, tuple)]
                found.jsx = found.jsx or (attribute.name == "lang" and words in (["tsx"], ["jsx"]))
    return found


def _behind(text: str, closing: str, at: int) -> int:
    """The offset behind the next `closing`; the end of the text where there is none."""
    found = text.find(closing, at)
    return len(text) if found < 0 else found + len(closing)


def read_markup(source: SourceText, begin: int | None) -> list[Child]:
    """The elements and expressions of the template that begins at an offset."""
    if begin is None:
        return []
    text = source.text
    end = text.rfind("</template")
    end = len(text) if end < begin else end
    top: list[Child] = []
    open_elements: list[Element] = []
    at = begin
    last = 0  # where the latest mustache ends; -1 once there are no more
    while (token := _TOKEN.search(text, at, end)) is not None:
        at = token.end()
        into = open_elements[-1].children if open_elements else top
        if token["comment"]:
            at = _behind(text, "-->", at)
        elif token["mustache"]:
            last = text.find("}}", at, end) if last >= 0 else last
            if last >= 0:
                if text[at:last].strip():
                    into.append(Hole(at, last))
                at = last + 2
        elif token["close"] is not None:
            _close(open_elements, token["close"], at)
        else:
            element = Element(token["open"], token.start(), at)
            at, closed = _attributes(text, at, end, element)
            element.end = at
            into.append(element)
            if not closed and element.tag.lower() not in _VOID:
                if len(open_elements) < DEEPEST // INSIDE:
                    open_elements.append(element)
                elif source.deep_at is None:
                    source.deep_at = element.start
    return top


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
