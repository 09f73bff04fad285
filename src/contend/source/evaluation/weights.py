"""How large a symbolic value may become.

In memory values share their parts (`a = [a, a]`), but what walks, compares or hashes one meets a shared part once for
each way that leads to it. So each composed value knows how many terms it consists of, and a part that is too heavy
gives way to `TOO_LARGE`. No value that tells anything about a database access comes near the bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec.structs import force_setattr

MAX_WEIGHT = 2000


class Term(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """Base of all symbolic values."""

    if TYPE_CHECKING:

        @property
        def weight(self) -> int:
            """How many terms this one consists of."""
            ...

    else:
        weight: ClassVar[int] = 1  # without a call, for most terms stand alone


class Opaque(Term, frozen=True):
    """A value nothing is known of; `reason` says why (an unknown call, a parse problem)."""

    reason: str


TOO_LARGE = Opaque("too large to follow")


class Wrapping(Term, frozen=True):
    """Base of values made of one other, in the field that `HOLDS` names (the first, where it names none)."""

    HOLDS: ClassVar[str] = ""

    @property
    def weight(self) -> int:
        return 1 + weight_of(getattr(self, self.HOLDS or self.__struct_fields__[0]))


class Composed(Term, frozen=True, kw_only=True):
    """Base of values that hold several others."""

    weight: int = 1  # known once it is made, where others work theirs out

    def weigh_parts(self, *names: str) -> None:
        """Set the weight from the parts in these fields: a term, a tuple of terms, or of names with terms. None stays
        too heavy."""
        total = 1
        for name in names:
            held = getattr(self, name)
            if type(held) is not tuple:
                weight = weight_of(held)
                if weight > MAX_WEIGHT:
                    force_setattr(self, name, TOO_LARGE)
                total += weight
            elif held:
                parts = [part for _, part in held] if type(held[0]) is tuple else held
                weights = list(map(weight_of, parts))
                if max(weights) > MAX_WEIGHT:
                    force_setattr(self, name, _lightened(held))
                total += sum(weights)
        force_setattr(self, "weight", total)


def weight_of(term: Any) -> int:
    """How many terms `term` consists of."""
    weight: int = getattr(term, "weight", 1)
    return weight


def _lightened(held: Any) -> Any:
    """A part, or a tuple of parts, with `TOO_LARGE` for what is too heavy."""
    if type(held) is not tuple:
        return held if weight_of(held) <= MAX_WEIGHT else TOO_LARGE
    return tuple([(part[0], _lightened(part[1])) if type(part) is tuple else _lightened(part) for part in held])
