"""Things worth saying that are not conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from contend.model.app import App
from contend.model.findings import Note
from contend.model.functions import Access, Function
from contend.model.places import Span


def notes_of(app: App) -> Iterator[Note]:
    """The notes on one app."""
    told: set[Span] = set()
    for function in app.functions:
        writes = [write for write in function.writes if not _asks_for_a_writer(write)]
        if function.kind == "query" and writes and writes[0].span not in told:
            write = writes[0]
            told.add(write.span)
            yield _note(
                app,
                "query-writes",
                write.span,
                function,
                f"`{function.path}` is a query and writes (`{write.operation}` on `{write.table or '?'}`): Convex "
                "refuses that when it runs",
            )
        if function.unread is not None:
            yield _note(app, "unread-function", function.span, function, f"`{function.path}`: {function.unread}")


def _asks_for_a_writer(write: Access) -> bool:
    """Whether a write stands under `"insert" in ctx.db`, which no query passes."""
    return any(part.op == "in" for guard in write.guards for part in guard.condition.walk())


def _note(app: App, name: str, span: Span, function: Function, message: str) -> Note:
    digest = blake2b(f"{name}\0{function.id}".encode(), digest_size=6).hexdigest()
    return Note(digest, name, app.root, span, function.path, message)
