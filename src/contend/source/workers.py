"""Processes that work for this one, over messages in and out (`contend.source.worker` has their format)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from contend.source import ir
from contend.source.worker import READY, name_of_function, receive, send

if TYPE_CHECKING:
    import subprocess

_ANSWERS = msgspec.msgpack.Decoder(list[bytes])
_BOOTSTRAP = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from contend.source.worker import resolve
resolve(sys.argv[2])(*sys.argv[3:])
"""


class Worker:
    """One such process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._ready: bool | None = None

    def is_ready(self) -> bool:
        """Wait until the process is up; False where it failed to start."""
        if self._ready is None:
            out = self._process.stdout
            self._ready = out is not None and receive(out) == READY
        return self._ready

    def tell(self, message: bytes) -> bool:
        """Send a message; False where the process died."""
        if self._process.stdin is None:
            return False
        try:
            send(self._process.stdin, message)
        except OSError:
            return False
        return True

    def hear(self) -> bytes | None:
        """The next message; None where the process died."""
        return receive(self._process.stdout) if self._process.stdout is not None else None

    def ask(self, batch: Sequence[tuple[str, bytes]]) -> list[bytes] | None:
        """The encoded modules of a batch of files; None where the process died over it."""
        answer = self.hear() if self.tell(msgspec.msgpack.encode(batch)) else None
        return _ANSWERS.decode(answer) if answer is not None else None

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue


def start_workers(lower: Callable[[str, bytes], ir.Module], count: int) -> list[Worker]:
    """Start up to `count` processes that lower with `lower`; none where they cannot be had. Does not wait for them."""
    name = name_of_function(lower)
    workers: list[Worker] = []
    while name is not None and len(workers) < count:
        worker = start_process("contend.source.worker:serve", name)
        if worker is None:
            break
        workers.append(worker)
    return workers


def start_process(function: str, *arguments: str) -> Worker | None:
    """Start a process that runs `function` (`module:function`) with `arguments`, which sends `READY` first; None where
    it cannot be had. Does not wait for it."""
    if not _can_start_python():
        return None
    import json
    import subprocess

    command = [sys.executable, "-c", _BOOTSTRAP, json.dumps(sys.path), function, *arguments]
    try:
        return Worker(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        )
    except OSError:
        return None


def _can_start_python() -> bool:
    """Whether `sys.executable` is a Python, and not a program that embeds or freezes one."""
    name = os.path.basename(sys.executable or "").lower()
    return name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)
