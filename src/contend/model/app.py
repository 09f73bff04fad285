"""An app, read and linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contend.model.callers import Caller, Cron, Subscription
from contend.model.functions import Access, Function
from contend.model.places import Span
from contend.model.schema import Table


@dataclass(frozen=True, slots=True)
class ReadError:
    """A file, or a part of one, that could not be read or parsed. Never fatal."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """A `contend-ignore` comment: it silences `rules` on `target_line`; `reason` is empty where none was given."""

    file: str
    line: int
    target_line: int
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class App:
    """One Convex app: a function directory and everything that calls it. Paths are relative to the audited path, with
    `/`; `root` is the directory of `convex.json` or `package.json` above `functions_dir` ("" for the audited path
    itself). `component` is the component's name where the directory is one."""

    root: str
    functions_dir: str
    component: str | None
    tables: Mapping[str, Table]
    functions: tuple[Function, ...]
    callers: tuple[Caller, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    crons: tuple[Cron, ...] = ()
    schema_file: str | None = None

    def function(self, id: str) -> Function | None:
        """The function with this id."""
        return next((function for function in self.functions if function.id == id), None)


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A call of a builder that did not become a function of the inventory, with the reason."""

    span: Span
    builder: str
    reason: str


@dataclass(frozen=True, slots=True)
class Repository:
    """Everything an audit reads: its apps, and what could not be read. `sources` maps each file that a finding can
    point into to its text, for code frames; `files_seen` counts source files, `files_parsed` those that were parsed."""

    path: str
    apps: tuple[App, ...]
    errors: tuple[ReadError, ...]
    suppressions: tuple[Suppression, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    unregistered: tuple[Unregistered, ...] = ()
    orphans: tuple[Access, ...] = ()  # accesses in code that no registered function reaches
    files_seen: int = 0
    files_parsed: int = 0
