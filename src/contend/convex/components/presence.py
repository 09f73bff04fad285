"""`@convex-dev/presence`: who is in a room, kept up by a heartbeat of each session.

Up to 0.3.x each beat cancels the session's timeout and schedules a new one (`sessionTimeouts`, and the job itself).
From 0.4.0 on a beat moves the session's `deadline` and one worker looks for those that have passed. Either way a beat
writes only what is the session's own, and the user's row in the room when that was offline.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Argument,
    Bound,
    Call,
    Columns,
    Component,
    FieldOf,
    Found,
    Fresh,
    Given,
    Is,
    Literal,
    Method,
    Now,
    Operand,
    Read,
    Source,
    Start,
    Step,
    Use,
    Write,
)

_NEW: Final = Source("0.4.0", "src/component/public.ts")
_OLD: Final = Source("0.3.2", "src/component/public.ts")
_WORKER: Final = "0.4.0"

_ROOM: Final[Bound] = ("roomId", "eq", Argument("roomId"))
_USER: Final[Bound] = ("userId", "eq", Argument("userId"))
_ONLINE: Final[Bound] = ("online", "eq", Literal(True))
_OFFLINE: Final[Bound] = ("online", "eq", Literal(False))
_SESSION: Final = Read("session", "sessions", "sessionId", (("sessionId", "eq", Argument("sessionId")),), "unique")
_HERE: Final = (
    Read("here", "presence", "user_online_room", (_USER, _ONLINE, _ROOM), "unique"),
    Read(
        "away",
        "presence",
        "user_online_room",
        (_USER, _OFFLINE, _ROOM),
        "unique",
        when=(Found("here", present=False),),
    ),
)
_JOIN: Final[tuple[Step, ...]] = (
    *_HERE,
    Write(
        "insert",
        "presence",
        fields=(("roomId", Argument("roomId")), ("userId", Argument("userId")), ("online", Literal(True))),
        when=(Found("here", present=False), Found("away", present=False)),
    ),
    Write(
        "patch",
        "presence",
        FieldOf("away", "_id"),
        (("online", Literal(True)), ("lastDisconnected", Literal(0))),
        when=(Found("away"),),
    ),
)
_TOKENS: Final[tuple[Step, ...]] = (
    Read("roomToken", "roomTokens", "room", (_ROOM,), "unique"),
    Read("sessionToken", "sessionTokens", "sessionId", (("sessionId", "eq", Argument("sessionId")),), "unique"),
    Write(
        "insert",
        "sessionTokens",
        fields=(("sessionId", Argument("sessionId")), ("token", Fresh())),
        when=(Found("sessionToken", present=False),),
    ),
)
_ENTER: Final = Write(
    "insert",
    "sessions",
    fields=(
        ("roomId", Argument("roomId")),
        ("userId", Argument("userId")),
        ("sessionId", Argument("sessionId")),
        ("deadline", Now()),
    ),
    when=(Found("session", present=False),),
)
_BY_TOKEN: Final[tuple[Step, ...]] = (
    Read("sessionToken", "sessionTokens", "token", (("token", "eq", Argument("sessionToken")),), "unique"),
    Read("session", "sessions", "sessionId", (("sessionId", "eq", FieldOf("sessionToken", "sessionId")),), "unique"),
    Write("delete", "sessions", FieldOf("session", "_id"), when=(Found("session"),)),
    Write("delete", "sessionTokens", FieldOf("sessionToken", "_id"), when=(Found("sessionToken"),)),
    Read(
        "others",
        "sessions",
        "room_user_session",
        (("roomId", "eq", FieldOf("session", "roomId")), ("userId", "eq", FieldOf("session", "userId"))),
        "first",
    ),
    Read(
        "here",
        "presence",
        "user_online_room",
        (
            ("userId", "eq", FieldOf("session", "userId")),
            _ONLINE,
            ("roomId", "eq", FieldOf("session", "roomId")),
        ),
        "unique",
        when=(Found("others", present=False),),
    ),
    Write(
        "patch",
        "presence",
        FieldOf("here", "_id"),
        (("online", Literal(False)), ("lastDisconnected", Now())),
        when=(Found("others", present=False),),
    ),
)


def _ordered(room: Operand) -> tuple[Step, ...]:
    return (
        Read("online", "presence", "room_order", (("roomId", "eq", room), _ONLINE), "take"),
        Read(
            "offline",
            "presence",
            "room_order",
            (("roomId", "eq", room), _OFFLINE),
            "take",
            descending=True,
            when=(Is(Argument("onlineOnly"), True, holds=False),),
        ),
    )


_BEAT: Final[tuple[tuple[str, Operand], ...]] = (
    ("roomId", Given(1)),
    ("userId", Given(2)),
    ("sessionId", Given(3)),
    ("interval", Given(4)),
)


def _method(name: str, call: str, *arguments: tuple[str, Operand]) -> Method:
    return Method("Presence", name, (Use(call, arguments),))


PRESENCE: Final = Component(
    package="@convex-dev/presence",
    name="presence",
    checked=("0.1.5", "0.3.2", "0.4.0"),
    tables=(
        Columns(
            "presence",
            (
                ("user_online_room", ("userId", "online", "roomId")),
                ("room_order", ("roomId", "online", "lastDisconnected")),
            ),
        ),
        Columns(
            "sessions",
            (("room_user_session", ("roomId", "userId", "sessionId")), ("sessionId", ("sessionId",))),
            until=_WORKER,
        ),
        Columns(
            "sessions",
            (
                ("room_user_session", ("roomId", "userId", "sessionId")),
                ("sessionId", ("sessionId",)),
                ("deadline", ("deadline",)),
            ),
            since=_WORKER,
        ),
        Columns("roomTokens", (("token", ("token",)), ("room", ("roomId",)))),
        Columns("sessionTokens", (("token", ("token",)), ("sessionId", ("sessionId",)))),
        Columns("sessionTimeouts", (("sessionId", ("sessionId",)),), until=_WORKER),
    ),
    calls=(
        Call(
            "public.heartbeat",
            "mutation",
            (
                _SESSION,
                _ENTER,
                *_JOIN,
                Read(
                    "timeout",
                    "sessionTimeouts",
                    "sessionId",
                    (("sessionId", "eq", Argument("sessionId")),),
                    "unique",
                ),
                *_TOKENS,
                Start("public.disconnect", 25_000),
                Write(
                    "patch",
                    "sessionTimeouts",
                    FieldOf("timeout", "_id"),
                    (("scheduledFunctionId", Fresh()),),
                    when=(Found("timeout"),),
                ),
                Write(
                    "insert",
                    "sessionTimeouts",
                    fields=(("sessionId", Argument("sessionId")), ("scheduledFunctionId", Fresh())),
                    when=(Found("timeout", present=False),),
                ),
            ),
            _OLD,
            until=_WORKER,
        ),
        Call(
            "public.heartbeat",
            "mutation",
            (
                _SESSION,
                _ENTER,
                Write(
                    "patch",
                    "sessions",
                    FieldOf("session", "_id"),
                    (("deadline", Now()),),
                    when=(Found("session"),),
                ),
                *_JOIN,
                *_TOKENS,
                Start("public.disconnectExpired", when=(Found("session", present=False),)),
            ),
            _NEW,
            since=_WORKER,
        ),
        Call("public.disconnect", "mutation", _BY_TOKEN, _NEW),
        Call(
            "public.disconnectExpired",
            "mutation",
            (
                Read("session", "sessions", "deadline", (("deadline", "lte", Now()),), "take"),
                Write("delete", "sessions", FieldOf("session", "_id")),
                Read(
                    "sessionToken",
                    "sessionTokens",
                    "sessionId",
                    (("sessionId", "eq", FieldOf("session", "sessionId")),),
                    "unique",
                ),
                Write("delete", "sessionTokens", FieldOf("sessionToken", "_id")),
                *_BY_TOKEN[4:],
            ),
            _NEW,
            since=_WORKER,
        ),
        Call(
            "public.list",
            "query",
            (
                Read("roomToken", "roomTokens", "token", (("token", "eq", Argument("roomToken")),), "unique"),
                *_ordered(FieldOf("roomToken", "roomId")),
            ),
            _NEW,
        ),
        Call("public.listRoom", "query", _ordered(Argument("roomId")), _NEW),
        Call(
            "public.listUser",
            "query",
            (
                Read("online", "presence", "user_online_room", (_USER, _ONLINE), "take"),
                Read("offline", "presence", "user_online_room", (_USER, _OFFLINE), "take", descending=True),
            ),
            _NEW,
        ),
        Call(
            "public.updateRoomUser",
            "mutation",
            (
                *_HERE,
                Write(
                    "patch", "presence", FieldOf("here", "_id"), (("data", Argument("data")),), when=(Found("here"),)
                ),
            ),
            _NEW,
            since="0.2.0",
        ),
        Call(
            "public.removeRoomUser",
            "mutation",
            (
                *_HERE,
                Write("delete", "presence", FieldOf("here", "_id"), when=(Found("here"),)),
                Read("sessions", "sessions", "room_user_session", (_ROOM, _USER), "range"),
                Write("delete", "sessions", FieldOf("sessions", "_id")),
            ),
            _NEW,
        ),
        Call(
            "public.removeRoom",
            "mutation",
            (
                Read("people", "presence", "room_order", (_ROOM,), "range"),
                Write("delete", "presence", FieldOf("people", "_id")),
                Read("sessions", "sessions", "room_user_session", (_ROOM,), "range"),
                Write("delete", "sessions", FieldOf("sessions", "_id")),
                Read("roomToken", "roomTokens", "room", (_ROOM,), "unique"),
                Write("delete", "roomTokens", FieldOf("roomToken", "_id"), when=(Found("roomToken"),)),
            ),
            _NEW,
        ),
    ),
    classes=("Presence",),
    methods=(
        Method("Presence", "heartbeat", (Use("public.heartbeat", _BEAT),)),
        _method("list", "public.list", ("roomToken", Given(1))),
        _method("listRoom", "public.listRoom", ("roomId", Given(1)), ("onlineOnly", Given(2))),
        _method("listUser", "public.listUser", ("userId", Given(1))),
        _method("disconnect", "public.disconnect", ("sessionToken", Given(1))),
        _method(
            "updateRoomUser", "public.updateRoomUser", ("roomId", Given(1)), ("userId", Given(2)), ("data", Given(3))
        ),
        _method("removeRoomUser", "public.removeRoomUser", ("roomId", Given(1)), ("userId", Given(2))),
        _method("removeRoom", "public.removeRoom", ("roomId", Given(1))),
    ),
)
