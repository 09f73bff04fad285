"""Who the caller is, as authentication libraries say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contend.model.schema import Validator
from contend.source.evaluation import terms as t
from contend.source.evaluation.activation import Activation

_STRING, _NUMBER, _BOOLEAN = Validator("string"), Validator("number"), Validator("boolean")


def _id(table: str) -> Validator:
    return Validator("id", table=table)


def _table(fields: dict[str, Validator], **indexes: tuple[str, ...]) -> t.TableTerm:
    return t.TableTerm(
        Validator("object", fields=fields),
        tuple((name, columns, "database", False) for name, columns in indexes.items()),
        "@convex-dev/auth",
        0,
        0,
    )


# `authTables` (docs: labs.convex.dev/auth/api_reference/server, "authTables")
AUTH_TABLES = t.Record(
    (
        (
            "users",
            _table(
                {
                    "name": _STRING,
                    "image": _STRING,
                    "email": _STRING,
                    "emailVerificationTime": _NUMBER,
                    "phone": _STRING,
                    "phoneVerificationTime": _NUMBER,
                    "isAnonymous": _BOOLEAN,
                },
                email=("email",),
                phone=("phone",),
            ),
        ),
        ("authSessions", _table({"userId": _id("users"), "expirationTime": _NUMBER}, userId=("userId",))),
        (
            "authAccounts",
            _table(
                {
                    "userId": _id("users"),
                    "provider": _STRING,
                    "providerAccountId": _STRING,
                    "secret": _STRING,
                    "emailVerified": _STRING,
                    "phoneVerified": _STRING,
                },
                userIdAndProvider=("userId", "provider"),
                providerAndAccountId=("provider", "providerAccountId"),
            ),
        ),
        (
            "authRefreshTokens",
            _table(
                {
                    "sessionId": _id("authSessions"),
                    "expirationTime": _NUMBER,
                    "firstUsedTime": _NUMBER,
                    "parentRefreshTokenId": _id("authRefreshTokens"),
                },
                sessionId=("sessionId",),
                sessionIdAndParentRefreshTokenId=("sessionId", "parentRefreshTokenId"),
            ),
        ),
        (
            "authVerificationCodes",
            _table(
                {
                    "accountId": _id("authAccounts"),
                    "provider": _STRING,
                    "code": _STRING,
                    "expirationTime": _NUMBER,
                    "verifier": _STRING,
                    "emailVerified": _STRING,
                    "phoneVerified": _STRING,
                },
                accountId=("accountId",),
                code=("code",),
            ),
        ),
        ("authVerifiers", _table({"sessionId": _id("authSessions"), "signature": _STRING}, signature=("signature",))),
        (
            "authRateLimits",
            _table(
                {"identifier": _STRING, "lastAttemptTime": _NUMBER, "attemptsLeft": _NUMBER},
                identifier=("identifier",),
            ),
        ),
    )
)

_USER = frozenset({"getAuthUserId", "getUserId"})
_SESSION = frozenset({"getAuthSessionId", "getSessionId"})


def call(act: Activation, name: str, arguments: Sequence[t.Value], node: Any) -> t.Value | None:
    """`getAuthUserId(ctx)`, `convexAuth({…})` of `@convex-dev/auth/server`."""
    short = name.rsplit(".", 1)[-1]
    if short in _USER:
        return t.choice([t.Identity("userId", "users"), t.NULL])
    if short in _SESSION:
        return t.choice([t.Identity("sessionId", "authSessions"), t.NULL])
    if short == "convexAuth":
        return t.Record(
            (
                ("auth", t.Bound("convex.auth")),
                ("signIn", t.Opaque("signIn")),
                ("signOut", t.Opaque("signOut")),
                ("store", t.Opaque("store")),
                ("isAuthenticated", t.Opaque("isAuthenticated")),
            )
        )
    return None


def auth_method(name: str) -> t.Value:
    """`auth.getUserId(ctx)` of what `convexAuth` returned."""
    if name in _USER:
        return t.choice([t.Identity("userId", "users"), t.NULL])
    if name in _SESSION:
        return t.choice([t.Identity("sessionId", "authSessions"), t.NULL])
    return t.Opaque(f"auth.{name}()")


def call_external_method(
    act: Activation, receiver: t.External, name: str, arguments: Sequence[t.Value], node: Any
) -> t.Value | None:
    """A method of a package's export is a function of that package."""
    from contend.source.libraries.registry import call_external

    inner = name if receiver.name == "*" else f"{receiver.name}.{name}"
    return call_external(act, t.External(receiver.package, inner), arguments, node)
