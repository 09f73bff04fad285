"""Processes that lower files for this one (`contend.source.worker` is what they run)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from contend.source.worker import serve
serve(sys.argv[2])
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

    def ask(self, batch: Sequence[tuple[str, bytes]]) -> list[bytes] | None:
        """The encoded modules of a batch of files; None where the process died over it."""
        if self._process.stdin is None or self._process.stdout is None:
            return None
        try:
            send(self._process.stdin, msgspec.msgpack.encode(batch))
            answer = receive(self._process.stdout)
        except OSError:
            return None
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
    if count <= 0 or name is None or not _can_start_python():
        return []
    import json
    import subprocess

    command = [sys.executable, "-c", _BOOTSTRAP, json.dumps(sys.path), name]
    workers: list[Worker] = []
    for _ in range(count):
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError:
            break
        workers.append(Worker(process))
    return workers


@contextmanager
def workers_at_hand(lower: Callable[[str, bytes], ir.Module], count: int) -> Iterator[list[Worker]]:
    """`start_workers`, and their end."""
    workers = start_workers(lower, count)
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def _can_start_python() -> bool:
    """Whether `sys.executable` is a Python, and not a program that embeds or freezes one."""
    name = os.path.basename(sys.executable or "").lower()
    return name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)
