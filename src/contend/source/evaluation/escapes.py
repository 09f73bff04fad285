"""What a value carries within it: functions, results of live queries."""

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


def lives_in(term: t.Value) -> list[t.Live]:
    """The live query results within a value."""
    found: list[t.Live] = []
    stack = [term]
    seen = 0
    while stack and seen < 400:
        seen += 1
        one = stack.pop()
        if isinstance(one, t.Live):
            found.append(one)
        elif isinstance(one, t.Typed):
            stack.append(one.value)
        elif isinstance(one, t.Field | t.Method):
            stack.append(one.object)
        elif isinstance(one, t.Choice):
            stack.extend(reversed(one.items))
        elif isinstance(one, t.Operation):
            stack.extend(reversed(one.parts))
        elif isinstance(one, t.Record):
            stack.extend(value for _, value in reversed(one.fields))
            stack.extend(one.spreads)
        elif isinstance(one, t.Listing):
            stack.append(one.item)
    return found
