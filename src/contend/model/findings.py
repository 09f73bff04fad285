"""Pairs, impact and findings: what an audit concludes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from contend.model.callers import Caller
from contend.model.functions import Access
from contend.model.places import Span

Confidence = Literal["high", "medium", "low"]
PairKind = Literal["conflict", "invalidation"]
EvidenceKind = Literal["static", "predicted", "observed"]
ImpactComponent = Literal["retries", "failures", "calls", "writes", "query_reruns", "invariant"]
Standing = Literal["known", "new", "worse"]
"""How a finding stands to an earlier state: it was there and no milder, it was not there, or it was milder."""


class Sharing(StrEnum):
    """How many callers meet on one interval."""

    EVERYONE = "everyone"
    TENANT = "tenant"  # a tenant, room, parent document
    USER = "user"
    SESSION = "session"
    NOBODY = "nobody"  # a fresh row each time
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical up to 4 for info: sorts worst first."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Pair:
    """A victim that reads an interval and a writer that can commit into it while the victim runs.

    `victim` and `writer` are function ids; `read` and `write` the two accesses. `interval` is in words
    (`by_session, sessionId = args.sessionId`). `kind` is `invalidation` where the victim is a query. `same_socket` is
    True where both sides can only come from one WebSocket connection, which never races with itself.
    """

    victim: str
    writer: str
    kind: PairKind
    table: str
    index: str
    interval: str
    sharing: Sharing
    read: Access
    write: Access
    same_socket: bool = False


@dataclass(frozen=True, slots=True)
class Impact:
    """Cost per day; each number is of one kind of evidence. `assumptions` are the sentences it rests on.
    `invariant_per_day` counts calls that rely on a check which does not protect what it is there for: no conflicts, but
    calls that may both do what only one should."""

    retries_per_day: float = 0.0
    failures_per_day: float = 0.0
    calls_per_day: float = 0.0
    writes_per_day: float = 0.0
    query_reruns_per_day: float = 0.0
    invariant_per_day: float = 0.0
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fix:
    """A way to remove pairs. `removes` says which, `residual` what stays."""

    title: str
    kind: Literal["mechanical", "guided", "manual"]
    removes: str
    residual: str
    diff: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What telemetry saw, per day, between `since` and `until` (ISO dates)."""

    retries_per_day: float
    failures_per_day: float
    calls_per_day: float | None
    conflicts_by_source: tuple[tuple[str, float], ...]
    since: str
    until: str
    gap_estimate: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's conclusion: one cause, its pairs (worst first), callers, impact and fixes.

    `function` is the id of the function the cause stands in, None for a helper (`helper` then names it);
    `functions` are all that are affected. `static` are the sentences of static evidence, in the order they are told.
    `suppressed` is the reason of the comment that silences it; `baseline` how it stands to the baseline or revision
    that the audit is compared with, None where there is none.
    """

    id: str
    rule: str
    app: str
    severity: Severity
    severity_by: ImpactComponent
    confidence: Confidence
    function: str | None
    functions: tuple[str, ...]
    cause: Span
    message: str
    pairs: tuple[Pair, ...]
    callers: tuple[Caller, ...]
    static: tuple[str, ...]
    predicted: Impact | None
    fixes: tuple[Fix, ...]
    helper: str | None = None
    table: str | None = None
    observed: Observed | None = None
    suppressed: str | None = None
    baseline: Standing | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth saying that is not a conflict."""

    id: str
    note: str
    app: str
    span: Span
    function: str | None
    message: str
