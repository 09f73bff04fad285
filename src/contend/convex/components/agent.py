"""`@convex-dev/agent`: threads of messages, and streams of what is still being said.

Saving a message reads the end of its thread to number it, so savers of one thread meet (and nobody else does). A
stream's deltas are inserted; its own row is touched every 2.5 minutes at most.
"""

from __future__ import annotations

from typing import Final

from contend.convex.components.facts import (
    Argument,
    Bound,
    Call,
    Columns,
    Component,
    Condition,
    FieldOf,
    Found,
    Fresh,
    Given,
    Literal,
    Method,
    Now,
    Operand,
    Present,
    Read,
    Source,
    Start,
    Step,
    Use,
    Write,
)

_MESSAGES: Final = Source("0.6.4", "src/component/messages.ts")
_THREADS: Final = Source("0.6.4", "src/component/threads.ts")
_STREAMS: Final = Source("0.6.4", "src/component/streams.ts")
_FILES: Final = Source("0.6.4", "src/component/files.ts")

_INDEX: Final = "threadId_status_tool_order_stepOrder"
_STREAM_INDEX: Final = "threadId_state_order_stepOrder"
_THREAD: Final[Bound] = ("threadId", "eq", Argument("threadId"))
_BY_THREAD: Final = Read("thread", "threads", bounds=(("_id", "eq", Argument("threadId")),))
_MESSAGE: Final = Read("message", "messages", bounds=(("_id", "eq", Argument("messageId")),))
_STREAM: Final = Read("stream", "streamingMessages", bounds=(("_id", "eq", Argument("streamId")),))
_PROMPT: Final = Argument("promptMessageId")
_PENDING: Final = Argument("pendingMessageId")
_OF_THREAD: Final = Read("messages", "messages", _INDEX, (_THREAD,), "take", descending=True)
_FINISHED: Final[tuple[Step, ...]] = (
    Write(
        "insert", "streamDeltas", fields=(("streamId", Argument("streamId")),), when=(Present(Argument("finalDelta")),)
    ),
    _STREAM,
    Write("patch", "streamingMessages", Argument("streamId"), (("state", Literal("finished")),)),
)
_ADD: Final[tuple[Step, ...]] = (
    Read(
        "thread",
        "threads",
        bounds=(("_id", "eq", Argument("threadId")),),
        when=(Present(Argument("userId"), holds=False),),
    ),
    Read("prompt", "messages", bounds=(("_id", "eq", _PROMPT),), when=(Present(_PROMPT),)),
    Read(
        "unfinished",
        "messages",
        _INDEX,
        (_THREAD, ("status", "eq", Literal("pending"))),
        "take",
        descending=True,
        when=(Present(Argument("failPendingSteps")),),
    ),
    Write(
        "patch",
        "messages",
        FieldOf("unfinished", "_id"),
        (("status", Literal("failed")),),
        when=(Present(Argument("failPendingSteps")),),
    ),
    Read("last", "messages", _INDEX, (_THREAD,), "first", descending=True),
    Write("replace", "messages", _PENDING, (("threadId", Argument("threadId")),), when=(Present(_PENDING),)),
    Write(
        "insert",
        "messages",
        fields=(("threadId", Argument("threadId")), ("order", FieldOf("last", "order")), ("embeddingId", Fresh())),
    ),
)

_ARGS: Final[tuple[tuple[str, Operand], ...]] = (
    ("threadId", Given(1, "threadId")),
    ("userId", Given(1, "userId")),
    ("promptMessageId", Given(1, "promptMessageId")),
    ("pendingMessageId", Given(1, "pendingMessageId")),
    ("failPendingSteps", Given(1, "failPendingSteps")),
    ("messageId", Given(1, "messageId")),
    ("messageIds", Given(1, "messageIds")),
    ("order", Given(1, "order")),
    ("streamId", Given(1, "streamId")),
)


def _shifted(arguments: tuple[tuple[str, Operand], ...]) -> tuple[tuple[str, Operand], ...]:
    """The arguments of a function that takes the component between `ctx` and them."""
    return tuple(
        (name, Given(value.position + 1, value.path) if isinstance(value, Given) else value)
        for name, value in arguments
    )


