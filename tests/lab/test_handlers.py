"""Convex's API in Python shape, and handlers that end badly."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest
from tests.lab.build import HEAD, run, scenario, simulation

from contend.lab.errors import ScenarioError
from contend.lab.guarding import Watch

ONE_CALL = """
    [callers.one]
    steps = [{ call = "counters:main", args = { n = 3 } }]
    [[workload]]
    kind = "trace"
    caller = "one"
    at_ms = [0]
    user = 0
"""


def main(folder, body: str):
    """What one call of a mutation with this body counted."""
    lines = indent(dedent(body).strip(), " " * 8)
    handlers = f"""
    from contend.lab.handlers import *
    from contend.lab import gather
    import asyncio

    async def setup(ctx):
        ids = [await ctx.db.insert("counters", {{"name": name, "value": n}}) for n, name in enumerate("abcab")]
        return {{"ids": ids}}

    @query
    async def peek(ctx, args):
        return await ctx.db.query("counters").collect()

    @mutation
    async def fails(ctx, args):
        await ctx.db.insert("counters", {{"name": "never"}})
        raise ValueError("no")

    @mutation
    async def main(ctx, args):
{lines}
    """
    return run(folder, ONE_CALL.replace("user = 0", ""), handlers).functions["counters:main"]


GOOD = {
    "get": """
        rows = await ctx.db.query("counters").collect()
        assert (await ctx.db.get(rows[0]["_id"]))["name"] == "a"
    """,
    "an index range": """
        rows = await ctx.db.query("counters").with_index("by_name", lambda q: q.eq("name", "a")).collect()
        assert [row["value"] for row in rows] == [0, 3]
        query = ctx.db.query("counters").with_index("by_name", lambda q: q.gt("name", "a").lte("name", "b"))
        rows = await query.take(9)
        assert [row["value"] for row in rows] == [1, 4]
    """,
    "order, filter, first": """
        row = await ctx.db.query("counters").order("desc").filter(lambda row: row["name"] == "a").first()
        assert row["value"] == 3
    """,
    "unique": """
        row = await ctx.db.query("counters").with_index("by_name", lambda q: q.eq("name", "c")).unique()
        assert row["value"] == 2
    """,
    "pages": """
        page = await ctx.db.query("counters").paginate(num_items=args["n"])
        assert [row["value"] for row in page["page"]] == [0, 1, 2]
        assert page["isDone"] is False
        return page["continueCursor"]
    """,
    "a loop": """
        seen = [row["value"] async for row in ctx.db.query("counters")]
        assert seen == [0, 1, 2, 3, 4]
    """,
    "writes": """
        id = await ctx.db.insert("counters", {"name": "x", "tags": ["a"]})
        await ctx.db.patch(id, {"value": 1, "name": UNDEFINED})
        assert (await ctx.db.get(id)).keys() == {"_id", "_creationTime", "tags", "value"}
        await ctx.db.replace(id, {"name": "y"})
        assert (await ctx.db.get(id))["name"] == "y"
        await ctx.db.delete(id)
        assert await ctx.db.get(id) is None
    """,
    "documents are copies": """
        id = await ctx.db.insert("counters", {"name": "x", "tags": ["a"]})
        (await ctx.db.get(id))["tags"].append("b")
        assert (await ctx.db.get(id))["tags"] == ["a"]
    """,
    "a sub-mutation that fails is undone": """
        try:
            await ctx.run_mutation(fails)
        except ValueError:
            pass
        assert len(await ctx.run_query("counters:peek")) == 5
    """,
    "who calls": """
        assert (await ctx.auth.get_user_identity())["subject"].startswith("user-")
    """,
    "several at a time": """
        rows = await ctx.db.query("counters").collect()
        names = await gather(*[ctx.db.get(row["_id"]) for row in rows])
        assert [row["name"] for row in names] == list("abcab")
    """,
    "a stale snapshot": """
        await ctx.db.insert("counters", {"name": "x"})
        assert len(await ctx.run_query(peek, use_stale_snapshot=True)) == 5
        assert len(await ctx.run_query(peek)) == 6
    """,
    "ids": """
        row = await ctx.db.query("counters").first()
        assert ctx.db.normalize_id("counters", row["_id"]) == row["_id"]
        assert ctx.db.normalize_id("others", row["_id"]) is None
    """,
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_what_a_handler_can_do(tmp_path, body):
    found = main(tmp_path, body)
    assert (found.errors, found.errors_by) == (0, {})


BAD = {
    "throws": ("raise KeyError('gone')", "Uncaught KeyError: 'gone' (counters.py:21)"),
    "reads for ever": ("while True:\n    await ctx.db.get('nothing')", "more than 50,000 database operations"),
    "reads too much": (
        "row = await ctx.db.query('counters').first()\nfor _ in range(32_000):\n    await ctx.db.get(row['_id'])",
        "Too many documents read",
    ),
    "returns a set": ("return {1, 2}", "set is not a Convex value"),
    "returns too large a number": ("return 2**64", "does not fit in an int64"),
    "stores an object": ("await ctx.db.insert('counters', {'name': object()})", "object is not a Convex value"),
    "waits for an event loop": ("await asyncio.sleep(0)", "await calls of ctx alone"),
    "patches nothing": ("await ctx.db.patch('gone', {})", "nonexistent document"),
    "uses an index that is not there": ("await ctx.db.query('counters').with_index('by_x').first()", "not found"),
    "catches everything and goes on": (
        "while True:\n    try:\n        await ctx.db.get('nothing')\n    except Exception:\n        pass",
        "an endless loop?",
    ),
    "recurses": ("await ctx.run_mutation(main, args)", "depth limit"),
    "ends the program": ("raise SystemExit(3)", "ended the program"),
    "calls what is not there": ("await ctx.run_mutation('counters:gone')", "Could not find"),
}


@pytest.mark.parametrize(("body", "message"), BAD.values(), ids=BAD.keys())
def test_a_handler_that_ends_badly_is_an_outcome(tmp_path, body, message):
    found = main(tmp_path, body)
    assert found.errors == 1
    assert message in next(iter(found.errors_by))
    assert found.attempts == 1
    assert found.writes == 0


def test_a_loop_without_database_calls_is_interrupted_once(tmp_path):
    handlers = """
    async def main(ctx, args):
        while True:
            pass
    """
    found = simulation(tmp_path, ONE_CALL.replace("at_ms = [0]", "at_ms = [0, 1, 2]").replace("user = 0", ""), handlers)
    found.watch.stop()
    found.watch = found.deployment.watch = Watch(patience_s=0.2)
    main = found.run().functions["counters:main"]
    assert main.errors == 3
    assert any("an endless loop?" in message for message in main.errors_by)


ACTIONS = """
    from contend.lab.handlers import action, gather, mutation

    async def setup(ctx):
        return {"id": await ctx.db.insert("counters", {"value": 0})}

    @mutation
    async def add(ctx, args):
        row = await ctx.db.get(args["id"])
        await ctx.db.patch(args["id"], {"value": row["value"] + 1})

    @action
    async def together(ctx, args):
        await gather(*[ctx.run_mutation(add, args) for _ in range(4)])

    @action
    async def apart(ctx, args):
        for _ in range(4):
            await ctx.run_mutation(add, args)
            await ctx.sleep(10)

    @action
    async def catches(ctx, args):
        try:
            await ctx.run_mutation("counters:missing")
        except Exception as error:
            ctx.measure("caught", 1)
