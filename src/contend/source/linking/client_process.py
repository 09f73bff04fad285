"""The client side in a process of its own, while this one follows the Convex functions.

The two sides share little, so each parses and follows its own files; what crosses are the texts, one way, and callers
and subscriptions, the other. Where no other process can be had, or it dies, this one does the work after all: the
result is the same.
"""

from __future__ import annotations

import gc
import pickle
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from contend.source.cache import Pack
from contend.source.linking.client_side import ClientLinks, ClientSide
from contend.source.recursion import deep_recursion
from contend.source.sources import Sources, Survey, parser_version
from contend.source.syntax import Syntax
from contend.source.worker import READY, lower_source, own_streams, receive, send
from contend.source.workers import Worker, start_process

WORTH_A_PROCESS = 400_000
"""Bytes of source from which another process pays."""

_PURPOSE = "clients"


@dataclass(frozen=True, slots=True)
class _Job:
    """What the other process is given. `cache` is the path whose pack it may use, and may write if `remember`."""

    sources: Sources
    cache: Path | None
    remember: bool
    jobs: int


class ClientProcess:
    """A client side that is followed in another process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._told = False

    def start(self, sources: Sources, cache: Path | None, remember: bool, jobs: int) -> None:
        """Give it its work."""
        bare = replace(sources, modules=Syntax(sources.texts))  # trees would take longer to send than to make
        self._told = self._worker.is_ready() and self._worker.tell(_pickled(_Job(bare, cache, remember, jobs)))

    def link(self, ids: Sequence[str], ran: Collection[tuple[str, int]]) -> ClientLinks | None:
        """What it found (see `ClientSide.link`); None where the process failed."""
        if not self._told or not self._worker.tell(_pickled((list(ids), set(ran)))):
            return None
        answer = self._worker.hear()
        found = pickle.loads(answer) if answer is not None else None
        return found if isinstance(found, ClientLinks) else None


@contextmanager
def client_process(surveyed: Survey, jobs: int) -> Iterator[ClientProcess | None]:
    """A process that is starting, where it is worth it and can be had; it is ended on leaving."""
    size = sum(map(len, surveyed.texts.values()))
    worker = start_process(f"{__name__}:serve") if jobs > 1 and size > WORTH_A_PROCESS else None
    try:
        yield ClientProcess(worker) if worker is not None else None
    finally:
        if worker is not None:
            worker.stop()


def serve() -> None:
    """What the other process runs: take the work, follow the code, wait for the functions' names, answer."""
    gc.disable()
    inbox, outbox = own_streams()
    lower_source("empty.ts", b"")  # loads the grammar
    send(outbox, READY)
    given = receive(inbox)
    if given is None:
        return
    job: _Job = pickle.loads(given)
    pack = Pack.open(job.cache, _PURPOSE) if job.cache is not None else None
    sources = replace(job.sources, modules=Syntax(job.sources.texts, pack, parser_version()))
    sources.modules.parse(sources.of_clients(), job.jobs)
    with deep_recursion():
        side = ClientSide(sources)
        if job.remember:
            sources.modules.remember()
        asked = receive(inbox)
        if asked is not None:
            send(outbox, _pickled(side.link(*pickle.loads(asked))))


def _pickled(what: object) -> bytes:
    return pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
