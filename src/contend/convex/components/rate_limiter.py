"""`@convex-dev/rate-limiter`: one row per limit, key and shard, written by each call that passes.

With three shards or more a call reads two of them at random and writes the fuller one (both where only together they
have enough); with fewer it reads one. A call that is over the limit writes nothing.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    UNDEFINED,
    Argument,
    AtLeast,
    Call,
    Cap,
    Columns,
    Component,
    Entry,
    FieldOf,
    Fields,
    Found,
    Given,
    Is,
    Literal,
    Method,
    Now,
    Operand,
    Option,
    Otherwise,
    Random,
    Read,
    Source,
    Start,
    Use,
    Write,
)

_LIB: Final = Source("0.4.0", "src/component/lib.ts")
_SHARDS: Final = Otherwise(Argument("config.shards"), Literal(1))
_NAMED: Final = (("name", "eq", Argument("name")), ("key", "eq", Argument("key")))
_SHARD: Final = Read("limit", "rateLimits", "name", (*_NAMED, ("shard", "eq", Random(_SHARDS))), "unique")
_SECOND: Final = Read(
    "other",
    "rateLimits",
    "name",
    (*_NAMED, ("shard", "eq", Random(_SHARDS))),
    "unique",
    when=(AtLeast(_SHARDS, 3),),
)
_CAP: Final = Cap(
    Argument("config.rate"), Argument("config.period"), Otherwise(Argument("config.capacity"), Argument("config.rate"))
)
_STATE: Final[tuple[tuple[str, Operand], ...]] = (("value", FieldOf("limit", "value")), ("ts", Now()))
_NEW: Final[tuple[tuple[str, Operand], ...]] = (
    ("name", Argument("name")),
    ("key", Argument("key")),
    ("shard", Random(_SHARDS)),
    *_STATE,
)

_CONFIG: Final = Otherwise(Given(2, "config"), Entry(Option(), Given(1)))
_LIMIT_ARGS: Final[tuple[tuple[str, Operand], ...]] = (
    ("name", Given(1)),
    ("key", Given(2, "key")),
    ("config", _CONFIG),
)
_LATER: Final = Is(Entry(_CONFIG, Literal("applyUpdates")), "asynchronously")
_AT_ONCE: Final = Is(Entry(_CONFIG, Literal("applyUpdates")), "asynchronously", holds=False)

RATE_LIMITER: Final = Component(
    package="@convex-dev/rate-limiter",
    name="rateLimiter",
    checked=("0.2.4", "0.2.14", "0.3.2", "0.4.0"),
    tables=(
        Columns("rateLimits", (("name", ("name", "key", "shard")),)),
        Columns("pendingUpdates", (("updatedAt", ("updatedAt",)),), since="0.4.0"),
    ),
    calls=(
        Call(
            "lib.rateLimit",
            "mutation",
            (
                _SHARD,
                _SECOND,
                Write("patch", "rateLimits", FieldOf("limit", "_id"), _STATE, when=(Found("limit"),), cap=_CAP),
                Write("insert", "rateLimits", fields=_NEW, when=(Found("limit", present=False),), cap=_CAP),
            ),
            _LIB,
        ),
        Call("lib.checkRateLimit", "query", (_SHARD, _SECOND), _LIB),
        Call("lib.getValue", "query", (_SHARD,), _LIB, since="0.2.5"),
        Call(
            "lib.resetRateLimit",
            "mutation",
            (
                Read("limits", "rateLimits", "name", _NAMED, "range"),
                Write("delete", "rateLimits", FieldOf("limits", "_id")),
            ),
            _LIB,
        ),
        Call(
            "lib.clearAll",
            "mutation",
            (
                Read(
                    "limits",
                    "rateLimits",
                    "by_creation_time",
                    (("_creationTime", "lte", Argument("before")),),
                    "take",
                    descending=True,
                ),
                Write("delete", "rateLimits", FieldOf("limits", "_id")),
            ),
            _LIB,
        ),
        Call("lib.getServerTime", "mutation", (), Source("0.4.0", "src/component/time.ts"), since="0.2.5"),
        Call(
            "lib.enqueueUpdates",
            "mutation",
            (
                Write("insert", "pendingUpdates", fields=(("updatedAt", Now()),)),
                Start("worker.processBatch"),
            ),
            _LIB,
            since="0.4.0",
        ),
        Call(
            "worker.processBatch",
            "mutation",
            (
                Read("pending", "pendingUpdates", "updatedAt", (), "take"),
                Read(
                    "limit",
                    "rateLimits",
                    "name",
                    (
                        ("name", "eq", FieldOf("pending", "update.name")),
                        ("key", "eq", FieldOf("pending", "update.key")),
                        ("shard", "eq", Literal(0)),
                    ),
                    "unique",
                ),
                Write("patch", "rateLimits", FieldOf("limit", "_id"), _STATE),
                Write("delete", "pendingUpdates", FieldOf("pending", "_id")),
            ),
            Source("0.4.0", "src/component/worker.ts"),
            since="0.4.0",
        ),
    ),
    classes=("RateLimiter",),
    methods=(
        Method(
            "RateLimiter",
            "limit",
            (
                Use("lib.rateLimit", _LIMIT_ARGS, when=(_AT_ONCE,)),
                Use("lib.checkRateLimit", _LIMIT_ARGS, when=(_LATER,), stale=True),
                Use("lib.enqueueUpdates", (("updates", Fields(_LIMIT_ARGS)),), when=(_LATER,)),
            ),
        ),
        Method(
            "RateLimiter",
            "check",
            (
                Use("lib.checkRateLimit", _LIMIT_ARGS, when=(_AT_ONCE,)),
                Use("lib.checkRateLimit", _LIMIT_ARGS, when=(_LATER,), stale=True),
            ),
        ),
        Method("RateLimiter", "getValue", (Use("lib.getValue", _LIMIT_ARGS),)),
        Method(
            "RateLimiter",
            "reset",
            (
                Use("lib.resetRateLimit", (("name", Given(1)), ("key", Given(2, "key"))), when=(_AT_ONCE,)),
                Use("lib.enqueueUpdates", (("updates", UNDEFINED),), when=(_LATER,)),
            ),
        ),
    ),
)