"""


@pytest.mark.parametrize(("action", "meet"), [("together", True), ("apart", False)])
def test_an_actions_calls_meet_when_they_run_together(tmp_path, action, meet):
    toml = ONE_CALL.replace("counters:main", f"counters:{action}").replace("n = 3", 'id = "$setup.id"')
    result = run(tmp_path, toml.replace("user = 0", ""), ACTIONS)
    add = result.functions["counters:add"]
    assert add.calls == add.writes == 4
    assert (add.conflicts > 0) is meet
    assert result.functions[f"counters:{action}"].calls == 1


def test_an_action_can_catch_what_fails(tmp_path):
    result = run(tmp_path, ONE_CALL.replace("counters:main", "counters:catches").replace("user = 0", ""), ACTIONS)
    assert result.measures["caught"].count == 1


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ("async def main(ctx):\n    pass", "counters.py:1: main: a handler takes ctx and args"),
        ("def (:", "counters.py:1: this is no Python"),
        ("\nimport nothing_like_it", "counters.py:2: loading it fails with ModuleNotFoundError"),
        ("from contend.lab.handlers import query\n@query\ndef main(ctx, args): pass", "main: a handler is a coroutine"),
        ("X = 1", "define no handler"),
    ],
)
def test_a_handler_file_that_cannot_be_used_is_told_with_its_line(tmp_path, handlers, message):
    with pytest.raises(ScenarioError) as caught:
        scenario(tmp_path, "", handlers)
    assert message in str(caught.value)


def test_a_set_up_that_fails_is_told_with_its_line(tmp_path):
    with pytest.raises(ScenarioError, match=r"setup: it failed: Uncaught ValueError: no \(counters.py:2\)"):
        run(
            tmp_path, "", "async def setup(ctx):\n    raise ValueError('no')\nasync def main(ctx, args): ...", head=HEAD
        )