_RUN_ARGS: Final[tuple[tuple[str, Operand], ...]] = (
    ("threadId", Given(1, "threadId")),
    ("userId", Given(1, "userId")),
    ("promptMessageId", Given(2, "promptMessageId")),
)


def _generating(name: str) -> Method:
    """A call of a model: looks the thread up, saves the prompt and each step."""
    threaded: tuple[Condition, ...] = (Present(Given(1, "threadId")),)
    return Method(
        "Agent",
        name,
        (
            Use("threads.getThread", _RUN_ARGS, when=threaded),
            Use("messages.listMessagesByThreadId", _RUN_ARGS, when=threaded),
            Use("messages.addMessages", _RUN_ARGS, when=threaded),
        ),
    )


def _twice(name: str, call: str) -> tuple[Method, ...]:
    """A method of `Agent` that is a function of the package too."""
    return (Method("Agent", name, (Use(call, _ARGS),)), Method("", name, (Use(call, _shifted(_ARGS)),)))


AGENT: Final = Component(
    package="@convex-dev/agent",
    name="agent",
    checked=("0.1.18", "0.2.12", "0.3.2", "0.6.4"),
    tables=(
        Columns("threads", (("userId", ("userId",)), ("title", ("title", "userId")))),
        Columns(
            "messages",
            (
                (_INDEX, ("threadId", "status", "tool", "order", "stepOrder")),
                ("embeddingId_threadId", ("embeddingId", "threadId")),
            ),
        ),
        Columns("streamingMessages", ((_STREAM_INDEX, ("threadId", "state.kind", "order", "stepOrder")),)),
        Columns("streamDeltas", (("streamId_start_end", ("streamId", "start", "end")),)),
        Columns("files", (("hash", ("hash",)), ("refcount", ("refcount",)))),
    ),
    calls=(
        Call(
            "threads.createThread",
            "mutation",
            (Write("insert", "threads", fields=(("userId", Argument("userId")),)),),
            _THREADS,
        ),
        Call("threads.getThread", "query", (_BY_THREAD,), _THREADS),
        Call(
            "threads.updateThread",
            "mutation",
            (_BY_THREAD, Write("patch", "threads", Argument("threadId"))),
            _THREADS,
        ),
        Call(
            "threads.listThreadsByUserId",
            "query",
            (Read("threads", "threads", "userId", (("userId", "eq", Argument("userId")),), "take", descending=True),),
            _THREADS,
        ),
        Call(
            "threads.deleteAllForThreadIdAsync",
            "mutation",
            (
                Read("messages", "messages", _INDEX, (_THREAD,), "take"),
                Write("delete", "messages", FieldOf("messages", "_id")),
                _BY_THREAD,
                Write("delete", "threads", Argument("threadId"), when=(Found("thread"),)),
            ),
            _THREADS,
        ),
        Call("messages.addMessages", "mutation", _ADD, _MESSAGES),
        Call(
            "messages.listMessagesByThreadId",
            "query",
            (_OF_THREAD,),
            _MESSAGES,
        ),
        Call(
            "messages.getMessagesByIds",
            "query",
            (Read("message", "messages", bounds=(("_id", "eq", Argument("messageIds[]")),)),),
            _MESSAGES,
        ),
        *(
            Call(
                f"messages.{name}",
                "mutation",
                (
                    _MESSAGE,
                    Write("patch", "messages", Argument("messageId"), (("status", Literal(status)),) if status else ()),
                ),
                _MESSAGES,
            )
            for name, status in (("finalizeMessage", "success"), ("updateMessage", ""))
        ),
        Call(
            "messages.deleteByIds",
            "mutation",
            (
                Read("message", "messages", bounds=(("_id", "eq", Argument("messageIds[]")),)),
                Write("delete", "messages", Argument("messageIds[]"), when=(Found("message"),)),
            ),
            _MESSAGES,
        ),
        Call(
            "messages.deleteByOrder",
            "mutation",
            (
                Read("messages", "messages", _INDEX, (_THREAD,), "take"),
                Write("delete", "messages", FieldOf("messages", "_id")),
            ),
            _MESSAGES,
        ),
        Call(
            "streams.create",
            "mutation",
            (
                Write(
                    "insert",
                    "streamingMessages",
                    fields=(
                        ("threadId", Argument("threadId")),
                        ("order", Argument("order")),
                        ("state", Literal("streaming")),
                    ),
                ),
                Start("streams.timeoutStream", 600_000),
            ),
            _STREAMS,
        ),
        Call(
            "streams.timeoutStream",
            "mutation",
            (_STREAM, Write("patch", "streamingMessages", Argument("streamId"), (("state", Literal("aborted")),))),
            _STREAMS,
        ),
        Call(
            "streams.addDelta",
            "mutation",
            (
                _STREAM,
                Write(
                    "insert", "streamDeltas", fields=(("streamId", Argument("streamId")), ("start", Argument("start")))
                ),
            ),
            _STREAMS,
        ),
        Call("streams.finish", "mutation", _FINISHED, _STREAMS),
        Call("streams.abort", "mutation", _FINISHED, _STREAMS),
        Call(
            "streams.abortByOrder",
            "mutation",
            (
                Read(
                    "streams",
                    "streamingMessages",
                    _STREAM_INDEX,
                    (_THREAD, ("state.kind", "eq", Literal("streaming")), ("order", "eq", Argument("order"))),
                    "take",
                ),
                Write("patch", "streamingMessages", FieldOf("streams", "_id"), (("state", Literal("aborted")),)),
            ),
            _STREAMS,
        ),
        Call(
            "streams.list",
            "query",
            (
                Read(
                    "streams",
                    "streamingMessages",
                    _STREAM_INDEX,
                    (_THREAD, ("state.kind", "eq", Literal("streaming"))),
                    "take",
                    descending=True,
                ),
            ),
            _STREAMS,
        ),
        Call(
            "streams.listDeltas",
            "query",
            (
                Read(
                    "deltas",
                    "streamDeltas",
                    "streamId_start_end",
                    (
                        ("streamId", "eq", Argument("cursors[].streamId")),
                        ("start", "gte", Argument("cursors[].cursor")),
                    ),
                    "take",
                ),
            ),
            _STREAMS,
        ),
        Call(
            "files.addFile",
            "mutation",
            (
                Read("file", "files", "hash", (("hash", "eq", Argument("hash")),), "first"),
                Write(
                    "patch",
                    "files",
                    FieldOf("file", "_id"),
                    (("refcount", FieldOf("file", "refcount")), ("lastTouchedAt", Now())),
                    when=(Found("file"),),
                ),
                Write("insert", "files", fields=(("hash", Argument("hash")),), when=(Found("file", present=False),)),
            ),
            _FILES,
        ),
        Call("files.get", "query", (Read("file", "files", bounds=(("_id", "eq", Argument("fileId")),)),), _FILES),
    ),
    classes=("Agent",),
    methods=(
        *_twice("createThread", "threads.createThread"),
        *_twice("saveMessage", "messages.addMessages"),
        *_twice("saveMessages", "messages.addMessages"),
        *_twice("listMessages", "messages.listMessagesByThreadId"),
        *_twice("listUIMessages", "messages.listMessagesByThreadId"),
        *_twice("getThreadMetadata", "threads.getThread"),
        *_twice("updateThreadMetadata", "threads.updateThread"),
        *_twice("finalizeMessage", "messages.finalizeMessage"),
        *_twice("updateMessage", "messages.updateMessage"),
        *_twice("deleteMessages", "messages.deleteByIds"),
        *_twice("deleteThreadAsync", "threads.deleteAllForThreadIdAsync"),
        *_twice("syncStreams", "streams.list"),
        *_twice("abortStream", "streams.abort"),
        _generating("generateText"),
        _generating("streamText"),
        _generating("generateObject"),
        _generating("streamObject"),
    ),
)
