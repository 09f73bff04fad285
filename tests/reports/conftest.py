"""Audits built by hand: what reports have to show, without an analysis behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contend.model.app import App, ReadError, Repository, Suppression
from contend.model.audit import Assumption, Audit, Suppressions
from contend.model.callers import Caller, Consequence, Dependency, Subscription, Trigger
from contend.model.findings import Finding, Fix, Impact, Note, Observed, Pair, Severity, Sharing
from contend.model.functions import Access, Exit, Extent, FieldWrite, Function, Guard, Key, Projection
from contend.model.inventory import (
    CronEntry,
    FrontendEntry,
    FunctionEntry,
    Inventory,
    MultiDocumentEntry,
    PageCall,
    SchedulerEntry,
    TableEntry,
    UnresolvedEntry,
    WriteEntry,
)
from contend.model.pairs import PairTable
from contend.model.places import Frame, Span
from contend.model.schema import Index, Table
from contend.model.values import Origin, Value

SESSIONS_SOURCE = """\
import { mutation } from './_generated/server';

export const touchSession = mutation({
\targs: { sessionId: v.string(), seenAt: v.number() },
\thandler: async (ctx, { sessionId, seenAt }) => {
\t\tconst session = await findSession(ctx, sessionId);
\t\tif (!session) return null;

\t\tawait ctx.db.patch(session._id, {
\t\t\tlastSeenAt: seenAt,
\t\t});
\t\treturn null;
\t}
});
"""

LOOKUP = "const session = await ctx.db.query('sessions').filter((q) => q.eq(q.field('sessionId'), sessionId)).first();"

HELPER_SOURCE = f"""\
export async function currentSession(ctx: QueryCtx, sessionId: string) {{
  {LOOKUP} // fällt oft auf: 部屋 und Zürich
  return session;
}}
"""

PAGE_SOURCE = """\
useEffect(() => {
  if (user) void saveStep({ step: 'profile', at: Date.now() });
}, [user, saveStep]);
"""


def touch() -> Function:
    """The mutation of the first story."""
    path = "sessions:touchSession"
    session_id = Value(Origin.ARGUMENT, "args.sessionId")
    missing = Value(Origin.COMPUTED, "!session", op="!", parts=(Value(Origin.FIELD, "session", table="sessions"),))
    read = Access(
        "query",
        ("sessions",),
        Span("convex/sessions.ts", 6, 25, 6, 52),
        0,
        index="by_session",
        keys=(Key("sessionId", "eq", session_id),),
        extent=Extent("first"),
        row="session",
        path=(Frame("convex/sessions.ts", 6, "findSession"),),
        snippet="ctx.db.query('sessions')",
    )
    write = Access(
        "patch",
        ("sessions",),
        Span("convex/sessions.ts", 9, 9, 11, 5),
        1,
        index="by_id",
        fields=(FieldWrite("lastSeenAt", Value(Origin.ARGUMENT, "args.seenAt")),),
        guards=(Guard(missing, False, Span("convex/sessions.ts", 7, 7, 7, 15), early_exit=True),),
        row="session",
        snippet="ctx.db.patch(session._id, {...})",
    )
    return Function(
        app="",
        path=path,
        kind="mutation",
        internal=False,
        span=Span("convex/sessions.ts", 3, 1, 14, 3),
        builder="mutation",
        accesses=(read, write),
        exits=(
            Exit("return", Span("convex/sessions.ts", 7, 17, 7, 29), (0,)),
            Exit("return", Span("convex/sessions.ts", 12, 3, 12, 15), (0, 1)),
        ),
    )


def who_is() -> Function:
    """A query on the same table."""
    read = replace(touch().accesses[0], index="by_creation_time", keys=(), extent=Extent("first", filtered=True))
    return Function(
        app="",
        path="users:me",
        kind="query",
        internal=False,
        span=Span("convex/users.ts", 3, 1, 9, 3),
        builder="query",
        accesses=(read,),
        projections=(Projection("sessions", frozenset({"userId", "expiresAt"})),),
    )


def touch_pair() -> Pair:
    function = touch()
    return Pair(
        "sessions:touchSession",
        "sessions:touchSession",
        "conflict",
        "sessions",
        "by_session",
        "by_session, sessionId = args.sessionId",
        Sharing.SESSION,
        function.accesses[0],
        function.accesses[1],
    )


def touch_caller() -> Caller:
    return Caller(
        function="sessions:touchSession",
        span=Span("src/lib/server/auth/session-store.ts", 49, 8, 54, 4),
        trigger=Trigger("server-request", entry="src/hooks.server.ts"),
        client="http",
        chain=(
            Frame("src/hooks.server.ts", 8, "resolveRequestSession"),
            Frame("src/lib/server/auth/session.ts", 25, "touchSession"),
            Frame("src/lib/server/auth/session-store.ts", 49, "sessions:touchSession"),
        ),
        consequence=Consequence(True, False, "awaited, not caught: a lost call is an HTTP 500"),
    )


def touch_finding() -> Finding:
    return Finding(
        id="a3f1c2d4e5",
        rule="touch-on-every-request",
        app="",
        severity=Severity.HIGH,
        severity_by="failures",
        confidence="high",
        function="sessions:touchSession",
        functions=("sessions:touchSession",),
        cause=Span("convex/sessions.ts", 9, 9, 11, 5),
        message="Every server request stamps `lastSeenAt` on the session's row, without a condition.",
        pairs=(touch_pair(),),
        callers=(touch_caller(), touch_caller()),
        static=("The patch sets only a time.", "Every server request calls it."),
        predicted=Impact(
            retries_per_day=120.04,
            failures_per_day=0.3,
            writes_per_day=1200.0,
            assumptions=("20 users × 15 page loads × 4 requests in 150 ms",),
        ),
        fixes=(
            Fix(
                "Touch once per page load: skip data requests, hover preload and analytics posts",
                "guided",
                "the burst: three of four calls",
                "two tabs that load at once",
            ),
            Fix(
                "Return early when the stamp is younger than 30 s and nothing else changed",
                "mechanical",
                "writes between page loads",
                "a stale burst: all of it sees the same old stamp",
                diff="--- a/convex/sessions.ts\n+++ b/convex/sessions.ts\n",
            ),
        ),
        table="sessions",
    )


def helper_finding() -> Finding:
    """Its cause is a helper, on a long line with wide characters behind it."""
    read = who_is().accesses[0]
    start = 3 + LOOKUP.index("ctx.db")
    pairs = tuple(
        Pair(
            victim,
            "sessions:touchSession",
            "invalidation" if victim == "users:me" else "conflict",
            "sessions",
            "by_creation_time",
            "by_creation_time, up to the first match",
            Sharing.EVERYONE,
            read,
            touch().accesses[1],
        )
        for victim in ("users:me", "notes:create", "notes:rename")
    )
    return Finding(
        id="b90c11ee42",
        rule="wide-read-before-write",
        app="",
        severity=Severity.MEDIUM,
        severity_by="query_reruns",
        confidence="medium",
        function=None,
        functions=("notes:create", "notes:rename", "users:me"),
        cause=Span("convex/auth.ts", 2, start, 2, 2 + len(LOOKUP)),
        message="Looks a session up by `.filter()`: it reads the table from its start to the match, "
        "so every touch of an older session enters what it read.",
        pairs=pairs,
        callers=(),
        static=("`.filter()` narrows nothing.",),
        predicted=Impact(query_reruns_per_day=18234.7, retries_per_day=0.6123, assumptions=("30 open live queries",)),
        fixes=(Fix("Read through by_session", "mechanical", "pairs of different sessions", "pairs of one session"),),
        helper="currentSession",
        table="sessions",
    )


def loop_finding() -> Finding:
    """Observed as well as predicted."""
    caller = Caller(
        function="onboarding:saveStep",
        span=Span("app/onboarding/page.tsx", 2, 18, 2, 64),
        trigger=Trigger("effect", dependencies=(Dependency("user", "users:me"), Dependency("saveStep"))),
        client="websocket",
        chain=(Frame("app/onboarding/page.tsx", 1, "useEffect"), Frame("app/onboarding/page.tsx", 2, "saveStep")),
        consequence=Consequence(False, False, "not awaited: nobody hears of it, the socket reconnects and sends again"),
    )
    return Finding(
        id="c0ffee0001",
        rule="reactive-feedback-loop",
        app="",
        severity=Severity.CRITICAL,
        severity_by="calls",
        confidence="high",
        function="onboarding:saveStep",
        functions=("onboarding:saveStep",),
        cause=Span("app/onboarding/page.tsx", 2, 18, 2, 61),
        message="The effect depends on `user` and calls a mutation that changes what `users:me` returns, "
        "so each write starts the next call.",
        pairs=(),
        callers=(caller,),
        static=("`users:me` returns `onboarding.profileAt`.",),
        predicted=Impact(calls_per_day=24000.0, assumptions=("1 tab open for an hour",)),
        fixes=(Fix("Call it only while the step is not set", "guided", "the loop", ""),),
        observed=Observed(5600.0, 1200.0, None, (("onboarding:saveStep", 5400.0),), "2026-01-01", "2026-01-08", 0.02),
    )


def inventory() -> Inventory:
    return Inventory(
        functions=(
            FunctionEntry(
                "", "sessions:touchSession", "mutation", False, "convex/sessions.ts", 3, ("sessions",), ("sessions",), 2
            ),
            FunctionEntry("", "users:me", "query", False, "convex/users.ts", 3, ("sessions",), (), 1),
        ),
        writes=(
            WriteEntry(
                "", "sessions:touchSession", "sessions", "patch", "convex/sessions.ts", 9, ("lastSeenAt",), "session"
            ),
        ),
        multi_document=(
            MultiDocumentEntry(
                "",
                "plans:cancel",
                "convex/plans.ts",
                12,
                ("plans", "users"),
                "watch",
                "users is also written by onboarding:saveStep",
            ),
        ),
        frontend=(
            FrontendEntry(
                "",
                "app/onboarding/page.tsx",
                (PageCall("onboarding:saveStep", "app/onboarding/page.tsx", 2),),
                "effect",
                "fix",
                "the effect wakes itself",
            ),
        ),
        scheduler=(
            SchedulerEntry(
                "",
                "notes:create",
                "convex/notes.ts",
                20,
                "a user event",
                "notes:index",
                "mutation",
                True,
                0.0,
                ("notes",),
                "watch",
                "writes the row that notes:rename writes",
            ),
        ),
        crons=(CronEntry("", "expire", "sessions:expire", "interval 1 h", 3600000.0, "convex/crons.ts", 5),),
        tables=(
            TableEntry(
                "",
                "visits",
                ("visits:record",),
                "every server request",
                (),
                "none",
                "30 days",
                "watch",
                "grows for ever",
            ),
        ),
        unresolved=(
            UnresolvedEntry("", "admin:wipe", "delete", "convex/admin.ts", 8, "the id is an untyped argument"),
        ),
    )


@pytest.fixture
def repository() -> Repository:
    sessions = Table("sessions", {}, (Index("by_session", ("sessionId",)),))
    app = App(
        root="",
        functions_dir="convex",
        component=None,
        tables={"sessions": sessions},
        functions=(touch(), who_is()),
        callers=(touch_caller(), touch_caller()),
        subscriptions=(Subscription("users:me", Span("app/layout.tsx", 12, 16, 12, 40), "useQuery", "Layout"),),
    )
    return Repository(
        path=".",
        apps=(app,),
        errors=(ReadError("convex/broken.ts", "not UTF-8 from byte 212 on"),),
        suppressions=(),
        sources={
            "convex/sessions.ts": SESSIONS_SOURCE,
            "convex/auth.ts": HELPER_SOURCE,
            "app/onboarding/page.tsx": PAGE_SOURCE,
        },
        files_seen=320,
        files_parsed=312,
    )


@pytest.fixture
def audit(repository: Repository) -> Audit:
    """Three findings of three kinds, one silenced, notes, errors and comments that do nothing."""
    quiet = replace(
        touch_finding(),
        id="d1",
        severity=Severity.LOW,
        rule="shared-counter",
        cause=Span("convex/stats.ts", 14, 5, 14, 30),
        suppressed="one writer, once a day",
    )
    return Audit(
        repository=repository,
        findings=(loop_finding(), touch_finding(), helper_finding(), quiet),
        notes=(
            Note(
                "n1",
                "cleanup-never-scheduled",
                "",
                Span("convex/admin.ts", 30, 1, 40, 3),
                "admin:prune",
                "`admin:prune` deletes old visits, and nothing schedules it.",
            ),
        ),
        inventory=inventory(),
        pairs=PairTable((touch_pair(), *helper_finding().pairs)),
        assumptions=(Assumption("users", 20.0, "20 active users a day"),),
        suppressions=Suppressions(
            used=(Suppression("convex/stats.ts", 13, 14, ("shared-counter",), "one writer, once a day"),),
            without_reason=(Suppression("convex/rooms.ts", 3, 4, ("unbatched-sequence",), ""),),
            unused=(Suppression("convex/plans.ts", 8, 9, ("touch-on-every-request",), "rare"),),
        ),
        rules=("reactive-feedback-loop", "shared-counter", "touch-on-every-request", "wide-read-before-write"),
        seconds=0.8123,
    )


@pytest.fixture
def clean_audit(repository: Repository) -> Audit:
    """Nothing found, one access unresolved."""
    return Audit(
        repository=replace(repository, errors=()),
        inventory=inventory(),
        pairs=PairTable((touch_pair(),)),
        rules=("shared-counter", "touch-on-every-request"),
        seconds=0.31,
    )
