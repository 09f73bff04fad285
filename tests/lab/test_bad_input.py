"""Handlers and scenarios that would never end, or end the program: a message or an outcome, and never a hang."""

from __future__ import annotations

import sys

import pytest
from tests.lab.build import run, scenario, simulation

from contend.lab import functions
from contend.lab.errors import ScenarioError
from contend.lab.guarding import Watch

ONE_CALL = """
    [callers.one]
    steps = [{ call = "counters:main" }]
    [[workload]]
    kind = "trace"
    caller = "one"
    at_ms = [0]
"""
NO_TIME = """
    [timing]
    run_ms = 0
    per_operation_ms = 0
    network_ms = 0
"""
HEAD = """
    duration = "10s"
    [handlers]
    counters = "counters.py"
"""


def outcome(folder, handlers: str) -> str:
    """The one error of a call."""
    result = run(folder, ONE_CALL, handlers).functions["counters:main"]
    assert result.errors == 1
    return next(iter(result.errors_by))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{1: 2}", "1 is no field name"),
        ("{'$secret': 2}", "'$secret' is reserved"),
        ("{'': 2}", "'' is reserved"),
        ("'x' * 17_000_000", "Function return value is too large (17,000,000 bytes"),
        ("['x' * 9_000_000, 'y' * 9_000_000]", "Function return value is too large"),
        ("endless", "nested more than 64 deep, or holds itself"),
        ("[object()]", "object is not a Convex value"),
    ],
)
def test_a_result_that_convex_cannot_encode_is_an_outcome(tmp_path, value, message):
    handlers = f"""
    endless = []
    endless.append(endless)

    async def main(ctx, args):
        return {value}
    """
    assert message in outcome(tmp_path, handlers)


@pytest.mark.parametrize("name", ["'_secret'", "'$ref'", "''", "7"])
@pytest.mark.parametrize("write", ["insert('counters', {{{name}: 1}})", "patch(row, {{{name}: 1}})"])
def test_a_field_that_no_document_can_have_is_an_outcome(tmp_path, name, write):
    handlers = f"""
    async def main(ctx, args):
        row = await ctx.db.insert("counters", {{"value": 1}})
        await ctx.db.{write.format(name=name)}
    """
    assert f"{name} is no field name" in outcome(tmp_path, handlers)


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ("async def main(ctx, args):\n        await main(ctx, args)", "RecursionError"),
        ("async def main(ctx, args):\n        raise GeneratorExit", "GeneratorExit"),
        (
            "from contend.lab.handlers import action\n"
            "    @action\n"
            "    async def main(ctx, args):\n"
            "        await ctx.run_action('counters:main')",
            "the 17th action within another: without end?",
        ),
    ],
)
def test_endless_recursion_is_an_outcome(tmp_path, handlers, message):
    result = run(tmp_path, ONE_CALL, f"\n    {handlers}\n    ").functions["counters:main"]
    assert any(message in text for text in result.errors_by)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no signal that ends a wait")
def test_a_handler_that_waits_is_interrupted(tmp_path):
    handlers = """
    import time

    async def main(ctx, args):
        time.sleep(600)
    """
    found = simulation(tmp_path, ONE_CALL, handlers)
    found.watch.stop()
    found.watch = found.deployment.watch = Watch(patience_s=0.2)
    assert found.run().functions["counters:main"].errors == 1


ENDLESS = {
    "a job that starts itself": """
    async def main(ctx, args):
        await ctx.scheduler.run_after(0, "counters:main")
    """,
    "an action that calls on and on": """
    from contend.lab.handlers import action, query

    @query
    async def nothing(ctx, args):
        return None

    @action
    async def main(ctx, args):
        while True:
            await ctx.run_query(nothing)
    """,
}


@pytest.mark.parametrize("handlers", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_moment_that_never_ends_stops_the_run(tmp_path, handlers, monkeypatch):
    monkeypatch.setattr("contend.lab.simulation._STANDSTILL", 2_000)
    assert run(tmp_path, ONE_CALL, handlers, head=HEAD + NO_TIME).stopped_ms == 0


def test_a_moment_may_be_as_busy_as_its_largest_burst(tmp_path, monkeypatch):
    monkeypatch.setattr("contend.lab.simulation._STANDSTILL", 0)
    toml = """
        [callers.one]
        steps = [{ call = "counters:main" }]
        [[workload]]
        kind = "bursts"
        caller = "one"
        size = 500
        every = "1m"
    """
    result = run(tmp_path, toml, "\n    async def main(ctx, args):\n        pass\n    ", head=HEAD + NO_TIME)
    assert result.stopped_ms is None
    assert result.functions["counters:main"].calls == 500


def test_a_run_ends_with_its_budget_of_events(tmp_path):
    toml = "event_budget = 50\n" + HEAD
    assert run(tmp_path, ONE_CALL, ENDLESS["a job that starts itself"], head=toml).stopped_ms is not None


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ("while True:\n    pass", r"counters.py:\d: loading it takes more than 0.3 s: an endless loop outside"),
        ("import sys\nsys.exit(3)", r"counters.py:2: loading it fails with SystemExit: 3"),
    ],
)
def test_a_handler_file_that_does_not_load_is_told_with_its_line(tmp_path, handlers, message, monkeypatch):
    monkeypatch.setattr(functions, "_PATIENCE_S", 0.3)
    with pytest.raises(ScenarioError, match=message):
        scenario(tmp_path, "", handlers)


def test_a_set_up_without_end_is_told_with_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("contend.lab.simulation._SETUP_BUDGET", 500)
    handlers = (
        "async def setup(ctx):\n    while True:\n        await ctx.db.insert('t', {})\nasync def main(ctx, args): ..."
    )
    with pytest.raises(ScenarioError, match=r"setup: it failed: .*endless loop\? \(counters.py:3\)"):
        run(tmp_path, ONE_CALL, handlers)
