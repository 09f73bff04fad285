"""Calls that one run never makes both of, by the conditions they stand under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contend.model.functions import Guard
from contend.model.values import Origin, Value


def exclude_each_other(one: Sequence[Guard], other: Sequence[Guard]) -> bool:
    """Whether what stands under these conditions and what stands under those are branches of one decision: the two
    sides of a test, or two cases of one subject (`kind === "a"`, `kind === "b"`; the cases of a `switch`)."""
    held = {guard.span: guard.holds for guard in one}
    if any(held.get(guard.span, guard.holds) is not guard.holds for guard in other):
        return True
    chosen: dict[str, set[str]] = {}
    for subject, case in _cases(one):
        chosen.setdefault(subject, set()).add(case)
    return any(subject in chosen and case not in chosen[subject] for subject, case in _cases(other))


def _cases(guards: Sequence[Guard]) -> Iterator[tuple[str, str]]:
    """The subjects that hold one constant, with it."""
    for guard in guards:
        for condition in _all_of(guard.condition) if guard.holds else ():
            if condition.op == "==" and len(condition.parts) == 2:
                for subject, case in (condition.parts, condition.parts[::-1]):
                    if case.origin is Origin.CONSTANT and subject.origin is not Origin.CONSTANT:
                        yield subject.text, case.text


def _all_of(condition: Value) -> Iterator[Value]:
    if condition.op == "&&":
        for part in condition.parts:
            yield from _all_of(part)
    else:
        yield condition
