"""`@convex-dev/auth`: no component. Its tables are the app's own (`authTables`), and the functions that an app exports
from `convexAuth(…)` work on them: `auth:signIn` (an action) runs one mutation, `auth:store`, for each of these.

What a sign-in does to a user's row (`users`) meets whatever else writes that row; a refresh writes the session's own
token.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Argument,
    Bound,
    Call,
    Component,
    FieldOf,
    Found,
    Now,
    Read,
    Source,
    Step,
    Write,
)

_DIRECTORY: Final = "src/server/implementation"


def _source(file: str) -> Source:
    return Source("0.0.95", f"{_DIRECTORY}/{file}")


_SESSION: Final = Read("session", "authSessions", bounds=(("_id", "eq", Argument("sessionId")),))
_TOKENS: Final = Read(
    "tokens",
    "authRefreshTokens",
    "sessionIdAndParentRefreshTokenId",
    (("sessionId", "eq", Argument("sessionId")),),
    "range",
)
_END: Final[tuple[Step, ...]] = (
    _SESSION,
    Write("delete", "authSessions", Argument("sessionId"), when=(Found("session"),)),
    _TOKENS,
    Write("delete", "authRefreshTokens", FieldOf("tokens", "_id")),
)
_NEW_SESSION: Final[tuple[Step, ...]] = (
    Write("insert", "authSessions", fields=(("userId", Argument("userId")), ("expirationTime", Now()))),
    Write("insert", "authRefreshTokens", fields=(("sessionId", Argument("newSessionId")), ("expirationTime", Now()))),
)
_IDENTIFIER: Final[Bound] = ("identifier", "eq", Argument("identifier"))
_LIMIT: Final = Read("limit", "authRateLimits", "identifier", (_IDENTIFIER,), "unique")
_ACCOUNT: Final = Read(
    "account",
    "authAccounts",
    "providerAndAccountId",
    (("provider", "eq", Argument("provider")), ("providerAccountId", "eq", Argument("providerAccountId"))),
    "unique",
)
_USER: Final[tuple[Step, ...]] = (
    Read("same", "users", "email", (("email", "eq", Argument("email")),), "take"),
    Write(
        "patch", "users", FieldOf("account", "userId"), (("emailVerificationTime", Now()),), when=(Found("account"),)
    ),
    Write("insert", "users", fields=(("email", Argument("email")),), when=(Found("account", present=False),)),
    Write(
        "insert",
        "authAccounts",
        fields=(("provider", Argument("provider")), ("providerAccountId", Argument("providerAccountId"))),
        when=(Found("account", present=False),),
    ),
)

CONVEX_AUTH: Final = Component(
    package="@convex-dev/auth",
    name="",
    checked=("0.0.95",),
    tables=(),
    calls=(
        Call("store.signOut", "mutation", _END, _source("mutations/signOut.ts")),
        Call("store.signIn", "mutation", (*_END, *_NEW_SESSION), _source("mutations/signIn.ts")),
        Call(
            "store.refreshSession",
            "mutation",
            (
                Read("token", "authRefreshTokens", bounds=(("_id", "eq", Argument("refreshTokenId")),)),
                _SESSION,
                Write(
                    "patch",
                    "authRefreshTokens",
                    Argument("refreshTokenId"),
                    (("firstUsedTime", Now()),),
                    when=(Found("token"),),
                ),
                Write(
                    "insert",
                    "authRefreshTokens",
                    fields=(
                        ("sessionId", Argument("sessionId")),
                        ("parentRefreshTokenId", Argument("refreshTokenId")),
                        ("expirationTime", Now()),
                    ),
                ),
            ),
            _source("mutations/refreshSession.ts"),
        ),
        Call(
            "store.createVerificationCode",
            "mutation",
            (
                _ACCOUNT,
                *_USER,
                Read(
                    "code",
                    "authVerificationCodes",
                    "accountId",
                    (("accountId", "eq", FieldOf("account", "_id")),),
                    "unique",
                ),
                Write("delete", "authVerificationCodes", FieldOf("code", "_id"), when=(Found("code"),)),
                Write("insert", "authVerificationCodes", fields=(("accountId", FieldOf("account", "_id")),)),
            ),
            _source("mutations/createVerificationCode.ts"),
        ),
        Call(
            "store.verifyCodeAndSignIn",
            "mutation",
            (
                _LIMIT,
                Read("code", "authVerificationCodes", "code", (("code", "eq", Argument("code")),), "unique"),
                Read("account", "authAccounts", bounds=(("_id", "eq", FieldOf("code", "accountId")),)),
                Write("delete", "authVerificationCodes", FieldOf("code", "_id")),
                *_USER[:2],
                Write("delete", "authRateLimits", FieldOf("limit", "_id"), when=(Found("limit"),)),
                *_END,
                *_NEW_SESSION,
            ),
            _source("mutations/verifyCodeAndSignIn.ts"),
        ),
        Call(
            "store.retrieveAccountWithCredentials",
            "mutation",
            (
                _ACCOUNT,
                _LIMIT,
                Write(
                    "patch",
                    "authRateLimits",
                    FieldOf("limit", "_id"),
                    (("lastAttemptTime", Now()),),
                    when=(Found("limit"),),
                ),
                Read("user", "users", bounds=(("_id", "eq", FieldOf("account", "userId")),)),
            ),
            _source("mutations/retrieveAccountWithCredentials.ts"),
        ),
        Call("store.userOAuth", "mutation", (_ACCOUNT, *_USER), _source("mutations/userOAuth.ts")),
        Call(
            "store.invalidateSessions",
            "mutation",
            (
                Read("sessions", "authSessions", "userId", (("userId", "eq", Argument("userId")),), "range"),
                Write("delete", "authSessions", FieldOf("sessions", "_id")),
                _TOKENS,
                Write("delete", "authRefreshTokens", FieldOf("tokens", "_id")),
            ),
            _source("mutations/invalidateSessions.ts"),
        ),
    ),
)
