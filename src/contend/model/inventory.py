"""What an app holds, counted and judged: the tables of an audit that are not findings. Paths are `module:export`
within `app`; files are relative to the audited path, with `/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contend.model.functions import FunctionKind, Operation

Verdict = Literal["safe", "watch", "fix"]
TimeToLive = Literal["none", "exists but never scheduled", "scheduled", "not needed"]


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A registered function: the tables it reads and writes (sorted) and how many places call it. `unread` is the
    reason where its handler could not be read."""

    app: str
    function: str
    kind: FunctionKind
    internal: bool
    file: str
    line: int
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    callers: int = 0
    unread: str | None = None


@dataclass(frozen=True, slots=True)
class WriteEntry:
    """One write of one function. `table` is None where unknown; `function` where no registered function reaches it;
    `guard` is the condition as written, None where it always happens."""

    app: str
    function: str | None
    table: str | None
    operation: Operation
    file: str
    line: int
    fields: tuple[str, ...] = ()
    guard: str | None = None


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A document that a mutation writes: its table, how it is found in words, and the other functions that write such a
    row (hot ones first, then by rate; none for a row that the mutation inserts). `hot_writers` are those of them that
    are hot, each with the reason. `fresh` for a row that the mutation inserts."""

    table: str
    row: str
    other_writers: tuple[str, ...] = ()
    hot_writers: tuple[tuple[str, str], ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class MultiDocumentEntry:
    """A mutation that writes several documents in one transaction. `reason` names the other writers of each row,
    `rows` lists them all."""

    app: str
    function: str
    file: str
    line: int
    tables: tuple[str, ...]
    verdict: Verdict
    reason: str
    rows: tuple[WrittenRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PageCall:
    """A call that a page makes."""

    function: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class FrontendEntry:
    """What one page, hook or route calls. `pattern` says how the calls relate (`single`, `sequential`, `parallel`,
    `effect`, `timer` …)."""

    app: str
    page: str
    calls: tuple[PageCall, ...]
    pattern: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class SchedulerEntry:
    """A `ctx.scheduler` call. `trigger` says in words what sets `function` off; `delay_ms` is None where not constant;
    `writes_back` are the tables that the target writes (for actions: through the mutations it runs)."""

    app: str
    function: str
    file: str
    line: int
    trigger: str
    target: str
    target_kind: FunctionKind | None
    awaited: bool
    delay_ms: float | None
    writes_back: tuple[str, ...]
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class CronEntry:
    """An entry of `crons.ts`; `period_ms` is None where the schedule has no fixed period."""

    app: str
    name: str
    function: str
    schedule: str
    period_ms: float | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table: who writes it and how hot it is (in words), who deletes from it, and whether its rows ever go;
    `cleaners` are the functions that delete its old rows."""

    app: str
    name: str
    writers: tuple[str, ...]
    heat: str
    deletes: tuple[str, ...]
    ttl: TimeToLive
    proposed_period: str | None
    verdict: Verdict
    reason: str
    cleaners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnresolvedEntry:
    """An access whose table is unknown, with the reason."""

    app: str
    function: str | None
    operation: Operation
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it, each list sorted by app, then file and line (tables by name)."""

    functions: tuple[FunctionEntry, ...] = ()
    writes: tuple[WriteEntry, ...] = ()
    multi_document: tuple[MultiDocumentEntry, ...] = ()
    frontend: tuple[FrontendEntry, ...] = ()
    scheduler: tuple[SchedulerEntry, ...] = ()
    crons: tuple[CronEntry, ...] = ()
    tables: tuple[TableEntry, ...] = ()
    unresolved: tuple[UnresolvedEntry, ...] = ()
