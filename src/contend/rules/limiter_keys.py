"""Which callers a rate limiter tells apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from contend.model.callers import Caller
from contend.model.functions import Access, Function, Key
from contend.model.values import Origin, Value
from contend.rules.graph import AuditGraph
from contend.rules.rows import in_component, live_callers, lookup, only_crons

_CHOICES = frozenset({"any", "??", "||", "?:"})
_SHARD = "call:Random"
LIMIT_NAMES = frozenset(
    {"name", "endpoint", "action", "route", "kind", "type", "limit", "operation", "scope", "bucket"}
)
_How = Literal["no key", "constant", "fallback"]
_TELLS_APART = re.compile(  # a constant of that name stands in for what an app will fill in
    r"\bkey\s*:\s*(?![\"'`])[\w.]*(user|session|identity|subject|client|tenant|member|account|address)", re.IGNORECASE
)
LIMITER = re.compile(r"rate_?limit|throttl", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CoarseKey:
    """A limiter's write whose row stands for everybody: how that comes, the calls through which it does (none where the
    write itself names the key), and the key they share, in words."""

    function: Function
    access: Access
    found: Access
    how: _How
    calls: tuple[Caller, ...]
    key: str


def coarse_keys(graph: AuditGraph, function: Function, access: Access) -> Iterator[CoarseKey]:
    """How the row of a limiter stands for everybody, if it does."""
    callers, origins = graph.callers(function.id), graph.origins(function.id)
    if not callers or not live_callers(origins) or only_crons(origins):
        return
    found = lookup(function, access)
    if found is None:
        return
    keys = [key for key in found.keys if key.operator == "eq" and key.field != "_id"]
    if not keys or any(key.value.mentions(Origin.FRESH) or key.value.op == _SHARD for key in keys):
        return  # spread over shards
    mount = (access.table or "").rsplit("/", 1)[0]
    own = in_component(access) and function.path.startswith(f"{mount}/")
    told = {name for caller in callers for name, value in caller.arguments if own and not _same_for_all(value)}
    open_keys = [key for key in keys if not _same_for_all(key.value) or key.field in told]
    if not open_keys:
        how = _how(keys, {})
        if how != "constant" or not _TELLS_APART.search(access.snippet):
            yield CoarseKey(function, access, found, how, (), _shared(keys, {}))
        return
    if not own and not all(key.value.origin is Origin.ARGUMENT for key in open_keys):
        return
    calls = [caller for caller in callers if caller.client != "transaction" and live_callers([caller])]
    without: dict[_How, list[Caller]] = {}
    for caller in calls:
        passed = dict(caller.arguments)
        names = {_argument(key, own) for key in open_keys}
        if not passed or "*" in passed or any(not _may_lack(function, name) for name in names - set(passed)):
            continue  # not known what it passes
        values = [passed.get(_argument(key, own)) for key in open_keys]
        if all(value is None or _same_for_all(value) for value in values):
            without.setdefault(_how(keys, passed, own), []).append(caller)
        elif any(value is not None and _fallback(value) for value in values):
            without.setdefault("fallback", []).append(caller)
    for how, found_calls in without.items():
        passed = dict(found_calls[0].arguments)
        yield CoarseKey(function, access, found, how, tuple(found_calls), _shared(open_keys, passed, own))


def _may_lack(function: Function, argument: str) -> bool:
    """Whether a function can be called without this argument."""
    declared = function.args.fields.get(argument) if function.args is not None else None
    return declared is None or declared.optional


def _same_for_all(value: Value) -> bool:
    """Whether a key is the same for all callers: a literal, a setting, the time, or made of these alone."""
    if value.origin in (Origin.CONSTANT, Origin.TIME):
        return True
    return value.origin is Origin.COMPUTED and bool(value.parts) and all(_same_for_all(part) for part in value.parts)


def _fallback(value: Value) -> str | None:
    """The literal that a key falls back to where nothing tells the client, if it does."""
    if value.op not in _CHOICES:
        return None
    return next(
        (
            str(part.constant)
            for part in value.walk()
            if part.origin is Origin.CONSTANT
            and isinstance(part.constant, str)
            and len(part.constant) > 2
            and any(inner.text == part.text for inner in _options(value))
        ),
        None,
    )


def _options(value: Value) -> Iterator[Value]:
    """The values that a choice may come to."""
    if value.op in _CHOICES:
        for part in value.parts[1:] if value.op == "?:" and len(value.parts) == 3 else value.parts:
            yield from _options(part)
    else:
        yield value


def _argument(key: Key, own: bool) -> str:
    """The argument that a limiter's key comes from. A component's `own` function, which an action starts, takes it by
    the name that the row has for it: how its calling code names the value, the key's text, says nothing here."""
    return key.field if own else (key.value.field or key.value.text).split(".")[-1]


def _how(keys: Sequence[Key], passed: Mapping[str, Value], own: bool = False) -> _How:
    """Without any key (other than the limit's name), or with a literal one."""
    for key in keys:
        value = passed.get(_argument(key, own)) if key.value.origin is Origin.ARGUMENT else key.value
        named = key.field in LIMIT_NAMES or key.field == "shard"
        if not named and value is not None and value.text not in ("undefined", "null", '""'):
            return "constant"
    return "no key"


def _shared(keys: Sequence[Key], passed: Mapping[str, Value], own: bool = False) -> str:
    """The key that calls share, in words."""
    for key in keys:
        value = passed.get(_argument(key, own)) if key.value.origin is Origin.ARGUMENT else key.value
        if value is None or key.field in LIMIT_NAMES or key.field == "shard":
            continue
        fallback = _fallback(value)
        if fallback is not None:
            return f'`"{fallback}"`'
        if value.text not in ("undefined", "null"):
            return f"`{value.text}`"
    return ""
