"""Who starts a function from within Convex: crons, the scheduler, routes, actions, other mutations."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import SERVER, caller, callers, read_app

JOBS = """
export const sweep = internalMutation({ args: { n: v.optional(v.number()) }, handler: async (ctx, args) => {} });
export const other = internalMutation(async (ctx) => {});
export const work = internalAction(async (ctx) => {});
"""


def read(root, files):
    return read_app(root, {"convex/jobs.ts": SERVER + JOBS, **files})


class TestCrons:
    HEAD = 'import { cronJobs } from "convex/server";\nimport { internal } from "./_generated/api";\nconst crons = cronJobs();\n'

    @pytest.mark.parametrize(
        ("entry", "schedule", "minutes"),
        [
            ('crons.interval("job", { seconds: 30 }, internal.jobs.sweep);', "every 30 seconds", 0.5),
            ('crons.interval("job", { minutes: 5 }, internal.jobs.sweep, {});', "every 5 minutes", 5),
            ('crons.interval("job", { hours: 2 }, internal.jobs.sweep);', "every 2 hours", 120),
            ('crons.interval("job", { minutes: EVERY }, internal.jobs.sweep);', "every 10 minutes", 10),
            ('crons.hourly("job", { minuteUTC: 5 }, internal.jobs.sweep);', "hourly", 60),
            ('crons.hourly("job", internal.jobs.sweep);', "hourly", 60),
            ('crons.daily("job", { hourUTC: 3, minuteUTC: 0 }, internal.jobs.sweep);', "daily", 1440),
            ('crons.weekly("job", { dayOfWeek: "monday", hourUTC: 3 }, internal.jobs.sweep);', "weekly", 10080),
            ('crons.monthly("job", { day: 1, hourUTC: 3 }, internal.jobs.sweep);', "monthly", 43830),
            ('crons.cron("job", "*/15 * * * *", internal.jobs.sweep);', "*/15 * * * *", 15),
            ('crons.cron("job", "0 * * * *", internal.jobs.sweep);', "0 * * * *", 60),
            ('crons.cron("job", "0 3 * * *", internal.jobs.sweep);', "0 3 * * *", 1440),
            ('crons.cron("job", "* * * * *", internal.jobs.sweep);', "* * * * *", 1),
            ('crons.cron("job", "0 0 * * 1", internal.jobs.sweep);', "0 0 * * 1", 10080),
        ],
    )
    def test_every_kind_has_its_period(self, tmp_path, entry, schedule, minutes):
        text = self.HEAD + "const EVERY = 10;\n" + entry + "\nexport default crons;"
        app = read(tmp_path, {"convex/crons.ts": text})
        (cron,) = app.crons
        assert (cron.name, cron.function, cron.schedule) == ("job", "jobs:sweep", schedule)
        assert cron.period_ms == minutes * 60_000
        found = caller(app, "jobs:sweep")
        assert (found.trigger.kind, found.trigger.period_ms, found.client) == ("cron", cron.period_ms, "cron")
        assert found.span.file == "convex/crons.ts"

    def test_several(self, tmp_path):
        text = (
            self.HEAD
            + 'crons.interval("a", { minutes: 1 }, internal.jobs.sweep);\n'
            + 'crons.interval("b", { minutes: 2 }, internal.jobs.sweep);\n'
            + 'crons.daily("c", { hourUTC: 1, minuteUTC: 1 }, internal.jobs.work);\nexport default crons;'
        )
        app = read(tmp_path, {"convex/crons.ts": text})
        assert [(cron.name, cron.function) for cron in app.crons] == [
            ("a", "jobs:sweep"),
            ("b", "jobs:sweep"),
            ("c", "jobs:work"),
        ]
        assert len(callers(app, "jobs:sweep")) == 2

    def test_in_a_loop_or_behind_a_condition(self, tmp_path):
        text = (
            self.HEAD
            + 'if (process.env.ON) crons.interval("a", { minutes: 1 }, internal.jobs.sweep);\n'
            + "export default crons;"
        )
        assert [cron.name for cron in read(tmp_path, {"convex/crons.ts": text}).crons] == ["a"]


class TestScheduler:
    def read(self, root, call: str, builder: str = "mutation"):
        return read(
            root,
            {
                "convex/m.ts": f"export const f = {builder}({{ args: {{ n: v.number() }}, handler: async (ctx, args) => {{ {call} }} }});"
            },
        )

    @pytest.mark.parametrize(
        ("call", "delay"),
        [
            ("await ctx.scheduler.runAfter(0, internal.jobs.sweep, {});", 0),
            ("await ctx.scheduler.runAfter(5 * 60 * 1000, internal.jobs.sweep);", 300_000),
            ("await ctx.scheduler.runAfter(args.n, internal.jobs.sweep, {});", None),
            ("await ctx.scheduler.runAt(Date.now() + 60_000, internal.jobs.sweep, {});", 60_000),
            ("await ctx.scheduler.runAt(new Date(Date.now() + 60_000), internal.jobs.sweep, {});", 60_000),
            ("await ctx.scheduler.runAt(args.n, internal.jobs.sweep, {});", None),
        ],
    )
    def test_a_delay(self, tmp_path, call, delay):
        found = caller(self.read(tmp_path, call), "jobs:sweep")
        assert (found.client, found.trigger.kind, found.from_function) == ("scheduler", "scheduler", "m:f")
        assert found.delay_ms == delay

    def test_an_action_schedules_too(self, tmp_path):
        found = caller(
            self.read(tmp_path, "await ctx.scheduler.runAfter(0, internal.jobs.sweep, { n: 1 });", "action"),
            "jobs:sweep",
        )
        assert (found.client, [(name, value.text) for name, value in found.arguments]) == ("scheduler", [("n", "1")])

    def test_a_helper_schedules_for_its_caller(self, tmp_path):
        text = (
            "async function later(ctx: MutationCtx, job: any) { await ctx.scheduler.runAfter(10, job, {}); }\n"
            "export const f = mutation(async (ctx) => { await later(ctx, internal.jobs.sweep); });"
        )
        found = caller(read(tmp_path, {"convex/m.ts": text}), "jobs:sweep")
        assert (found.from_function, found.delay_ms) == ("m:f", 10)

    def test_a_guard_and_a_loop_around_it(self, tmp_path):
        found = caller(
            self.read(
                tmp_path,
                "if (args.n > 2) for (const n of [1, 2, 3]) await ctx.scheduler.runAfter(0, internal.jobs.sweep, { n });",
            ),
            "jobs:sweep",
        )
        assert [guard.condition.text for guard in found.guards] == ["args.n > 2"]
        assert [loop.bound for loop in found.loops] == [3]

    def test_a_function_that_schedules_itself(self, tmp_path):
        app = read(
            tmp_path,
            {
                "convex/m.ts": "export const f = internalMutation(async (ctx) => { await ctx.scheduler.runAfter(1000, internal.m.f, {}); });"
            },
        )
        found = caller(app, "m:f")
        assert (found.from_function, found.delay_ms) == ("m:f", 1000)

    def test_a_schedule_inside_a_sub_mutation_belongs_to_both(self, tmp_path):
        text = (
            "export const inner = internalMutation(async (ctx) => { await ctx.scheduler.runAfter(0, internal.jobs.sweep, {}); });\n"
            "export const outer = mutation(async (ctx) => { await ctx.runMutation(internal.m.inner, {}); });"
        )
        app = read(tmp_path, {"convex/m.ts": text})
        assert sorted(one.from_function or "" for one in callers(app, "jobs:sweep")) == ["m:inner", "m:outer"]


class TestRoutes:
    HEAD = (
        'import { httpRouter } from "convex/server";\nimport { httpAction } from "./_generated/server";\n'
        'import { internal } from "./_generated/api";\nconst http = httpRouter();\n'
    )
    CALL = "await ctx.runMutation(internal.jobs.sweep, { n: 1 }); return new Response(null);"

    @pytest.mark.parametrize(
        "route",
        [
            f'http.route({{ path: "/hook", method: "POST", handler: httpAction(async (ctx, request) => {{ {CALL} }}) }});',
            f'const hook = httpAction(async (ctx, request) => {{ {CALL} }});\nhttp.route({{ path: "/hook", method: "POST", handler: hook }});',
            f'http.route({{ pathPrefix: "/hook", method: "POST", handler: httpAction(async (ctx, request) => {{ {CALL} }}) }});',
        ],
        ids=["inline", "named", "prefix"],
    )
    def test_a_route_is_an_action_that_a_webhook_starts(self, tmp_path, route):
        app = read(tmp_path, {"convex/http.ts": self.HEAD + route + "\nexport default http;"})
        (http,) = [one for one in app.functions if one.kind == "httpAction"]
        assert "/hook" in http.path
        found = caller(app, "jobs:sweep")
        assert (found.trigger.kind, found.client, found.from_function) == ("webhook", "action", http.id)

    def test_a_handler_from_another_file(self, tmp_path):
        app = read(
            tmp_path,
            {
                "convex/hooks.ts": f"export const stripe = httpAction(async (ctx, request) => {{ {self.CALL} }});",
                "convex/http.ts": self.HEAD
                + 'import { stripe } from "./hooks";\nhttp.route({ path: "/stripe", method: "POST", handler: stripe });\nexport default http;',
            },
        )
        found = caller(app, "jobs:sweep")
        assert (found.trigger.kind, found.span.file) == ("webhook", "convex/hooks.ts")


class TestActions:
    def read(self, root, body: str, head: str = ""):
        return read(
            root,
            {
                "convex/a.ts": head
                + SERVER
                + f"export const f = action({{ args: {{ ids: v.array(v.number()) }}, handler: async (ctx, args) => {{ {body} }} }});"
            },
        )

    def test_one_call(self, tmp_path):
        found = caller(self.read(tmp_path, "await ctx.runMutation(internal.jobs.sweep, { n: 1 });"), "jobs:sweep")
        assert (found.client, found.trigger.kind, found.from_function) == ("action", "action", "a:f")
        assert found.consequence.awaited

    def test_an_action_in_node(self, tmp_path):
        found = caller(
            self.read(tmp_path, "await ctx.runMutation(internal.jobs.sweep, {});", '"use node";\n'), "jobs:sweep"
        )
        assert found.client == "node-action"

    def test_one_after_the_other(self, tmp_path):
        app = self.read(
            tmp_path, "await ctx.runMutation(internal.jobs.sweep, {});\nawait ctx.runMutation(internal.jobs.other, {});"
        )
        first, second = caller(app, "jobs:sweep"), caller(app, "jobs:other")
        assert first.scope == second.scope
        assert first.order < second.order
        assert first.epoch == second.epoch

    @pytest.mark.parametrize(
        ("body", "parallel"),
        [
            ("for (const n of args.ids) { await ctx.runMutation(internal.jobs.sweep, { n }); }", False),
            ("await Promise.all(args.ids.map((n) => ctx.runMutation(internal.jobs.sweep, { n })));", True),
            (
                "await Promise.all(args.ids.map(async (n) => { await ctx.runMutation(internal.jobs.sweep, { n }); }));",
                True,
            ),
            ("while (true) { await ctx.runMutation(internal.jobs.sweep, {}); }", False),
        ],
    )
    def test_in_a_loop(self, tmp_path, body, parallel):
        found = caller(self.read(tmp_path, body), "jobs:sweep")
        assert [loop.parallel for loop in found.loops] == [parallel]

    def test_in_a_try(self, tmp_path):
        body = "try { await ctx.runMutation(internal.jobs.sweep, {}); } catch (e) { await ctx.runMutation(internal.jobs.other, {}); }"
        app = self.read(tmp_path, body)
        assert caller(app, "jobs:sweep").consequence.catch == "calls"
        assert not caller(app, "jobs:other").consequence.caught

    def test_an_action_that_runs_an_action(self, tmp_path):
        found = caller(self.read(tmp_path, "await ctx.runAction(internal.jobs.work, {});"), "jobs:work")
        assert found.client == "action"

    def test_a_helper_of_an_action(self, tmp_path):
        text = (
            "async function record(ctx: ActionCtx, n: number) { await ctx.runMutation(internal.jobs.sweep, { n }); }\n"
            "export const f = action(async (ctx) => { await record(ctx, 4); });"
        )
        found = caller(read(tmp_path, {"convex/a.ts": text}), "jobs:sweep")
        assert [(name, value.text) for name, value in found.arguments] == [("n", "4")]
        assert len(found.chain) == 2

    @pytest.mark.parametrize(
        "reference",
        [
            "internal.jobs.sweep",
            "(internal as any).jobs.sweep",
            'internal["jobs"].sweep',
            '"jobs:sweep" as any',
            "refs.sweep",
            "refs.sweep as never",
        ],
    )
    def test_however_the_function_is_named(self, tmp_path, reference):
        app = read(
            tmp_path,
            {
                "convex/a.ts": "const refs = { sweep: internal.jobs.sweep } as any;\n"
                f"export const f = action(async (ctx) => {{ await ctx.runMutation({reference}, {{}}); }});"
            },
        )
        assert caller(app, "jobs:sweep").from_function == "a:f"


def test_a_mutation_run_by_a_mutation_is_part_of_its_transaction(tmp_path):
    app = read(
        tmp_path,
        {
            "convex/m.ts": "export const f = mutation(async (ctx) => { await ctx.runMutation(internal.jobs.sweep, {}); });"
        },
    )
    found = caller(app, "jobs:sweep")
    assert (found.client, found.trigger.kind, found.from_function) == ("transaction", "function", "m:f")


def test_an_ai_tool_calls_in_its_execute_function(tmp_path):
    text = (
        'import { tool } from "ai";\n' + SERVER
        + "export const f = action(async (ctx) => { const tools = { save: tool({ execute: async () => "
        "{ await ctx.runMutation(internal.jobs.sweep, {}); } }) }; await generate(tools); });"
    )  # fmt: skip
    assert caller(read(tmp_path, {"convex/a.ts": text}), "jobs:sweep").from_function == "a:f"
