"""Facts about common components: complete, consistent with themselves, and each with its source."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from contend.convex.components import COMPONENTS, component_of
from contend.convex.components import facts as f

EVERY = list(COMPONENTS.values())
WITH_TABLES = [component for component in EVERY if component.tables]
CALLS = [(component, call) for component in EVERY for call in component.calls]


def name_of(value: object) -> str:
    return value.package if isinstance(value, f.Component) else value.name if isinstance(value, f.Call) else ""


def reads(call: f.Call) -> Iterator[f.Read]:
    return (step for step in call.steps if isinstance(step, f.Read))


def tables(component: f.Component, call: f.Call, name: str) -> list[f.Columns]:
    """The table as the versions have it that the call's fact speaks of."""
    version = call.since or "0.0.1"
    known = [one for one in component.tables if one.name == name]
    fitting = [one for one in known if f.holds(one.since, one.until, version)]
    return fitting or known


def operands(value: object) -> Iterator[object]:
    """An operand and those within it."""
    yield value
    for name in getattr(value, "__slots__", ()):
        inner = getattr(value, name)
        for one in inner if isinstance(inner, tuple) else (inner,):
            if hasattr(one, "__slots__"):
                yield from operands(one)


@pytest.mark.parametrize("component", EVERY, ids=name_of)
def test_every_fact_names_the_file_and_version_it_was_read_in(component):
    assert component.checked
    for call in component.calls:
        assert re.fullmatch(r"\d+\.\d+\.\d+", call.source.version)
        assert call.source.version in component.checked
        assert call.source.file.startswith("src/")


@pytest.mark.parametrize(("component", "call"), CALLS, ids=name_of)
class TestCalls:
    def test_its_bounds_are_a_prefix_of_the_index_it_reads(self, component, call):
        for read in reads(call):
            if not isinstance(read.table, str) or isinstance(read.bounds, f.Equalities) or not component.tables:
                continue
            for table in tables(component, call, read.table):
                fields = table.index(read.index)
                assert fields is not None, f"{read.table} has no index {read.index}"
                assert tuple(name for name, _, _ in read.bounds) == fields[: len(read.bounds)]

    def test_it_reads_and_writes_tables_that_the_component_has(self, component, call):
        names = {table.name for table in component.tables}
        used = {step.table for step in call.steps if isinstance(step, f.Read | f.Write) and isinstance(step.table, str)}
        assert not names or used <= names

    def test_it_refers_only_to_rows_that_it_read_before(self, component, call):
        known: set[str] = set()
        for step in call.steps:
            rows = {one.row for one in operands(step) if isinstance(one, f.FieldOf | f.NodeFor | f.Found)}
            assert rows <= known
            if isinstance(step, f.Read):
                known.add(step.row)

    def test_it_starts_functions_that_are_known(self, component, call):
        names = {one.name for one in component.calls}
        assert {step.function for step in call.steps if isinstance(step, f.Start)} <= names | {"loop.run"}

    def test_a_query_writes_nothing(self, component, call):
        if call.kind == "query":
            assert all(isinstance(step, f.Read) for step in call.steps)


@pytest.mark.parametrize("component", EVERY, ids=name_of)
def test_clients_run_functions_that_the_component_has(component):
    names = {call.name for call in component.calls}
    uses = [use for method in component.methods for use in method.does if isinstance(use, f.Use)]
    uses += [use for one in component.triggers for use in (*one.insert, *one.update, *one.delete)]
    assert {use.call for use in uses} <= names
    assert {method.of for method in component.methods} <= {*component.classes, ""}


@pytest.mark.parametrize("component", EVERY, ids=name_of)
def test_one_version_has_one_form_of_each_function(component):
    for version in component.checked:
        for name in {call.name for call in component.calls}:
            forms = [call for call in component.calls if call.name == name]
            assert len([one for one in forms if f.holds(one.since, one.until, version)]) <= 1


class TestVersions:
    """A fact may hold for a range of versions."""

    def test_the_form_that_an_app_installs_is_taken(self):
        pool = COMPONENTS["@convex-dev/workpool"]
        old, new = pool.call("lib.enqueue", "0.3.2"), pool.call("lib.enqueue", "0.4.12")
        assert old is not None
        assert new is not None
        assert "runStatus" in {read.table for read in reads(old)}
        assert "batchWorker/workers" in {read.table for read in reads(new)}

    def test_an_unknown_version_is_the_newest(self):
        presence = COMPONENTS["@convex-dev/presence"]
        assert presence.call("public.heartbeat") == presence.call("public.heartbeat", "0.4.0")
        assert "sessionTimeouts" not in {table.name for table in presence.tables_of()}

    @pytest.mark.parametrize(
        ("version", "known"),
        [("0.2.14", False), ("0.3.2", False), ("0.4.0", True), ("0.4.0-alpha.1", True), ("", True)],
    )
    def test_a_function_that_came_later(self, version, known):
        found = COMPONENTS["@convex-dev/rate-limiter"].call("lib.enqueueUpdates", version)
        assert (found is not None) is known


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("@convex-dev/rate-limiter", "rateLimiter"),
        ("@convex-dev/aggregate/convex.config.js", "aggregate"),
        ("@convex-dev/stripe", None),
        ("convex/server", None),
        ("rate-limiter", None),
    ],
)
def test_components_by_package(package, name):
    component = component_of(package)
    assert (component.name if component is not None else None) == name
