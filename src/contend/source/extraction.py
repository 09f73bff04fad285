"""Files to syntax trees: in parallel, and only those whose text was not seen before."""

from __future__ import annotations

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import msgspec

from contend.source import ir
from contend.source.cache import Pack, content_key
from contend.source.worker import empty_module, encode, lower_file
from contend.source.workers import Worker, start_workers

Lower: TypeAlias = Callable[[str, bytes], ir.Module]
"""Path and bytes of a file to its syntax tree. Other processes can use it where it is a function of a module."""

SourceText: TypeAlias = tuple[str, bytes]

WORTH_PROCESSES = 400_000
"""Bytes to parse above which starting other processes pays."""

_LARGEST_BATCH = 120_000
_MOST_JOBS = 8


def extract(
    files: Sequence[SourceText],
    lower: Lower,
    jobs: int | None = None,
    *,
    pack: Pack | None = None,
    version: bytes = b"",
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, ir.Module]:
    """The syntax tree of each file, in the order given.

    `jobs` processes at most (default: the processors available, up to 8), this one included; others are started only
    for more than `WORTH_PROCESSES` bytes, and done without where they cannot be. `pack` holds results of earlier runs
    by content, path and `version` (what else determines the result). `progress` is told how many files are done. A file
    that cannot be lowered yields an empty module with a problem.
    """
    run = _Run(lower, pack if pack is not None else Pack.none(), version, len(files), progress)
    with _no_collection():
        missing = run.recall(files)
        wanted = helpers_for(sum(len(data) for _, data in missing), jobs)
        run.parse(missing, start_workers(lower, wanted))
    return {path: run.modules[path] for path, _ in files}


def helpers_for(size: int, jobs: int | None) -> int:
    """How many other processes are worth having for `size` bytes, `jobs` being all that may run."""
    return max(0, min((jobs if jobs is not None else available_jobs()) - 1, size // WORTH_PROCESSES))


def available_jobs() -> int:
    """How many processes this machine can well run at a time."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), _MOST_JOBS)
    return min(os.cpu_count() or 1, _MOST_JOBS)


class _Run:
    """One extraction: a queue of batches that this process and its workers take from."""

    def __init__(
        self, lower: Lower, pack: Pack, version: bytes, total: int, progress: Callable[[int, int], None] | None
    ) -> None:
        self.modules: dict[str, ir.Module] = {}
        self._lower = lower
        self._pack = pack
        self._version = version
        self._total = total
        self._progress = progress
        self._decoder = msgspec.msgpack.Decoder(ir.Module)
        self._queue: deque[list[SourceText]] = deque()
        self._suspects: list[SourceText] = []
        self._lock = threading.Lock()

    def recall(self, files: Sequence[SourceText]) -> list[SourceText]:
        """Take what the pack knows; return the rest."""
        missing: list[SourceText] = []
        for path, data in files:
            key = self._key(path, data)
            stored = self._pack.get(key)
            module = self._decoded(stored) if stored is not None else None
            if module is not None:
                self.modules[path] = module
                continue
            if stored is not None:
                self._pack.discard(key)
            missing.append((path, data))
        self._report()
        return missing

    def parse(self, files: list[SourceText], workers: Sequence[Worker]) -> None:
        """Lower all of `files`, here and in `workers`, which are ended."""
        size = sum(len(data) for _, data in files) // (8 * (len(workers) + 1))
        self._queue.extend(_batches(files, min(size, _LARGEST_BATCH)))
        threads = [threading.Thread(target=self._feed, args=(worker,), daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            while (batch := self._take()) is not None:
                for path, data in batch:
                    self._add(path, data, lower_file(self._lower, path, data), None)
            for thread in threads:
                thread.join()
        finally:
            for worker in workers:
                worker.stop()
        for path, data in self._suspects:
            self._parse_alone(path, data)

    def _feed(self, worker: Worker) -> None:
        """Have one other process work on the queue."""
        if not worker.is_ready():
            return
        while (batch := self._take()) is not None:
            answers = worker.ask(batch)
            if answers is None:
                with self._lock:
                    self._suspects += batch
                return
            for (path, data), encoded in zip(batch, answers, strict=True):
                self._add(path, data, self._decoded(encoded) or lower_file(self._lower, path, data), encoded)

    def _parse_alone(self, path: str, data: bytes) -> None:
        """Lower one of the files over which a process died, in a process of its own."""
        for worker in start_workers(self._lower, 1):
            answers = worker.ask([(path, data)]) if worker.is_ready() else None
            worker.stop()
            module = self._decoded(answers[0]) if answers else None
            if answers and module is not None:
                self._add(path, data, module, answers[0])
                return
        self._add(path, data, empty_module(path, "could not be parsed: the parser stopped on it"), b"")

    def _take(self) -> list[SourceText] | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _add(self, path: str, data: bytes, module: ir.Module, encoded: bytes | None) -> None:
        encoded = encode(module) if encoded is None else encoded
        with self._lock:
            self.modules[path] = module
            if encoded:
                self._pack.put(self._key(path, data), encoded)
        self._report()

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(len(self.modules), self._total)

    def _key(self, path: str, data: bytes) -> bytes:
        return content_key(self._version, path.encode(), data)

    def _decoded(self, encoded: bytes) -> ir.Module | None:
        if not encoded:
            return None
        try:
            return self._decoder.decode(encoded)
        except (msgspec.DecodeError, RecursionError):
            return None


def _batches(files: list[SourceText], wanted: int) -> Iterator[list[SourceText]]:
    """Files in batches of `wanted` bytes, the large ones first so that the last to finish are small."""
    batch: list[SourceText] = []
    size = 0
    for file in sorted(files, key=lambda each: (-len(each[1]), each[0])):
        batch.append(file)
        size += len(file[1])
        if size >= wanted:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cyclic garbage collector: trees are many objects and no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
