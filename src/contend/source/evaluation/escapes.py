"""Which functions a value carries out of the function that made it."""

from __future__ import annotations

from contend.source.evaluation import terms as t


def closures_in(value: t.Value) -> set[tuple[str, int]]:
    """Keys of the closures within a value."""
    found: set[tuple[str, int]] = set()
    stack = [value]
    seen: set[int] = set()
    while stack and len(seen) < 2000:
        term = stack.pop()
        if id(term) in seen:
            continue
        seen.add(id(term))
        if isinstance(term, t.Closure):
            found.add(term.key)
        elif isinstance(term, t.Record):
            stack.extend(inner for _, inner in term.fields)
            stack.extend(term.spreads)
            stack.extend(term.computed)
        elif isinstance(term, t.Choice):
            stack.extend(term.items)
        elif isinstance(term, t.Operation):
            stack.extend(term.parts)
        elif isinstance(term, t.Listing):
            stack.append(term.item)
            stack.extend(term.items or ())
        elif isinstance(term, t.Typed):
            stack.append(term.value)
    return found
