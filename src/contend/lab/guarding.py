"""Handlers that do not end: a watch that interrupts them, and what is then said."""

from __future__ import annotations

import ctypes
import signal
import threading
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from contend.lab.errors import EndlessError

PATIENCE_S = 5.0
"""Seconds of real time that one handler may run without a database call that a budget could count."""
_TICK_S = 0.5


class Watch:
    """Interrupts a handler that runs on and on, from a thread of its own, which lives from the first handler on and
    sleeps nearly always. Use it in the thread that made it."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._thread_id = threading.get_ident()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._striking = False
        self._by_signal = False
        self._running = 0  # number of the handler that runs, 0 for none
        self._count = 0

    def enter(self) -> None:
        """A handler starts."""
        self._running = self._count = self._count + 1
        if self._thread is None:
            self._by_signal = _take_signal()
            self._thread = threading.Thread(target=self._watch, name="contend-lab-watch", daemon=True)
            self._thread.start()

    def leave(self) -> None:
        """It has ended. Raises `EndlessError` where it was about to be interrupted."""
        self._running = 0
        if self._striking:  # seldom; taking the lock each time would cost more than many a handler
            with self._lock:
                pass

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()

    def _watch(self) -> None:
        seen, ticks = 0, 0
        while not self._stopped.wait(min(_TICK_S, self._patience_s / 4)):
            running = self._running
            if running == 0 or running != seen:
                seen, ticks = running, 0
                continue
            ticks += 1
            if ticks * min(_TICK_S, self._patience_s / 4) >= self._patience_s:
                self._strike(running)
                seen, ticks = 0, 0

    def _strike(self, running: int) -> None:
        """Interrupts the handler, unless it has just ended: `leave` first says that it has and then looks whether it is
        about to be struck, this the other way round, so one of them sees the other."""
        with self._lock:
            self._striking = True
            if self._running == running and not self._signal(running):
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread_id), ctypes.py_object(EndlessError)
                )
            self._striking = False

    def _signal(self, running: int) -> bool:
        """Interrupts the main thread by a signal, which also ends a call that waits (`time.sleep`, `input`); False
        where there is none to use."""
        global _struck
        if not self._by_signal:
            return False
        _struck = (self, running)
        signal.pthread_kill(self._thread_id, signal.SIGUSR2)
        return True

    def struck(self, running: int) -> None:
        """Raises `EndlessError` where this handler still runs."""
        if self._running == running:
            raise EndlessError


_struck: tuple[Watch, int] | None = None


def _take_signal() -> bool:
    """Whether a signal can interrupt this thread: on POSIX, in the main thread, and where nobody else uses it."""
    if not hasattr(signal, "SIGUSR2") or threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL:
        signal.signal(signal.SIGUSR2, _on_signal)
    return signal.getsignal(signal.SIGUSR2) is _on_signal


def _on_signal(number: int, frame: object) -> None:
    if _struck is not None:
        watch, running = _struck
        watch.struck(running)


class Guarded:
    """A coroutine each of whose steps is watched."""

    __slots__ = ("_coroutine", "_watch")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], watch: Watch) -> None:
        self._coroutine = coroutine
        self._watch = watch

    def send(self, value: Any) -> Any:
        """One step."""
        self._watch.enter()
        try:
            return self._coroutine.send(value)
        finally:
            self._watch.leave()

    def throw(self, error: BaseException) -> Any:
        """One step, with an error."""
        self._watch.enter()
        try:
            return self._coroutine.throw(error)
        finally:
            self._watch.leave()


def error_text(error: BaseException, file: str) -> str:
    """What an outcome says of a handler's error: its text, and the line of `file` where it came up."""
    if isinstance(error, EndlessError):
        text = str(error) or f"The handler ran for more than {PATIENCE_S:g} s of real time: an endless loop?"
    else:
        text = str(error) if _is_convexs(error) else f"Uncaught {type(error).__name__}: {error}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file:
            return f"{text} ({Path(file).name}:{frame.lineno})"
    return text


def _is_convexs(error: BaseException) -> bool:
    return type(error).__module__.startswith("contend.")
