"""The ways Convex writes a function's name, and one normal form to join them on.

| where | form |
|---|---|
| log streams, `function.path` | `dir/mod:fn`; a default export is `dir/mod` |
| canonical (console lines, usage events) | `dir/mod.js:fn`, `dir/mod.js:default` |
| write source of a conflict | `component/path/dir/mod.js:fn`, or a system label without `:` |
| code | `api.dir.mod.fn`, `internal.dir.mod.fn`, `components.name.dir.mod.fn` |

(convex-backend: crates/convex/sync_types/src/module_path.rs, crates/convex/sync_types/src/udf_path.rs,
crates/database/src/write_log.rs)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contend.convex.errors import InvalidValueError

_EXTENSIONS: Final = (".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".mts", ".cts")
SCHEDULED_SOURCE: Final = "scheduled_job_mutation_success"
"""Write source of every scheduled mutation, whatever its function (convex-backend:
crates/application/src/scheduled_jobs/mod.rs)."""
CRON_SOURCE: Final = "cron_commit_mutation"
"""Write source of every cron mutation (convex-backend: crates/application/src/cron_jobs/mod.rs)."""


@dataclass(frozen=True, slots=True, order=True)
class FunctionPath:
    """A function: `component` (`""` is the app itself), `module` without extension, and `export`."""

    component: str
    module: str
    export: str

    def __str__(self) -> str:
        """As in log streams, and as this project names functions: `dir/mod:fn`, or `dir/mod` for a default export."""
        return self.module if self.export == "default" else f"{self.module}:{self.export}"

    @property
    def canonical(self) -> str:
        """`dir/mod.js:fn`, with `:default` spelled out."""
        return f"{self.module}.js:{self.export}"

    @property
    def write_source(self) -> str:
        """As a conflict names the function: canonical, below its component's path."""
        return f"{self.component}/{self.canonical}" if self.component else self.canonical


def parse_path(text: str, component: str = "") -> FunctionPath:
    """Reads any of the forms with `/` and `:`. Raises `InvalidValueError` for an empty one."""
    module, colon, export = text.strip().replace("\\", "/").partition(":")
    module = module.strip("/")
    for extension in _EXTENSIONS:
        if module.endswith(extension):
            module = module[: -len(extension)]
            break
    if not module or (colon and not export):
        raise InvalidValueError(f"{text!r} is not a function path; write it as dir/module:function")
    return FunctionPath(component, module, export or "default")


def parse_write_source(text: str, components: Collection[str] = ()) -> FunctionPath | None:
    """The function that a write source names, or None for a system label such as `scheduled_job_mutation_success`.

    A component's path is not marked off from directories: only `components` that the caller knows are split off, the
    longest first.
    """
    if ":" not in text:
        return None
    for component in sorted(components, key=len, reverse=True):
        if component and text.startswith(component + "/"):
            return parse_path(text[len(component) + 1 :], component)
    return parse_path(text)


def parse_reference(text: str) -> FunctionPath:
    """Reads a reference in code: `api.dir.mod.fn`, `internal.…`, `components.name.dir.mod.fn`. Raises
    `InvalidValueError` where it names no function."""
    root, *names = text.split(".")
    component = ""
    if root == "components" and names:
        component, *names = names
    elif root not in ("api", "internal", "anyApi"):
        names = []
    if len(names) < 2 or not all(names):
        raise InvalidValueError(f"{text!r} is not a function reference; write it as api.module.function")
    return FunctionPath(component, "/".join(names[:-1]), names[-1])


def normalise(text: str, component: str = "") -> str:
    """Any form with `/` and `:` as this project writes it: `normalise("a/b.js:f") == "a/b:f"`."""
    return str(parse_path(text, component))
