"""Coroutines in simulated time: actions and caller scripts wait by `await`, without an event loop.

A coroutine awaits a `Suspend`; its `start` gets a function to call, once, with the value or the error to go on with.
A handler of a query or mutation never has to wait: `finish` runs it to its end at once.
"""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from contend.lab.errors import EndlessError

Resume = Callable[[Any, BaseException | None], None]


class NotAwaitableError(Exception):
    """A handler awaited something that only an event loop could answer, such as `asyncio.sleep`."""

    def __init__(self, what: object) -> None:
        super().__init__(
            f"A handler awaited {type(what).__name__}, which never ends here: await calls of ctx alone, "
            "and contend.lab.gather(…) for several at a time"
        )


class Suspend:
    """What a coroutine waits for."""

    __slots__ = ("start",)

    def __init__(self, start: Callable[[Resume], None]) -> None:
        self.start = start

    def __await__(self) -> Generator[Suspend, Any, Any]:
        return (yield self)


class Task:
    """A coroutine on its way. `done` gets its value, or its error."""

    __slots__ = ("_coroutine", "_done", "_next", "_running")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], done: Resume) -> None:
        self._coroutine = coroutine
        self._done = done
        self._next: tuple[Any, BaseException | None] | None = None
        self._running = False
        self._resume(None, None)

    def _resume(self, value: Any, error: BaseException | None) -> None:
        self._next = (value, error)
        if self._running:  # answered at once, from within `start`
            return
        self._running = True
        while self._next is not None:
            value, error = self._next
            self._next = None
            try:
                waits_for = self._coroutine.send(value) if error is None else self._coroutine.throw(error)
            except StopIteration as stop:
                self._done(stop.value, None)
                return
            except (Exception, EndlessError) as failure:
                self._done(None, failure)
                return
            if isinstance(waits_for, Suspend):
                waits_for.start(self._resume)
            else:
                self._next = (None, NotAwaitableError(waits_for))
        self._running = False


class Runner:
    """Runs coroutines that never wait, one after another, each to its end.

    It keeps a generator that awaits them: a coroutine that is driven by hand ends with an exception, which costs more
    than a small handler. One that runs while another one does is driven by hand.
    """

    __slots__ = ("_send", "_waiter", "_waiting")

    def __init__(self) -> None:
        self._waiting = False
        self._begin()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The coroutine's value. Raises what it raises, and `NotAwaitableError` where it does wait."""
        if self._waiting:
            return finish(coroutine)
        self._waiting = True
        try:
            value = self._send(coroutine)
            while self._waiting:
                value = _answered(self._waiter, value)
        except BaseException:
            self._waiting = False
            self._begin()
            raise
        return value

    def _begin(self) -> None:
        self._waiter: Any = self._wait()
        self._waiter.send(None)
        self._send = self._waiter.send

    @types.coroutine
    def _wait(self) -> Generator[Any, Any, Any]:
        value = None
        while True:
            following = yield value
            value = yield from following
            self._waiting = False


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine that never waits, and returns its value. Raises what it raises, and `NotAwaitableError` where it
    does wait."""
    try:
        waits_for = coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    while True:
        try:
            waits_for = _answered(coroutine, waits_for)
        except StopIteration as stop:
            return stop.value


def _answered(coroutine: Any, waits_for: object) -> Any:
    """Goes on with what the coroutine waits for; what it waits for next."""
    answer: list[tuple[Any, BaseException | None]] = []
    if isinstance(waits_for, Suspend):
        waits_for.start(lambda value, error: answer.append((value, error)))
    value, error = answer[0] if answer else (None, NotAwaitableError(waits_for))
    return coroutine.send(value) if error is None else coroutine.throw(error)


async def gather(*awaitables: Awaitable[Any]) -> list[Any]:
    """JavaScript's `Promise.all`: the values in order, or the first error. In an action calls run at the same time; in
    a query or mutation one after another, in the same transaction."""
    if not awaitables:
        return []
    values: list[Any] = [None] * len(awaitables)
    left = len(awaitables)

    def start(resume: Resume) -> None:
        def done(position: int) -> Resume:
            def finished(value: Any, error: BaseException | None) -> None:
                nonlocal left
                if left <= 0:
                    return
                if error is not None:
                    left = 0
                    resume(None, error)
                    return
                values[position] = value
                left -= 1
                if left == 0:
                    resume(values, None)

            return finished

        for position, awaitable in enumerate(awaitables):
            Task(_awaited(awaitable), done(position))

    found: list[Any] = await Suspend(start)
    return found


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
