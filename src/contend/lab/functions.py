"""The functions of a scenario: handlers loaded from Python files."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from contend.convex.errors import BadRequestError
from contend.convex.paths import parse_path
from contend.lab.errors import EndlessError, ScenarioError
from contend.lab.guarding import Watch
from contend.lab.handlers import KIND, Handler, Kind

_PATIENCE_S = 20.0
"""Seconds of real time that a handler file may take to load."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the scenario. `canonical` is its path as conflicts name it."""

    path: str
    kind: Kind
    handler: Handler
    file: str
    line: int
    canonical: str


class Functions:
    """All functions, by path and by handler."""

    __slots__ = ("_by_handler", "_by_path")

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._by_path = dict(functions)
        self._by_handler = {function.handler: function for function in functions.values()}

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def __iter__(self) -> Any:
        return iter(self._by_path)

    def get(self, path: str) -> Function | None:
        """The function with this path."""
        return self._by_path.get(path)

    def resolve(self, reference: str | Callable[..., Any]) -> Function:
        """The function that a handler refers to. Raises `BadRequestError` where there is none."""
        found = self._by_path.get(reference) if isinstance(reference, str) else self._by_handler.get(reference)
        if found is None:
            name = reference if isinstance(reference, str) else getattr(reference, "__name__", repr(reference))
            raise BadRequestError(f"Could not find public function for '{name}'. Did you forget to list its file?")
        return found


def functions_of(handlers: Mapping[str, Handler], kinds: Mapping[str, Kind] | None = None) -> Functions:
    """Functions from handlers that are there already: path → handler."""
    found = {}
    for path, handler in handlers.items():
        marked: Kind = getattr(handler, KIND, "mutation")
        kind = (kinds or {}).get(path, marked)
        code = handler.__code__ if inspect.isfunction(handler) else None
        file, line = ("", 0) if code is None else (code.co_filename, code.co_firstlineno)
        found[path] = Function(path, kind, handler, file, line, parse_path(path).canonical)
    return Functions(found)


def load_functions(modules: Mapping[str, Path]) -> Functions:
    """The handlers of the files: module path → file. Raises `ScenarioError` with file and line."""
    handlers: dict[str, Handler] = {}
    for name, file in modules.items():
        handlers.update({f"{name}:{export}": handler for export, handler in handlers_in(file).items()})
    return functions_of(handlers)


def handlers_in(file: Path) -> dict[str, Handler]:
    """The handlers that a file defines, by name; `setup` is none."""
    module = _load(file, _modified(file))
    found: dict[str, Handler] = {}
    for name, value in vars(module).items():
        if name.startswith("_") or not inspect.isroutine(value):
            continue
        if getattr(value, "__module__", None) != module.__name__:
            continue
        marked = hasattr(value, KIND)
        if not marked and (name == "setup" or not inspect.iscoroutinefunction(value)):
            continue
        _check(file, name, value)
        found[name] = value
    return found


def setup_in(file: Path) -> Handler | None:
    """The `async def setup(ctx)` of a file, which fills the database before time starts."""
    value = getattr(_load(file, _modified(file)), "setup", None)
    if value is None or hasattr(value, KIND):
        return None
    if not inspect.iscoroutinefunction(value) or len(inspect.signature(value).parameters) != 1:
        raise ScenarioError(file, _line(value), "setup", "write it as `async def setup(ctx): …`")
    found: Handler = value
    return found


def _check(file: Path, name: str, handler: Any) -> None:
    if not inspect.iscoroutinefunction(handler):
        raise ScenarioError(
            file, _line(handler), name, f"a handler is a coroutine: write `async def {name}(ctx, args)`"
        )
    parameters = [p for p in inspect.signature(handler).parameters.values() if p.default is p.empty]
    if len(parameters) != 2 or any(p.kind is p.KEYWORD_ONLY for p in parameters):
        count = len(parameters)
        raise ScenarioError(
            file, _line(handler), name, f"a handler takes ctx and args; this one takes {count} parameters"
        )


def _line(handler: Any) -> int | None:
    code = getattr(handler, "__code__", None)
    return None if code is None else int(code.co_firstlineno)


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError as error:
        raise ScenarioError(file, None, "", f"cannot read this handler file: {error.strerror or error}") from error


@lru_cache(maxsize=256)
def _load(file: Path, modified: float) -> ModuleType:
    name = f"contend_handlers_{abs(hash((str(file), modified))):x}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ScenarioError(file, None, "", "a handler file is Python source and ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses in a handler file look there
    watch = Watch(_PATIENCE_S)
    watch.enter()
    try:
        try:
            spec.loader.exec_module(module)
        finally:
            watch.leave()
            watch.stop()
    except SyntaxError as error:
        raise ScenarioError(error.filename or file, error.lineno, "", f"this is no Python: {error.msg}") from error
    except (Exception, SystemExit, EndlessError) as error:
        inside = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
        line = inside[-1].lineno if inside else None
        if isinstance(error, EndlessError):
            message = f"loading it takes more than {_PATIENCE_S:g} s: an endless loop outside of its handlers?"
        else:
            message = f"loading it fails with {type(error).__name__}: {error}"
        raise ScenarioError(file, line, "", message) from error
    return module
