"""What a `.gitignore` file excludes.

Covers git's pattern language (comments, `!`, anchoring, trailing `/`, `*`, `?`, `[…]`, `**`) by translating the whole
file into two regular expressions, since it is asked about every directory and file of a repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPECIAL_IN_CLASS = re.compile(r"[\\\[&~|]|-(?=-)")


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    excludes: bool
    directories_only: bool


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """The rules of one `.gitignore`, for paths below its directory ("" for the audited path)."""

    directory: str
    rules: tuple[_Rule, ...]
    any_rule: re.Pattern[str] | None

    @classmethod
    def parse(cls, directory: str, text: str) -> IgnoreFile:
        """Read the text of a `.gitignore`; lines that are not patterns are passed over."""
        rules: list[_Rule] = []
        sources: list[str] = []
        for line in text.splitlines():
            translated = _translate(line)
            if translated is None:
                continue
            source, excludes, directories_only = translated
            try:
                rules.append(_Rule(re.compile(source), excludes, directories_only))
            except re.error:
                continue
            sources.append(source)
        return cls(directory, tuple(rules), re.compile("|".join(sources)) if sources else None)

    def verdict(self, path: str, *, is_directory: bool) -> bool | None:
        """True: excluded; False: included again by a `!` line; None: no line speaks of it."""
        if self.any_rule is None:
            return None
        relative = path[len(self.directory) + 1 :] if self.directory else path
        if not self.any_rule.fullmatch(relative):
            return None
        for rule in reversed(self.rules):
            if (is_directory or not rule.directories_only) and rule.pattern.fullmatch(relative):
                return rule.excludes
        return None


def _translate(line: str) -> tuple[str, bool, bool] | None:
    """A line as a regular expression over relative paths, whether it excludes, and whether only directories."""
    line = line.rstrip("\r\n")
    if not line.endswith("\\ "):
        line = line.rstrip(" ")
    if not line or line.startswith("#"):
        return None
    excludes = not line.startswith("!")
    if not excludes:
        line = line[1:]
    directories_only = line.endswith("/")
    body = line.rstrip("/")
    if not body:
        return None
    anchored = "/" in body
    body = body.lstrip("/")
    prefix = "" if anchored else "(?:.*/)?"
    return prefix + glob_pattern(body), excludes, directories_only


def glob_pattern(body: str) -> str:
    """A glob (`*`, `?`, `[…]`, `**`) as a regular expression over whole relative paths."""
    parts: list[str] = []
    at = 0
    while at < len(body):
        if body.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif body.startswith("**", at):
            parts.append(".*")
            at += 2
        elif body[at] == "*":
            parts.append("[^/]*")
            at += 1
        elif body[at] == "?":
            parts.append("[^/]")
            at += 1
        elif body[at] == "[" and (close := body.find("]", at + 2)) > 0:
            inner = body[at + 1 : close]
            inner = "^" + inner[1:] if inner[0] in "!^" else inner
            parts.append("[" + _SPECIAL_IN_CLASS.sub(r"\\\g<0>", inner) + "]")
            at = close + 1
        else:
            if body[at] == "\\" and at + 1 < len(body):
                at += 1
            parts.append(re.escape(body[at]))
            at += 1
    return "".join(parts)
