"""Which functions a framework calls by itself: entries, by where a file stands and what it exports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from contend.source import ir

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_TESTS = re.compile(r"(^|/)(__tests__|tests?|e2e|cypress|playwright|__mocks__|stories)/|\.(test|spec|stories|e2e)\.")
_SCRIPTS = re.compile(r"(^|/)(scripts?|tools?|bin|seeds?|migrations?)/")


@dataclass(frozen=True, slots=True)
class Entry:
    """How a framework starts a function: `kind` as a trigger's, `label` for people ("handle hook", "POST /api/x")."""

    kind: str
    label: str


def entry_of(path: str, module: ir.Module, export: str, function: ir.Function | None) -> Entry | None:
    """The entry that an exported function is, None where only the app's own code calls it."""
    pure = PurePosixPath(path)
    name = pure.name
    stem = name.split(".")[0]
    svelte = _sveltekit(name, export)
    if svelte is not None:
        return svelte
    if _TESTS.search(path):
        return Entry("script", "test")
    following = _next(path, name, stem, export, module)
    if following is not None:
        return following
    if re.search(r"(^|/)server/(api|routes|middleware|plugins)/", path) and export == "default":
        return Entry("server-request", f"endpoint {_endpoint(path)}")
    if ".remote." in name:
        return Entry("server-request", f"remote function {export}")
    if export in ("loader", "clientLoader") or (export == "action" and "/routes/" in path):
        return Entry("server-request", f"{export} of {_route(path)}")
    if "use server" in module.directives:
        return Entry("server-request", f"server action {export}")
    if _SCRIPTS.search(path):
        return Entry("script", f"script {name}")
    if name.endswith((".svelte", ".vue")):
        return Entry("render", f"component {stem}")
    if function is not None and is_component(export, function):
        return Entry("render", f"component {component_name(path, export, function)}")
    return None


def _sveltekit(name: str, export: str) -> Entry | None:
    if name.startswith("hooks.server.") and export in ("handle", "handleFetch", "handleError", "init"):
        return Entry("server-request", f"{export} hook, every request")
    if name.startswith("hooks.client."):
        return Entry("render", f"{export} hook in the browser")
    if name.startswith(("+page.server.", "+layout.server.", "+page.", "+layout.")) and export == "load":
        return Entry("server-request", f"load of {name.split('.')[0]}")
    if name.startswith("+page.server.") and export == "actions":
        return Entry("server-request", "form action")
    if name.startswith("+server.") and export in (*_METHODS, "fallback"):
        return Entry("server-request", f"{export} endpoint")
    return None


def _next(path: str, name: str, stem: str, export: str, module: ir.Module) -> Entry | None:
    client = "use client" in module.directives
    if stem in ("middleware", "proxy") and export in ("middleware", "proxy", "default") and path.count("/") <= 2:
        return Entry("server-request", "middleware, every request")
    if stem == "route" and export in _METHODS:
        return Entry("server-request", f"{export} {_route(path)}")
    if "pages/api/" in path and export == "default":
        return Entry("server-request", f"API route {_route(path)}")
    if stem in ("page", "layout", "template") and "app/" in f"/{path}" and export in ("default", "generateMetadata"):
        if client:
            return Entry("render", f"page {_route(path)}")
        return Entry("server-request", f"{'page' if stem == 'page' else stem} {_route(path)}")
    if stem == "instrumentation" and export == "register":
        return Entry("script", "start of the server")
    if re.search(r"(^|/)pages/", path) and export in ("getServerSideProps", "getStaticProps", *_METHODS):
        return Entry("server-request", f"{export}{'' if export in _METHODS else ' of'} {_route(path)}")
    if re.search(r"(^|/)pages/", path) and export == "default":
        return Entry("render", f"page {_route(path)}")
    return None


def _route(path: str) -> str:
    """`/settings/profile` of `src/app/(main)/settings/profile/page.tsx`."""
    match = re.search(r"(?:^|/)(?:app/routes|app|routes|pages)/(.*)$", path)
    inner = match.group(1) if match else path
    parts = [part for part in inner.split("/") if not (part.startswith("(") and part.endswith(")"))]
    last = parts[-1].split(".")[0] if parts else ""
    parts = (
        parts[:-1]
        if last in ("page", "route", "layout", "index", "template") or last.startswith("+")
        else [*parts[:-1], last]
    )
    return "/" + "/".join(parts)


def _endpoint(path: str) -> str:
    """`/api/ping` of `server/api/ping.post.ts`."""
    inner = path.rsplit("server/", 1)[-1].removeprefix("routes/")
    return "/" + "/".join([*inner.split("/")[:-1], inner.rsplit("/", 1)[-1].split(".")[0]])


def handler_of(label: str) -> Entry | None:
    """The entry that a method of a module's default export is: `export default { fetch(request) { … } }`."""
    if label == "*default*.fetch":
        return Entry("server-request", "fetch handler, every request")
    if label == "*default*.scheduled":
        return Entry("timer", "scheduled handler")
    return None


def is_component(name: str, function: ir.Function) -> bool:
    """Whether a function is a component by React's convention: its name is capitalised, or it is a file's default
    export that returns an element."""
    label = function.name or name
    if label == "default" or label == "*default*":
        return _returns_element(function.body)
    return bool(label) and label[0].isupper() and not label.isupper()


def _returns_element(body: tuple[ir.Stmt, ...]) -> bool:
    for statement in body:
        if isinstance(statement, ir.Return) and isinstance(statement.value, ir.Jsx | ir.Conditional):
            return True
        if isinstance(statement, ir.If) and (_returns_element(statement.then) or _returns_element(statement.other)):
            return True
    return False


def component_name(path: str, export: str, function: ir.Function) -> str:
    """What people call a component."""
    if function.name and function.name != "*default*":
        return function.name
    return export if export != "default" else PurePosixPath(path).name.split(".")[0]
