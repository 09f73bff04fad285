"""Where a value comes from: the small expression tree that keys, written fields and guards are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Where a value comes from, as far as that decides who else can meet it."""

    CONSTANT = "constant"  # a literal, a module constant, an environment variable: the same for everybody
    IDENTITY = "identity"  # the caller's own identity
    ARGUMENT = "argument"  # the function's arguments
    FIELD = "field"  # a field of a document that was read
    FRESH = "fresh"  # a new id, a random number
    TIME = "time"  # the clock
    COMPUTED = "computed"  # an operation on other values (`op`, `parts`)
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Value:
    """A value as the analysis knows it.

    `text` reads like source (`args.sessionId`, `session.lastSeenAt`, `now - user.seenAt`). For FIELD, `table` and
    `field` say which (a dotted `field` for nested ones), and `row` names the read: two FIELD values with equal `row`
    come from the same document. For COMPUTED, `op` is the operator (`+ - * / % == != < <= > >= && || ?? ! ?:`,
    `call:<name>`, `object`, `array`, `template`, `spread`, `any` for "one of `parts`") and `parts` its operands; an
    `object` has its keys in `names`. `constant` holds a literal's value.
    """

    origin: Origin
    text: str
    table: str | None = None
    field: str | None = None
    row: str | None = None
    op: str | None = None
    parts: tuple[Value, ...] = ()
    names: tuple[str, ...] = ()
    constant: str | float | bool | None = None

    def walk(self) -> Iterator[Value]:
        """This value and every operand below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def mentions(self, origin: Origin) -> bool:
        """Whether a value of `origin` takes part in this one."""
        return any(value.origin is origin for value in self.walk())


UNKNOWN = Value(Origin.UNKNOWN, "?")
