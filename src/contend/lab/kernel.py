"""Simulated time: a heap of what happens when. One order of events, so one result."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import repeat
from typing import Any

_Event = tuple[float, int, Callable[..., object], tuple[Any, ...]]


class Timer:
    """Something that will happen unless it is cancelled before."""

    __slots__ = ("_action", "_arguments", "cancelled", "fired")

    def __init__(self, action: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self._action = action
        self._arguments = arguments
        self.cancelled = False
        self.fired = False

    def cancel(self) -> None:
        """Makes it not happen."""
        self.cancelled = True

    def fire(self) -> None:
        """Happens, unless cancelled."""
        if not self.cancelled:
            self.fired = True
            self._action(*self._arguments)


class Kernel:
    """The clock and its agenda. `now` is in milliseconds from the start; events of one moment happen in the order in
    which they were put down."""

    __slots__ = ("_agenda", "_count", "_stopped", "now")

    def __init__(self) -> None:
        self.now = 0.0
        self._agenda: list[_Event] = []
        self._count = 0
        self._stopped = False

    def at(self, time: float, action: Callable[..., object], *arguments: Any) -> None:
        """Calls `action` at `time`, or now where that has passed."""
        self._count += 1
        heapq.heappush(self._agenda, (time if time > self.now else self.now, self._count, action, arguments))

    def after(self, delay: float, action: Callable[..., object], *arguments: Any) -> None:
        """Calls `action` when `delay` milliseconds have passed."""
        self._count += 1
        heapq.heappush(self._agenda, (self.now + delay, self._count, action, arguments))

    def timer(self, delay: float, action: Callable[..., object], *arguments: Any) -> Timer:
        """As `after`, and can be cancelled."""
        timer = Timer(action, arguments)
        self.after(delay, timer.fire)
        return timer

    def run(self, until: float, budget: int | None = None) -> bool:
        """Lets everything up to and with `until` happen, at most `budget` events. False where the budget ran out
        first, or `stop` was called; otherwise it is then `until`."""
        agenda, pop = self._agenda, heapq.heappop
        for _ in repeat(None) if budget is None else repeat(None, budget):
            if not agenda or agenda[0][0] > until:
                break
            if self._stopped:
                return False
            self.now, _, action, arguments = pop(agenda)
            action(*arguments)
        if agenda and agenda[0][0] <= until:
            return False
        self.now = max(self.now, until)
        return True

    def stop(self) -> None:
        """Ends `run` before the next event."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether somebody has called `stop`."""
        return self._stopped

    @property
    def idle(self) -> bool:
        """Whether nothing is left to happen."""
        return not self._agenda
