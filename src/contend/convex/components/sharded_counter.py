"""`@convex-dev/sharded-counter`: a row per counter and shard, one of which each addition picks at random.

From 0.2.0 on, additions of one mutation to one counter keep to the shard that the first one picked. A whole count reads
every shard, so that a mutation that counts meets every addition.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Argument,
    Call,
    Columns,
    Component,
    Entry,
    FieldOf,
    Found,
    Given,
    Literal,
    Method,
    Operand,
    Option,
    Otherwise,
    Random,
    Read,
    Source,
    TriggerOf,
    Use,
    Write,
)

DEFAULT_SHARDS: Final = 16
_SOURCE: Final = Source("0.2.1", "src/component/public.ts")
_SHARDS: Final = Otherwise(Argument("shards"), Literal(DEFAULT_SHARDS))
_NAME: Final = ("name", "eq", Argument("name"))
_ONE: Final = Read("counter", "counters", "name", (_NAME, ("shard", "eq", Random(_SHARDS))), "unique")
_ALL: Final = Read("counters", "counters", "name", (_NAME,), "range")

_COUNTER: Final[tuple[tuple[str, Operand], ...]] = (
    ("name", Given(1)),
    ("shards", Otherwise(Entry(Option("shards"), Given(1)), Option("defaultShards"))),
)


def _method(name: str, call: str) -> Method:
    return Method("ShardedCounter", name, (Use(call, _COUNTER),))


SHARDED_COUNTER: Final = Component(
    package="@convex-dev/sharded-counter",
    name="shardedCounter",
    checked=("0.1.4", "0.2.1"),
    tables=(Columns("counters", (("name", ("name", "shard")),)),),
    calls=(
        Call(
            "public.add",
            "mutation",
            (
                _ONE,
                Write(
                    "patch",
                    "counters",
                    FieldOf("counter", "_id"),
                    (("value", FieldOf("counter", "value")),),
                    when=(Found("counter"),),
                ),
                Write(
                    "insert",
                    "counters",
                    fields=(("name", Argument("name")), ("shard", Random(_SHARDS)), ("value", Argument("count"))),
                    when=(Found("counter", present=False),),
                ),
            ),
            _SOURCE,
        ),
        Call("public.count", "query", (_ALL,), _SOURCE),
        Call("public.estimateCount", "query", (_ONE,), _SOURCE),
        Call(
            "public.rebalance",
            "mutation",
            (_ALL, Write("patch", "counters", FieldOf("counters", "_id"), (("value", FieldOf("counters", "value")),))),
            _SOURCE,
        ),
        Call(
            "public.reset",
            "mutation",
            (_ALL, Write("delete", "counters", FieldOf("counters", "_id"))),
            _SOURCE,
            since="0.2.0",
        ),
    ),
    classes=("ShardedCounter",),
    methods=(
        _method("add", "public.add"),
        _method("subtract", "public.add"),
        _method("inc", "public.add"),
        _method("dec", "public.add"),
        _method("count", "public.count"),
        _method("estimateCount", "public.estimateCount"),
        _method("rebalance", "public.rebalance"),
        _method("reset", "public.reset"),
    ),
    triggers=(
        TriggerOf(
            "ShardedCounter",
            "trigger",
            insert=(Use("public.add", (("name", Given(0)),)),),
            update=(),
            delete=(Use("public.add", (("name", Given(0)),)),),
        ),
    ),
)
