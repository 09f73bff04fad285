"""Which component stands behind `components.<name>`: what `convex.config.ts` installs, and under which name.

`app.use(rateLimiter, { name: "limits" })` (convex-backend: npm-packages/convex/src/server/components/index.ts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contend.convex.components import component_of
from contend.convex.components.facts import Component
from contend.source.evaluation import terms as t
from contend.source.paths import child, parent_of

if TYPE_CHECKING:
    from contend.source.evaluation.activation import Activation
    from contend.source.evaluation.program import Program

APP = "convex.app"
DEFINITION = "convex.component"
_CONFIGS = ("convex.config.ts", "convex.config.js")


@dataclass(frozen=True, slots=True)
class Mount:
    """A component under the name that its parent gives it. `directory` is its function directory where its source is in
    the repository, `package` the package it comes from otherwise; `facts` what is known of that."""

    name: str
    directory: str | None = None
    package: str = ""
    version: str = ""

    @property
    def facts(self) -> Component | None:
        return component_of(self.package) if self.package else None


def define(act: Activation, name: str, arguments: Sequence[t.Value]) -> t.Value | None:
    """`defineApp()`, `defineComponent("name")`."""
    if name == "defineApp":
        return t.Bound(APP, (act.module, ""))
    if name == "defineComponent":
        label = arguments[0].value if arguments and isinstance(arguments[0], t.Const) else None
        return t.Bound(DEFINITION, (act.module, label if isinstance(label, str) else ""))
    return None


def use(act: Activation, receiver: t.Bound, name: str, arguments: Sequence[t.Value]) -> t.Value:
    """`app.use(child, { name })`."""
    if name == "use" and arguments:
        options = arguments[1] if len(arguments) > 1 else t.UNDEFINED
        label = act.member(options, "name") if isinstance(options, t.Record) else t.UNDEFINED
        given = label.value if isinstance(label, t.Const) and isinstance(label.value, str) else ""
        for option in t.alternatives(arguments[0]):
            mount = _mount(act.program, receiver.data[0], option, given)
            if mount is not None:
                act.program.mounts.setdefault(receiver.data[0], {})[mount.name] = mount
    return receiver


def _mount(program: Program, importer: str, term: t.Value, given: str) -> Mount | None:
    if isinstance(term, t.Bound) and term.library == DEFINITION:
        module, own = term.data
        return Mount(given or own, parent_of(module)) if given or own else None
    if isinstance(term, t.External):
        facts = component_of(term.package)
        name = given or (facts.name if facts is not None else "") or default_name(term.package)
        return Mount(name, None, term.package, program.resolver.version_of(package_name(term.package), importer))
    return None


def package_name(specifier: str) -> str:
    """`@convex-dev/rate-limiter` of `@convex-dev/rate-limiter/convex.config.js`."""
    parts = specifier.split("/")
    return "/".join(parts[: 2 if specifier.startswith("@") else 1])


def default_name(package: str) -> str:
    """The name that a package's component most likely gives itself: `actionCache` for `@convex-dev/action-cache`."""
    words = package_name(package).rsplit("/", 1)[-1].split("-")
    return words[0] + "".join(word.capitalize() for word in words[1:])


def mount_of(program: Program, directory: str | None, name: str) -> Mount | None:
    """The component that `components.<name>` means in an app; None where nothing installs one of that name."""
    if directory is None:
        return None
    for config in _CONFIGS:
        path = child(directory, config) if directory not in ("", ".") else config
        if path not in program.modules:
            continue
        if path not in program.mounts:
            program.mounts[path] = {}
            program.run_module(path)
        found = program.mounts[path].get(name)
        if found is not None:
            return found
    return program.mounts.get(directory, {}).get(name)


def learn(program: Program, reference: Any, package: str, importer: str) -> None:
    """Note the package of a component that no configuration names: a client of that package is made for it."""
    for option in t.alternatives(reference):
        if (
            isinstance(option, t.Reference)
            and option.root == "components"
            and option.parts
            and option.directory is not None
        ):
            name = option.parts[0]
            if mount_of(program, option.directory, name) is None:
                version = program.resolver.version_of(package_name(package), importer)
                program.mounts.setdefault(option.directory, {})[name] = Mount(name, None, package, version)
