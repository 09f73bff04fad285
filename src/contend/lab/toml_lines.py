"""On which line of a TOML text a key stands: Python's parser does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]|\n|[^\[\]{}\n#"\']+', re.S
)
_KEY_PART = re.compile(r'\s*(?:"((?:\\.|[^"\\])*)"|\'([^\']*)\'|([A-Za-z0-9_-]+))\s*(?:\.|$)')

Path = tuple[str | int, ...]


class TomlLines:
    """The lines of a text's keys."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._starts: dict[Path, int] = {}
        self._ends: dict[Path, int] = {}
        self._scan(text)

    def line_of(self, path: Sequence[str | int]) -> int | None:
        """The line (from 1) where the value at `path` starts, or, where it cannot be told, that of the innermost value
        around it."""
        whole = tuple(path)
        for length in range(len(whole), 0, -1):
            start = self._starts.get(whole[:length])
            if start is not None:
                return self._inside(start, self._ends.get(whole[:length], start), whole[length:])
        return None

    def _inside(self, start: int, end: int, rest: Path) -> int:
        """The line of an inner key: the first mention of each name, one after another."""
        line = start
        offset = 0
        for name in rest:
            if isinstance(name, int):
                continue
            mention = re.compile(rf"(?<![\w-])[\"']?{re.escape(name)}[\"']?\s*(?:=|\.)")
            for number in range(line, end + 1):
                found = mention.search(self._lines[number - 1], offset if number == line else 0)
                if found:
                    line, offset = number, found.end()
                    break
            else:
                return line
        return line

    def _scan(self, text: str) -> None:
        line, depth = 1, 0
        table: Path = ()
        counts: dict[Path, int] = {}
        statement, statement_line = "", 1
        key: Path | None = None
        for token in _TOKEN.findall(text):
            if token == "\n" and depth == 0:
                header = statement.strip()
                if key is not None:
                    self._ends[key] = line
                elif header.startswith("["):
                    table = self._header(header, counts, statement_line)
                statement, key = "", None
                line += 1
                statement_line = line
                continue
            line += token.count("\n")
            if token.startswith("#"):
                continue
            if key is None and not statement.lstrip().startswith("[") and "=" in token and token[0] not in "\"'":
                names = _parts(statement + token.split("=")[0])
                key = (*table, *names)
                for length in range(len(table) + 1, len(key) + 1):
                    self._starts.setdefault(key[:length], statement_line)
            statement += token
            if key is not None or token not in "[]":
                depth += (token in "[{") - (token in "]}")
        if key is not None:
            self._ends[key] = line
        elif statement.strip().startswith("["):
            self._header(statement.strip(), counts, statement_line)

    def _header(self, header: str, counts: dict[Path, int], line: int) -> Path:
        many = header.startswith("[[")
        names = _parts(header.strip("[] \t\r"))
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            last = position == len(names) - 1
            if last and many:
                counts[path] = counts.get(path, -1) + 1
            self._starts.setdefault(path, line)
            if path in counts:
                path = (*path, counts[path])
                self._starts.setdefault(path, line)
        self._starts[path] = line
        return path


def _parts(text: str) -> tuple[str, ...]:
    found = []
    for double, single, bare in _KEY_PART.findall(text.strip()):
        found.append(double or single or bare)
    return tuple(found)
