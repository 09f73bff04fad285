"""`@convex-dev/better-auth`: Better Auth's tables behind one adapter whose callers name the table and the row.

Nearly every call of an app looks the session and the user up by their ids (`getAuthUser`), so whatever touches the
session's row enters what each function of that user reads.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Argument,
    Call,
    Caller,
    Columns,
    Component,
    Equalities,
    FieldOf,
    Fields,
    Given,
    Literal,
    Method,
    Operand,
    Otherwise,
    Read,
    Source,
    Step,
    Use,
    Write,
)

_API: Final = Source("0.12.5", "src/client/create-api.ts")
_MODEL: Final = Otherwise(Argument("input.model"), Argument("model"))
_WHERE: Final = Equalities(Otherwise(Argument("input.where"), Argument("where")))
_ONE: Final = Read("row", _MODEL, "", _WHERE, "first")
_MANY: Final = Read("row", _MODEL, "", _WHERE, "take")
_ID: Final = FieldOf("row", "_id")


def _changing(name: str, *steps: Step) -> Call:
    return Call(f"adapter.{name}", "mutation", steps, _API)


def _by_id(model: str, id: Operand) -> tuple[tuple[str, Operand], ...]:
    return (("model", Literal(model)), ("where", Fields((("field", Literal("_id")), ("value", id)))))


_SESSION: Final = Use("adapter.findOne", _by_id("session", Caller("identity.sessionId")))
_USER: Final = Use("adapter.findOne", _by_id("user", Caller("identity.subject")))

BETTER_AUTH: Final = Component(
    package="@convex-dev/better-auth",
    name="betterAuth",
    checked=("0.9.11", "0.12.5"),
    tables=(
        Columns(
            "user",
            (
                ("email_name", ("email", "name")),
                ("name", ("name",)),
                ("userId", ("userId",)),
                ("username", ("username",)),
                ("phoneNumber", ("phoneNumber",)),
            ),
        ),
        Columns(
            "session",
            (
                ("expiresAt", ("expiresAt",)),
                ("expiresAt_userId", ("expiresAt", "userId")),
                ("token", ("token",)),
                ("userId", ("userId",)),
            ),
        ),
        Columns(
            "account",
            (
                ("accountId", ("accountId",)),
                ("accountId_providerId", ("accountId", "providerId")),
                ("providerId_userId", ("providerId", "userId")),
                ("userId", ("userId",)),
            ),
        ),
        Columns("verification", (("expiresAt", ("expiresAt",)), ("identifier", ("identifier",)))),
        Columns("twoFactor", (("userId", ("userId",)),)),
        Columns("oauthApplication", (("clientId", ("clientId",)), ("userId", ("userId",)))),
        Columns(
            "oauthAccessToken",
            (
                ("accessToken", ("accessToken",)),
                ("refreshToken", ("refreshToken",)),
                ("clientId", ("clientId",)),
                ("userId", ("userId",)),
            ),
        ),
        Columns("oauthConsent", (("clientId_userId", ("clientId", "userId")), ("userId", ("userId",)))),
        Columns("jwks"),
        Columns("rateLimit", (("key", ("key",)),)),
    ),
    calls=(
        _changing("create", Write("insert", _MODEL)),
        Call("adapter.findOne", "query", (_ONE,), _API),
        Call("adapter.findMany", "query", (_MANY,), _API),
        _changing("updateOne", _ONE, Write("patch", _MODEL, _ID)),
        _changing("updateMany", _MANY, Write("patch", _MODEL, _ID)),
        _changing("deleteOne", _ONE, Write("delete", _MODEL, _ID)),
        _changing("deleteMany", _MANY, Write("delete", _MODEL, _ID)),
    ),
    classes=("createClient",),
    methods=(
        Method("createClient", "getAuthUser", (_SESSION, _USER)),
        Method("createClient", "safeGetAuthUser", (_SESSION, _USER)),
        Method("createClient", "getHeaders", (_SESSION,)),
        Method("createClient", "getAuth", (_SESSION,)),
        Method("createClient", "getAnyUserById", (Use("adapter.findOne", _by_id("user", Given(1))),)),
        Method(
            "createClient",
            "setUserId",
            (Use("adapter.updateOne", _by_id("user", Given(1))),),
        ),
    ),
)
