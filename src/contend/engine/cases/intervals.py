"""G. Transactions that meet on ranges of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contend.convex.ranges import eq, gt, gte, lt
from contend.convex.values import COMMIT_TS
from contend.engine.cases.steps import (
    Case,
    Read,
    Step,
    begin,
    commit,
    counts,
    delete,
    indexed,
    insert,
    occ,
    patch,
    race,
    read,
    room,
)

_MESSAGES: Mapping[str, Any] = {
    "tables": {"messages": {"by_room": ["room"]}},
    "rows": {
        "s1": ("messages", {"room": "S", "text": "a"}),
        "m1": ("messages", {"room": "R", "text": "a"}),
        "m2": ("messages", {"room": "R", "text": "b"}),
        "m3": ("messages", {"room": "R", "text": "c"}),
    },
}
_M4 = insert("w", "messages", "m4", {"room": "R"})
_SLUGS: Mapping[str, Any] = {
    "tables": {"pages": {"by_slug": ["slug"]}},
    "rows": {"p": ("pages", {"slug": "s"}), "q": ("pages", {"slug": "other"})},
}
_SIXTY: Mapping[str, Any] = {
    "tables": {"t": {}},
    "rows": {f"d{n}": ("t", {"room": "R" if n == 40 else "S", "n": float(n)}) for n in range(1, 61)},
}
_SCORES: Mapping[str, Any] = {
    "tables": {"scores": {"by_score": ["score"]}},
    "rows": {f"v{n}": ("scores", {"score": float(n)}) for n in (5, 9, 10, 12)},
}
_QUEUE: Mapping[str, Any] = {
    "tables": {"queue": {"by_t": ["t"]}},
    "rows": {f"j{n}": ("queue", {"t": float(n)}) for n in range(1, 6)},
}
_FIFTY: Mapping[str, Any] = {
    "tables": {"messages": {"by_room": ["room"]}},
    "rows": {f"m{n}": ("messages", {"room": "R"}) for n in range(1, 51)},
}


def _messages(
    id: str, title: str, what: Read, gives: Any, writer: Step | Sequence[Step], then: Step | None, variant: str = ""
) -> Case:
    steps = [writer] if isinstance(writer, Step) else writer
    return race(id, title, [read("r", what, gives)], steps, then, variant, **_MESSAGES)


_DESC_FIRST = room("R", "first").desc()
_R = ["m1", "m2", "m3"]
_FILTERED = Read("t", "first", where={"room": "R"})
_OLDEST = indexed("queue", "by_t", lt("t", 100.0), how="take", n=3)


def _filtered(id: str, title: str, written: Step, then: Step | None, variant: str = "") -> Case:
    return race(id, title, [read("r", _FILTERED, "d40")], [written], then, variant, **_SIXTY)


CASES = [
    _messages("C17", "first() ends at its document: an append is outside", room("R", "first"), "m1", _M4, None),
    _messages(
        "C18",
        "first() covers its document",
        room("R", "first"),
        "m1",
        patch("w", "m1", text="x"),
        occ("r", document="m1"),
    ),
    _messages(
        "C19", "first() does not cover the next document", room("R", "first"), "m1", patch("w", "m2", text="x"), None
    ),
    _messages(
        "C20",
        "first() conflicts with the deletion of its document",
        room("R", "first"),
        "m1",
        delete("w", "m1"),
        occ("r", document="m1"),
    ),
    _messages("C21", "the latest conflicts with every append", _DESC_FIRST, "m3", _M4, occ("r", document="m4")),
    _messages("C22", "the latest does not cover older documents", _DESC_FIRST, "m3", patch("w", "m1", text="x"), None),
    Case(
        "C23",
        "first() that finds nothing covers the whole range; the retry finds the row",
        [
            begin("r"),
            read("r", room("E", "first"), None),
            insert("r", "log"),
            begin("w"),
            insert("w", "messages", "e1", {"room": "E"}),
            commit("w"),
            occ("r", document="e1"),
            begin("again"),
            read("again", room("E", "first"), "e1"),
        ],
        **_MESSAGES,
    ),
    _messages(
        "C24",
        "first() that finds nothing does not cover other rooms",
        room("E", "first"),
        None,
        insert("w", "messages", "f1", {"room": "F"}),
        None,
    ),
    Case(
        "C25",
        "two get-or-creates of one key make one row",
        [
            begin("1"),
            read("1", room("E", "unique"), None),
            begin("2"),
            read("2", room("E", "unique"), None),
            insert("1", "messages", "e1", {"room": "E"}),
            insert("2", "messages", "e2", {"room": "E"}),
            commit("1"),
            occ("2", document="e1"),
            begin("2b"),
            read("2b", room("E", "unique"), "e1"),
            commit("2b"),
            counts(room("E"), 1),
        ],
        **_MESSAGES,
    ),
    Case(
        "C26",
        "unique() covers the whole range though it found its document",
        [
            begin("r"),
            read("r", indexed("pages", "by_slug", eq("slug", "s"), how="unique"), "p"),
            insert("r", "log"),
            begin("w"),
            insert("w", "pages", "p2", {"slug": "s"}),
            commit("w"),
            occ("r", document="p2"),
            begin("again"),
            read("again", indexed("pages", "by_slug", eq("slug", "s"), how="unique"), fails="more than one result"),
        ],
        **_SLUGS,
    ),
    race(
        "C27",
        "unique() does not cover other keys",
        [read("r", indexed("pages", "by_slug", eq("slug", "s"), how="unique"), "p")],
        [insert("w", "pages", "p2", {"slug": "t"})],
        None,
        **_SLUGS,
    ),
    _messages("C28", "take(2) ends at the second document", room("R", "take", 2), ["m1", "m2"], _M4, None, "append"),
    _messages(
        "C28",
        "take(2) ends at the second document",
        room("R", "take", 2),
        ["m1", "m2"],
        patch("w", "m3", text="x"),
        None,
        "patch of the third",
    ),
    _messages("C29", "take(2) covers both", room("R", "take", 2), ["m1", "m2"], patch("w", "m2", text="x"), occ("r")),
    _messages(
        "C30", "take(10) of three covers the whole range", room("R", "take", 10), _R, _M4, occ("r", document="m4")
    ),
    _messages("C31", "take(3) of exactly three ends at the third", room("R", "take", 3), _R, _M4, None),
    _messages("C32", "collect() covers its range", room("R"), _R, _M4, occ("r"), "insert into it"),
    _messages(
        "C32",
        "collect() covers its range",
        room("R"),
        _R,
        insert("w", "messages", "s2", {"room": "S"}),
        None,
        "insert into another",
    ),
    *[
        _messages("C33", "collecting the table covers it", Read("messages"), ["s1", *_R], writer, occ("r"), writer.do)
        for writer in (_M4, patch("w", "m2", text="x"), delete("w", "s1"))
    ],
    _messages(
        "C34", "the first document of the table: an append is outside", Read("messages", "first"), "s1", _M4, None
    ),
    _messages(
        "C35",
        "the last document of the table conflicts with an append",
        Read("messages", "take", 1).desc(),
        ["m3"],
        _M4,
        occ("r"),
    ),
    _messages(
        "C36",
        "a covering range conflicts with a field that is not indexed",
        room("R"),
        _R,
        patch("w", "m2", text="x"),
        occ("r", index="by_room", document="m2"),
    ),
    _messages(
        "C37", "a document moved into the range", room("R"), _R, patch("w", "s1", room="R"), occ("r", document="s1")
    ),
    _messages(
        "C38", "a document moved out of the range", room("R"), _R, patch("w", "m2", room="S"), occ("r", document="m2")
    ),
    _messages("C39", "a document moved elsewhere", room("S"), ["s1"], patch("w", "m2", room="T"), None),
    _filtered(
        "C40",
        "a filter does not narrow: scanned documents are covered",
        patch("w", "d10", n=0.0),
        occ("r", document="d10"),
    ),
    _filtered("C41", "documents after the match are not covered", patch("w", "d41", n=0.0), None, "patch"),
    _filtered("C41", "documents after the match are not covered", insert("w", "t", "x"), None, "append"),
    *[
        race(
            "C42",
            "a filter that matches nothing covers the table",
            [read("r", Read("t", "first", where={"room": "none"}), None)],
            [writer],
            occ("r"),
            writer.do,
            **_SIXTY,
        )
        for writer in (patch("w", "d60", n=0.0), insert("w", "t", "x"))
    ],
    _messages(
        "C43",
        "a loop left early ends at its last document",
        room("R", "break", 2),
        ["m1", "m2"],
        patch("w", "m3", text="x"),
        None,
    ),
    *[
        race(
            "C44",
            "a lower bound is exclusive",
            [read("r", indexed("scores", "by_score", gt("score", 10.0)), ["v12"])],
            [writer],
            then,
            variant,
            **_SCORES,
        )
        for writer, then, variant in (
            (patch("w", "v10", note="x"), None, "10 stays 10"),
            (patch("w", "v9", score=11.0), occ("r", document="v9"), "9 becomes 11"),
            (patch("w", "v5", score=6.0), None, "5 becomes 6"),
        )
    ],
    race(
        "C45",
        "everything since an hour ago covers what is inserted now",
        [read("r", indexed("queue", "by_t", gte("t", 2.0)), ["j2", "j3", "j4", "j5"])],
        [insert("w", "queue", "now", {"t": 6.0})],
        occ("r"),
        **_QUEUE,
    ),
    race(
        "C46",
        "a consumer of the oldest does not conflict with the producer",
        [read("r", _OLDEST, ["j1", "j2", "j3"])],
        [insert("w", "queue", "new", {"t": 200.0})],
        None,
        **_QUEUE,
    ),
    Case(
        "C47",
        "two consumers of the same oldest conflict",
        [
            *[
                step
                for tx in ("1", "2")
                for step in (begin(tx), read(tx, _OLDEST), *[delete(tx, row) for row in ("j1", "j2", "j3")])
            ],
            commit("1"),
            occ("2"),
        ],
        **_QUEUE,
    ),
    race(
        "C48",
        "a document without the second field is inside the first's range",
        [read("r", indexed("t", "by_a_b", eq("a", 1.0)))],
        [insert("w", "t", "x", {"a": 1.0})],
        occ("r"),
        tables={"t": {"by_a_b": ["a", "b"]}},
    ),
    race(
        "C49",
        "a missing field is not null",
        [read("r", indexed("t", "by_a", eq("a", None)))],
        [insert("w", "t", "x", {})],
        None,
        tables={"t": {"by_a": ["a"]}},
    ),
    race(
        "C50",
        "what was fetched ahead is not covered",
        [read("r", room("R", "first"), "m1")],
        [patch("w", "m50", x=1.0)],
        None,
        **_FIFTY,
    ),
    *[
        race(
            "C51",
            "a page covers its documents",
            [read("r", room("R", "paginate", 10))],
            [writer],
            then,
            variant,
            **_FIFTY,
        )
        for writer, then, variant in (
            (insert("w", "messages", "m51", {"room": "R"}), None, "append"),
            (patch("w", "m5", x=1.0), occ("r", document="m5"), "edit of the fifth"),
            (patch("w", "m20", x=1.0), None, "edit of the twentieth"),
        )
    ],
    _messages("C52", "a short page covers the end of the range", room("R", "paginate", 10), _R, _M4, occ("r")),
    race("C56", "a stale read is not recorded", [read("r", Read("messages"), stale=True)], [_M4], None, **_MESSAGES),
    race("C57", "the same read is recorded otherwise", [read("r", Read("messages"))], [_M4], occ("r"), **_MESSAGES),
    race(
        "C58",
        "a reader of one table and a writer of another",
        [read("r", Read("messages")), insert("r", "v")],
        [insert("w", "v")],
        None,
        tables={"messages": {}, "v": {}},
    ),
    race(
        "C77",
        "a consumer of the oldest by commit timestamp does not conflict with the producer",
        [read("r", indexed("queue", "by_at", how="take", n=2), ["a", "b"])],
        [insert("w", "queue", "new", {"at": COMMIT_TS})],
        None,
        tables={"queue": {"by_at": ["at"]}},
        rows={"a": ("queue", {"at": COMMIT_TS}), "b": ("queue", {"at": COMMIT_TS}), "c": ("queue", {"at": COMMIT_TS})},
    ),
]
