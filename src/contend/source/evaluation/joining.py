"""Objects that grow field by field under many conditions, kept at a size that can be followed."""

from __future__ import annotations

from contend.source.evaluation import terms as t
from contend.source.evaluation.weights import MAX_WEIGHT

MAX_FIELDS = 500
MAX_COMPUTED = 8


def one_of(value: t.Value) -> t.Value:
    """`value`; where it is one of several objects that are large together, one object whose fields each have any of
    their values. Each `if (x) update.x = x` would otherwise add an object with all fields so far."""
    if not isinstance(value, t.Choice) or value.weight <= MAX_WEIGHT:
        return value
    fields: dict[str, t.Value] = {}
    spreads: list[t.Value] = []
    computed: list[t.Value] = []
    for option in value.items:
        if not isinstance(option, t.Record):
            return value
        for name, inner in option.fields:
            known = fields.get(name)
            fields[name] = inner if known is None or known is inner else t.choice([known, inner])
        spreads += [spread for spread in option.spreads if spread not in spreads]
        computed += [inner for inner in option.computed if inner not in computed]
    return t.Record(tuple(fields.items()), tuple(spreads), tuple(computed[:MAX_COMPUTED]))


def with_field(record: t.Record, name: str | None, value: t.Value) -> t.Record:
    """`record` after `record[name] = value`. A name that is not known (None), or one too many, is kept as any name."""
    fields = dict(record.fields)
    if name is None or (len(fields) >= MAX_FIELDS and name not in fields):
        computed = (*record.computed, value) if len(record.computed) < MAX_COMPUTED else record.computed
        return t.Record(record.fields, record.spreads, computed)
    fields[name] = value
    return t.Record(tuple(fields.items()), record.spreads, record.computed)
