"""`@convex-dev/resend`: e-mails that wait for a worker to send them in batches.

Sending inserts rows and reads two that the whole app shares: the last options (written when they change) and whether a
batch run is due (written by whoever finds none, deleted by the worker when no mail is left). So sending side by side
meets only at the start and the end of a run.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Argument,
    Call,
    Columns,
    Component,
    FieldOf,
    Found,
    Fresh,
    Given,
    Literal,
    Method,
    Now,
    Operand,
    Otherwise,
    Present,
    Read,
    Source,
    Start,
    Step,
    Use,
    Write,
)

_LIB: Final = Source("0.2.8", "src/component/lib.ts")
_OLD: Final = Source("0.1.13", "src/component/lib.ts")
_KEYED: Final = "0.2.8"

_BY_ID: Final = Read("email", "emails", bounds=(("_id", "eq", Argument("emailId")),))
_OPTIONS: Final = Read("options", "lastOptions", "by_creation_time", (), "unique")
_RUN: Final = Read("run", "nextBatchRun", "by_creation_time", (), "unique")
_SEND: Final[tuple[Step, ...]] = (
    Write("insert", "content", when=(Present(Argument("html")),)),
    Write("insert", "content", when=(Present(Argument("text")),)),
    Write("insert", "emails", fields=(("status", Literal("waiting")), ("segment", Now()), ("resendId", Literal(None)))),
    _OPTIONS,
    _RUN,
    Write("insert", "nextBatchRun", fields=(("runId", Fresh()),), when=(Found("run", present=False),)),
    Start("lib.makeBatch", 1_000, when=(Found("run", present=False),)),
)
_KEY: Final = Argument("idempotencyKey")
_SENT: Final[tuple[tuple[str, Operand], ...]] = (
    ("html", Otherwise(Given(1, "html"), Given(4))),
    ("text", Otherwise(Given(1, "text"), Given(5))),
    ("idempotencyKey", Given(1, "idempotencyKey")),
)


def _method(name: str, call: str, *arguments: tuple[str, Operand]) -> Method:
    return Method("Resend", name, (Use(call, arguments),))


RESEND: Final = Component(
    package="@convex-dev/resend",
    name="resend",
    checked=("0.1.13", "0.2.3", "0.2.8"),
    tables=(
        Columns("content"),
        Columns("nextBatchRun"),
        Columns("lastOptions"),
        Columns("deliveryEvents", (("by_emailId_eventType", ("emailId", "eventType")),)),
        Columns(
            "emails",
            (
                ("by_status_segment", ("status", "segment")),
                ("by_resendId", ("resendId",)),
                ("by_finalizedAt", ("finalizedAt",)),
            ),
            until=_KEYED,
        ),
        Columns(
            "emails",
            (
                ("by_status_segment", ("status", "segment")),
                ("by_resendId", ("resendId",)),
                ("by_idempotencyKey", ("idempotencyKey",)),
                ("by_finalizedAt", ("finalizedAt",)),
            ),
            since=_KEYED,
        ),
    ),
    calls=(
        Call("lib.sendEmail", "mutation", _SEND, _OLD, until=_KEYED),
        Call(
            "lib.sendEmail",
            "mutation",
            (
                Read(
                    "same",
                    "emails",
                    "by_idempotencyKey",
                    (("idempotencyKey", "eq", _KEY),),
                    "first",
                    when=(Present(_KEY),),
                ),
                *_SEND,
            ),
            _LIB,
            since=_KEYED,
        ),
        Call(
            "lib.makeBatch",
            "mutation",
            (
                _OPTIONS,
                Read(
                    "waiting",
                    "emails",
                    "by_status_segment",
                    (("status", "eq", Literal("waiting")), ("segment", "lte", Now())),
                    "take",
                ),
                Write("patch", "emails", FieldOf("waiting", "_id"), (("status", Literal("queued")),)),
                _RUN,
                Write("delete", "nextBatchRun", FieldOf("run", "_id"), when=(Found("waiting", present=False),)),
            ),
            _LIB,
        ),
        Call(
            "lib.createManualEmail",
            "mutation",
            (Write("insert", "emails", fields=(("status", Literal("queued")),)),),
            _LIB,
        ),
        Call(
            "lib.updateManualEmail",
            "mutation",
            (Write("patch", "emails", Argument("emailId"), (("status", Argument("status")),)),),
            _LIB,
        ),
        Call(
            "lib.cancelEmail",
            "mutation",
            (_BY_ID, Write("patch", "emails", Argument("emailId"), (("status", Literal("cancelled")),))),
            _LIB,
        ),
        Call("lib.getStatus", "query", (_BY_ID,), _LIB),
        Call("lib.get", "query", (_BY_ID,), _LIB),
        Call(
            "lib.handleEmailEvent",
            "mutation",
            (
                Read(
                    "email",
                    "emails",
                    "by_resendId",
                    (("resendId", "eq", Argument("event.data.email_id")),),
                    "unique",
                ),
                Write("insert", "deliveryEvents", fields=(("emailId", FieldOf("email", "_id")),)),
                Write("replace", "emails", FieldOf("email", "_id"), when=(Found("email"),)),
                _OPTIONS,
            ),
            _LIB,
        ),
        *(
            Call(
                name,
                "mutation",
                (
                    Read("old", "emails", index, ((field, "lt", Now()),), "take"),
                    Write("delete", "emails", FieldOf("old", "_id")),
                    Write("delete", "content", FieldOf("old", "html")),
                    Write("delete", "content", FieldOf("old", "text")),
                    Read(
                        "events",
                        "deliveryEvents",
                        "by_emailId_eventType",
                        (("emailId", "eq", FieldOf("old", "_id")),),
                        "range",
                    ),
                    Write("delete", "deliveryEvents", FieldOf("events", "_id")),
                ),
                _LIB,
            )
            for name, index, field in (
                ("lib.cleanupOldEmails", "by_finalizedAt", "finalizedAt"),
                ("lib.cleanupAbandonedEmails", "by_creation_time", "_creationTime"),
            )
        ),
    ),
    classes=("Resend",),
    methods=(
        _method("sendEmail", "lib.sendEmail", *_SENT),
        Method(
            "Resend",
            "sendEmailManually",
            (
                Use("lib.createManualEmail"),
                Use("lib.updateManualEmail", (("emailId", Fresh()), ("status", Literal("sent")))),
            ),
        ),
        _method("cancelEmail", "lib.cancelEmail", ("emailId", Given(1))),
        _method("status", "lib.getStatus", ("emailId", Given(1))),
        _method("get", "lib.get", ("emailId", Given(1))),
        _method("handleResendEventWebhook", "lib.handleEmailEvent"),
    ),
)
