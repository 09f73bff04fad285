"""Things worth saying that are not conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from contend.model.app import App
from contend.model.findings import Note
from contend.model.functions import Function
from contend.model.places import Span


def notes_of(app: App) -> Iterator[Note]:
    """The notes on one app."""
    for function in app.functions:
        if function.kind == "query" and function.writes:
            write = function.writes[0]
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


def _note(app: App, name: str, span: Span, function: Function, message: str) -> Note:
    digest = blake2b(f"{name}\0{function.id}".encode(), digest_size=6).hexdigest()
    return Note(digest, name, app.root, span, function.path, message)
