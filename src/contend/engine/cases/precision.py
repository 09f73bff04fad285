"""D. How exact read sets are: pages, pending deletes, full-text search. Convex's tests saw it through its query cache;
the read sets are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contend.convex.ranges import eq
from contend.engine.cases.steps import (
    Case,
    Read,
    Step,
    begin,
    check,
    commit,
    delete,
    get,
    insert,
    occ,
    patch,
    race,
    read,
)

_HELLO: Mapping[str, Any] = {
    "tables": {"t": {"by_hello": ["hello"]}},
    "rows": {f"h{n}": ("t", {"hello": float(n)}) for n in (10, 20, 30, 40, 50)},
}
_ODD: Mapping[str, Any] = {
    "tables": {"t": {"by_n": ["n"]}},
    "rows": {f"n{n}": ("t", {"n": float(n)}) for n in (1, 3, 5)},
}
_PLAIN: Mapping[str, Any] = {"tables": {"t": {}}, "rows": {"one": ("t", {}), "two": ("t", {})}}
_TEN: Mapping[str, Any] = {"tables": {"t": {}}, "rows": {f"d{n}": ("t", {}) for n in range(10)}}
_FIFTEEN = insert("w", "t", "h15", {"hello": 15.0})


def _page(n: int, after: str | None = None, until: str | None = None, index: str | None = "by_hello") -> Read:
    return Read("t", "paginate", n, index, after=after, until=until)


def _ten(variant: str, written: str, then: Step | None) -> Case:
    return race(
        "T62",
        "own deletes are seen, and the scan covers from the range's start to the document found",
        [*[delete("r", f"d{n}") for n in range(5)], read("r", Read("t", "first"), "d5")],
        [patch("w", written, x=1.0)],
        then,
        variant,
        **_TEN,
    )


def _overlap(id: str, title: str, gives: bool, variant: str, **args: Any) -> Case:
    return Case(id, title, [check("search overlap", gives, **args)], variant=variant)


_NULL_FILTER = [("nullField", None)]
_TOKEN_AND_FILTER = [("channel", "A")]

CASES = [
    race(
        "T52",
        "an insert is in a read of the whole table",
        [read("r", Read("t"))],
        [insert("w", "t", "x")],
        occ("r"),
        **_PLAIN,
    ),
    race("T53", "an insert is not in a get", [get("r", "one")], [insert("w", "t", "x")], None, **_PLAIN),
    Case(
        "T54",
        "an insert into the first page invalidates it; read again up to its end it has one more",
        [
            begin("r"),
            read("r", _page(2), ["h10", "h20"]),
            insert("r", "log"),
            begin("w"),
            _FIFTEEN,
            commit("w"),
            occ("r", document="h15"),
            begin("again"),
            read("again", _page(2, until="h20"), ["h10", "h15", "h20"]),
        ],
        **_HELLO,
    ),
    race(
        "T55",
        "an insert before the page is not in it",
        [read("r", _page(2, after="h20"), ["h30", "h40"])],
        [_FIFTEEN],
        None,
        **_HELLO,
    ),
    race(
        "T56",
        "an append is not in a full page from the start",
        [read("r", _page(1, index=None), ["one"])],
        [insert("w", "t", "x")],
        None,
        **_PLAIN,
    ),
    race(
        "T57",
        "an append is in a page from the end",
        [read("r", _page(1, index=None).desc(), ["two"])],
        [insert("w", "t", "x")],
        occ("r"),
        **_PLAIN,
    ),
    race(
        "T58",
        "an append is in a page of an empty table",
        [read("r", _page(1, index=None), [])],
        [insert("w", "t", "x")],
        occ("r"),
        tables={"t": {}},
    ),
    *[
        race(
            "T59",
            "a page in the middle covers from its cursor to its last document",
            [read("r", _page(1, after="n1", index="by_n"), ["n3"])],
            [insert("w", "t", "x", {"n": n})],
            then,
            f"insert {n:g}",
            **_ODD,
        )
        for n, then in ((0.0, None), (2.0, occ("r")), (4.0, None))
    ],
    race(
        "T60",
        "a page that reaches the end covers what is appended",
        [read("r", _page(1, after="n5", index="by_n"), [])],
        [insert("w", "t", "x", {"n": 9.0})],
        occ("r"),
        **_ODD,
    ),
    Case(
        "T61",
        "a second page in one function is an error",
        [begin("1"), read("1", _page(1)), read("1", _page(1), fails="ran multiple paginated queries")],
        **_HELLO,
    ),
    _ten("the document found", "d5", occ("r")),
    _ten("a later one", "d7", None),
    _overlap("T63", "a word is found exactly", True, "has the word", document={"text": "a word here"}, words="word"),
    _overlap(
        "T63", "a word is found exactly", False, "has it in a longer word", document={"text": "keyword"}, words="word"
    ),
    _overlap(
        "T64", "a prefix is found", True, "longer word", document={"text": "words"}, words="word", prefix_search=True
    ),
    _overlap("T65", "a filter on null", True, "null", document={"nullField": None}, filters=_NULL_FILTER),
    _overlap("T65", "a filter on null", False, "missing", document={}, filters=_NULL_FILTER),
    _overlap("T65", "a filter on null", False, "a number", document={"nullField": 1}, filters=_NULL_FILTER),
    _overlap(
        "T66",
        "a word and a filter must both match",
        False,
        "the word alone",
        document={"text": "word", "channel": "B"},
        words="word",
        filters=_TOKEN_AND_FILTER,
    ),
    _overlap(
        "T66",
        "a word and a filter must both match",
        True,
        "both",
        document={"text": "word", "channel": "A"},
        words="word",
        filters=_TOKEN_AND_FILTER,
    ),
]


def _search(words: str, *channel: str) -> Read:
    bounds = [eq("channel", name) for name in channel]
    return Read("messages", index="search_text", bounds=bounds, search=words)


_TEXTS: Mapping[str, Any] = {
    "tables": {"messages": {"search_text": ["text", "channel"]}},
    "rows": {"m1": ("messages", {"text": "hello there", "channel": "A"}), "m2": ("messages", {"text": "other"})},
}

SEARCH = [
    *[
        race(
            "C53",
            "a search conflicts with documents that have its words",
            [read("r", _search("hello"), ["m1"])],
            [insert("w", "messages", "new", {"text": text})],
            then,
            variant,
            **_TEXTS,
        )
        for text, then, variant in (
            ("say hello", occ("r", index="search_text", document="new"), "has the word"),
            ("hellos all", occ("r"), "starts with the last term"),
            ("good day", None, "has no such word"),
        )
    ],
    race(
        "C54",
        "a search with a filter does not conflict with documents that it excludes",
        [read("r", _search("hello", "A"), ["m1"])],
        [insert("w", "messages", "new", {"text": "hello", "channel": "B"})],
        None,
        **_TEXTS,
    ),
    race(
        "C55",
        "a document that a search returned conflicts whatever is edited",
        [read("r", _search("hello"), ["m1"])],
        [patch("w", "m1", seen=True)],
        occ("r", document="m1", index="by_id"),
        **_TEXTS,
    ),
]
