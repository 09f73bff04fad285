"""`contend-ignore` comments."""

from __future__ import annotations

import re
from collections.abc import Callable

from contend.source.ir import Suppression
from contend.source.lower.text import line_at

_MARK = b"contend-ignore"
_COMMENT = re.compile(
    rb"(//+|/\*+|<!--|(?m:^)[ \t]*\*)[ \t]*contend-ignore(?:[ \t]*\[([^\]\r\n]*)\])?[ \t]*(:?)([^\r\n]*)"
)
_SPACE = re.compile(rb"\s*")
_CLOSED = re.compile(rb"/\*.*?\*/|<!--.*?-->")
_LOOKED_AT = 2000  # bytes before a comment that tell whether code stands there; minified lines are long
_BLOCKS = ((b"/*", b"*/"), (b"{/*", b"*/"), (b"<!--", b"-->"))


def find_suppressions(
    data: bytes, lines: tuple[int, ...], in_comment: Callable[[int], bool]
) -> tuple[Suppression, ...]:
    """All suppressions of a file; `in_comment` tells whether the byte at an offset belongs to a comment."""
    if _MARK not in data:
        return ()
    out: list[Suppression] = []
    known: dict[int, int] = {}
    # From the last to the first, so that a stack of comments is walked once.
    for match in reversed(list(_COMMENT.finditer(data))):
        if not in_comment(match.end(1) - 1):
            continue
        start = match.start(1)
        end = _end(data, match)
        named, colon, rest = match[2], match[3], match[4]
        reason = rest[: max(end - match.start(4), 0)].decode("utf-8", "replace").strip() if colon else ""
        reason = reason.removesuffix("*/").removesuffix("-->").strip()
        rules = [rule.strip() for rule in (named or b"").decode("utf-8", "replace").split(",")]
        line = line_at(lines, start)
        target = _target(data, lines, line, start, end, known)
        out.append(Suppression(tuple([rule for rule in rules if rule]), reason, line, target))
    return tuple(reversed(out))


def _end(data: bytes, match: re.Match[bytes]) -> int:
    """The offset behind the comment, its closing included."""
    opening = match[1].strip()
    if opening.startswith(b"//"):
        return match.end()
    closing = b"-->" if opening == b"<!--" else b"*/"
    found = data.find(closing, match.end(1))
    return len(data) if found < 0 else found + len(closing)


def _target(data: bytes, lines: tuple[int, ...], line: int, start: int, end: int, known: dict[int, int]) -> int:
    """The line that a suppression silences: its own where code stands on it, else the next one with code.

    `known` remembers the offset of the next code behind an offset."""
    before = _CLOSED.sub(b"", data[max(lines[line - 1], start - _LOOKED_AT) : start]).strip()
    in_braces = before.endswith(b"{") and data[start : start + 2] == b"/*"
    if in_braces:
        before = before[:-1].strip()
    at = _skip_space(data, end)
    if in_braces and data[at : at + 1] == b"}":
        at = _skip_space(data, at + 1)
    elif in_braces:
        return line
    if before:
        return line
    passed: list[int] = []
    while at < len(data) and at not in known:
        passed.append(at)
        behind = _skip_space(data, _behind_comment(data, at))
        if behind == at:
            break
        at = behind
    code = known.get(at, at)
    known.update(dict.fromkeys(passed, code))
    return line_at(lines, code) if code < len(data) else line


def _skip_space(data: bytes, at: int) -> int:
    match = _SPACE.match(data, at)
    return match.end() if match else at


def _behind_comment(data: bytes, at: int) -> int:
    """The offset behind the comment that starts at `at`; `at` itself where none does."""
    if data.startswith(b"//", at):
        found = data.find(b"\n", at)
        return len(data) if found < 0 else found
    for opening, closing in _BLOCKS:
        if data.startswith(opening, at):
            found = data.find(closing, at + len(opening))
            if found < 0:
                return len(data)
            found += len(closing)
            if opening == b"{/*":
                brace = _skip_space(data, found)
                return brace + 1 if data[brace : brace + 1] == b"}" else found
            return found
    return at
