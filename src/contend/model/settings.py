"""What a user may set: thresholds, rules, traffic. Typed, frozen, checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from contend.model.errors import InputError
from contend.model.findings import Severity

FailOn = Severity | Literal["never"]

KEYS: tuple[str, ...] = ("fail_on", "select", "ignore", "traffic")
"""The keys at the top of `contend.toml`."""


class SettingsError(InputError):
    """A configuration that cannot be used; the message names the file and the key."""


class UnknownRule(InputError):
    """A rule name that no rule has; the message suggests the nearest."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one audit.

    `fail_on` is the lowest severity that fails a run; `select` the only rules to run (empty: all that are on) and
    `ignore` those to leave out; `traffic` overrides single assumptions on use, whose names the table of heat knows and
    checks. `file` names the file they came from, relative to the audited path where it lies below it.
    """

    fail_on: FailOn = Severity.HIGH
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    traffic: Mapping[str, float] = field(default_factory=dict)
    file: str | None = None


def parse_fail_on(text: str) -> FailOn:
    """The level that `text` names, or `never`, in any case; raises `InputError` for anything else."""
    level = text.strip().lower()
    if level == "never":
        return "never"
    try:
        return Severity(level)
    except ValueError:
        levels = ", ".join(severity.value for severity in Severity)
        raise InputError(f"'{text}' is no level: use {levels} or never") from None


def check_rules(names: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raise `UnknownRule` for the first of `names` that is not `known`; `where` says who named it."""
    rules = sorted(known)
    for name in names:
        if name not in rules:
            raise UnknownRule(f"{where}: there is no rule '{name}'{suggestion(name, rules)}")


def suggestion(name: str, known: Iterable[str]) -> str:
    """A closing half-sentence that names the nearest of `known`, or how to list them."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else "; `contend rules` lists them"


def settings_from(data: Mapping[str, object], file: str) -> Settings:
    """Settings from decoded TOML or JSON; `file` is for messages. Raises `SettingsError` on the first problem."""
    for key in data:
        if key not in KEYS:
            close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.5)
            hint = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(KEYS)}"
            raise SettingsError(f"{file}: unknown key '{key}'; {hint}")
    return Settings(
        fail_on=_fail_on(data.get("fail_on", Severity.HIGH.value), file),
        select=_texts(data, "select", file),
        ignore=_texts(data, "ignore", file),
        traffic=_traffic(data.get("traffic", {}), file),
        file=file,
    )


def _fail_on(value: object, file: str) -> FailOn:
    if not isinstance(value, str):
        raise SettingsError(f"{file}: 'fail_on' must be text, not {_kind(value)}")
    try:
        return parse_fail_on(value)
    except InputError as error:
        raise SettingsError(f"{file}: 'fail_on': {error}") from None


def _texts(data: Mapping[str, object], key: str, file: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{file}: '{key}' must be a list of texts")
    return tuple(value)


def _traffic(value: object, file: str) -> Mapping[str, float]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"{file}: 'traffic' must be a table, not {_kind(value)}")
    traffic: dict[str, float] = {}
    for key, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < float("inf"):
            raise SettingsError(f"{file}: 'traffic.{key}' must be a number, zero or more")
        traffic[key] = float(number)
    return MappingProxyType(traffic)


def _kind(value: object) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)
