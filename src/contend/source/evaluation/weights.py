"""How large a symbolic value may become.

In memory values share their parts (`a = [a, a]`), but what walks, compares or hashes one meets a shared part once for
each way that leads to it. So each composed value knows how many terms it consists of, and a part that is too heavy
gives way to `TOO_LARGE`. No value that tells anything about a database access comes near the bound.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import force_setattr

MAX_WEIGHT = 2000


class Term(msgspec.Struct, frozen=True, gc=False):
    """Base of all symbolic values."""

    def weigh(self) -> int:
        """How many terms this one consists of."""
        return 1


class Opaque(Term, frozen=True):
    """A value nothing is known of; `reason` says why (an unknown call, a parse problem)."""

    reason: str


TOO_LARGE = Opaque("too large to follow")


class Composed(Term, frozen=True, kw_only=True):
    """Base of values that hold several others."""

    weight: int = 1

    def weigh(self) -> int:
        return self.weight

    def weigh_parts(self, *names: str) -> None:
        """Set the weight from the parts in these fields, each a term or a tuple of terms. None stays too heavy."""
        total = 1
        for name in names:
            part = getattr(self, name)
            if type(part) is not tuple:
                total += weight_of(part)
                if total > MAX_WEIGHT:
                    force_setattr(self, name, lightened(part))
            elif part:
                weights = [weight_of(each) for each in part]
                total += sum(weights)
                if max(weights) > MAX_WEIGHT:
                    force_setattr(self, name, tuple([lightened(each) for each in part]))
        force_setattr(self, "weight", total)


def weight_of(term: Any) -> int:
    """How many terms `term` consists of."""
    return term.weigh() if isinstance(term, Term) else 1


def lightened(term: Any) -> Any:
    """`term`, unless it is too heavy to be a part of another."""
    return term if weight_of(term) <= MAX_WEIGHT else TOO_LARGE
