"""Where something stands in the source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file. `file` is relative to the audited path, with `/`. Lines and columns count from 1,
    columns in characters; the end is exclusive in its column."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Frame:
    """One link of a chain: at `file:line`, `name` is called (or is the trigger, where it stands first)."""

    file: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.file}:{self.line})"
