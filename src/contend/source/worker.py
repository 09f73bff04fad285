"""A process that lowers files for another: batches in on standard input, encoded syntax trees out.

Own processes rather than `multiprocessing`: they start alike on every system, do not run the caller's main module
again, and one that dies takes nobody with it. A message is its length (8 bytes, little-endian) and that many bytes.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Callable
from typing import IO, Any

import msgspec

from contend.source import ir

READY = b"ready"
_BATCH = msgspec.msgpack.Decoder(list[tuple[str, bytes]])
_LENGTH = 8


def serve(lower_name: str) -> None:
    """Answer batches until the input ends. `lower_name` is `module:function`."""
    gc.disable()
    inbox, outbox = own_streams()
    lower = resolve(lower_name)
    lower_file(lower, "empty.ts", b"")  # loads whatever lowering needs
    send(outbox, READY)
    while (message := receive(inbox)) is not None:
        answers = [encode(lower_file(lower, path, data)) for path, data in _BATCH.decode(message)]
        send(outbox, msgspec.msgpack.encode(answers))


def lower_source(path: str, data: bytes) -> ir.Module:
    """This package's lowering. tree-sitter is loaded at the first call, so not where the cache knows every file."""
    from contend.source.lower import lower

    return lower(path, data)


def lower_file(lower: Callable[[str, bytes], ir.Module], path: str, data: bytes) -> ir.Module:
    """`lower(path, data)`; a file that it fails on becomes an empty module that says so."""
    try:
        return lower(path, data)
    except Exception as error:
        return empty_module(path, f"could not be parsed: {type(error).__name__}: {error}")


def empty_module(path: str, reason: str) -> ir.Module:
    """A module of which nothing is known, with the reason."""
    return ir.Module(path, (), (), (), (), (), (), (ir.Problem(reason),), (0,))


def encode(module: ir.Module) -> bytes:
    """A module as bytes; empty where it holds text that has no encoding (half of a surrogate pair)."""
    try:
        return msgspec.msgpack.encode(module)
    except (UnicodeEncodeError, RecursionError):
        return b""


def name_of_function(function: Callable[[str, bytes], ir.Module]) -> str | None:
    """`module:function`, by which another process finds it; None where none could."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not name or module == "__main__" or "." in name or "<" in name:
        return None
    return f"{module}:{name}" if getattr(sys.modules.get(module), name, None) is function else None


def resolve(name: str) -> Callable[..., Any]:
    """The function that `module:function` names."""
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(len(message).to_bytes(_LENGTH, "little"))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; None at the end of the stream, also in the middle of a message."""
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "little")
    message = stream.read(length)
    return message if len(message) == length else None


def own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to the other process. What is printed from here on goes to standard error instead."""
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sys.stdin.buffer, outbox
