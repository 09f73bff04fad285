"""When an access happens: guards, ways out, loops."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import guards, only, operations, read_handler

ARGS = 'id: v.id("users"), name: v.string(), force: v.boolean(), ids: v.array(v.id("users"))'
USER = "const user = await ctx.db.get(args.id);\n"
PATCH = "await ctx.db.patch(args.id, { count: 1 });"


class TestGuards:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (PATCH, []),
            (f"if (args.force) {PATCH}", ["args.force"]),
            (f"if (args.force) {{ {PATCH} }} else {{ return; }}", ["args.force"]),
            (f"if (args.force) {{ return; }} else {{ {PATCH} }}", ["not (args.force)"]),
            (f"if (args.force) return;\n{PATCH}", ["not (args.force), early"]),
            (f"if (!args.force) throw new Error('no');\n{PATCH}", ["not (!args.force), early"]),
            (f"if (!args.force) {{ console.log('no'); return null; }}\n{PATCH}", ["not (!args.force), early"]),
            (f"if (args.force) {{ if (args.name === 'x') {PATCH} }}", ["args.force", 'args.name === "x"']),
            (f"if (args.force) {{ console.log('yes'); }}\n{PATCH}", []),
            (f"args.force && {PATCH}", ["args.force"]),
            (f"args.force || {PATCH}", ["not (args.force)"]),
            (f"args.force ? {PATCH[:-1]} : null;", ["args.force"]),
            (f"args.force ? null : {PATCH}", ["not (args.force)"]),
            (f"const ok = args.force;\nif (ok) {PATCH}", ["args.force"]),
            (f"while (args.force) {{ {PATCH} }}", ["args.force"]),
            (
                f"for (const id of args.ids) {{ if (id === args.id) continue; {PATCH} }}",
                ["not (args.ids[] === args.id), early"],
            ),
            (
                f"for (const id of args.ids) {{ if (id !== args.id) {{ break; }} {PATCH} }}",
                ["not (args.ids[] !== args.id), early"],
            ),
            (f"switch (args.name) {{ case 'a': return; case 'b': {PATCH} break; }}", ['args.name === "b"']),
            (f"try {{ if (args.force) return; {PATCH} }} finally {{ console.log(1); }}", ["not (args.force), early"]),
            (
                f"if (args.force) return;\nif (args.name) return;\n{PATCH}",
                ["not (args.force), early", "not (args.name), early"],
            ),
            (f"{{ if (args.force) return; }}\n{PATCH}", ["not (args.force), early"]),
        ],
    )
    def test_the_conditions_that_dominate_a_write(self, tmp_path, body, expected):
        body = body.replace("&& await", "&& (await").replace("|| await", "|| (await")
        if "(await" in body:
            body = body.removesuffix(";") + ");"
        assert guards(only(read_handler(tmp_path, body, ARGS), "patch")) == expected

    @pytest.mark.parametrize(
        ("test", "expected"),
        [
            ("if (Date.now() - user.seenAt < 30_000) return;", ["not (now - user.seenAt < 30000), early"]),
            (
                "const now = Date.now();\nif (now - user.seenAt < 30 * 1000) return;",
                ["not (now - user.seenAt < 30000), early"],
            ),
            (
                "const { seenAt } = user;\nif (seenAt > Date.now() - 60000) return;",
                ["not (user.seenAt > now - 60000), early"],
            ),
            (
                "const stale = Date.now() - user.seenAt >= WINDOW;\nif (!stale) return;",
                ["not (!now - user.seenAt >= 5000), early"],
            ),
            ("if (!(Date.now() <= user.seenAt)) {} else return;", ["!now <= user.seenAt, early"]),
        ],
    )
    def test_an_age_test_says_what_is_compared_with_what(self, tmp_path, test, expected):
        body = f"const user = (await ctx.db.get(args.id))!;\n{test}\n{PATCH}"
        found = guards(only(read_handler(tmp_path, body, ARGS, more="const WINDOW = 5_000;"), "patch"))
        assert [text.replace("(!(", "(!").replace("))", ")") for text in found] == expected

    def test_guards_of_a_helper_join_those_of_the_call(self, tmp_path):
        more = """
        async function touch(ctx: MutationCtx, id: Id<"users">, force: boolean) {
          const user = await ctx.db.get(id);
          if (!user) return;
          if (force) await ctx.db.patch(id, { count: 1 });
        }"""
        found = read_handler(tmp_path, "if (args.name) await touch(ctx, args.id, args.force);", ARGS, more=more)
        assert guards(only(found, "patch")) == ["args.name", "not (!user), early", "args.force"]

    def test_an_exit_inside_a_helper_does_not_end_the_caller(self, tmp_path):
        more = "async function check(ctx: QueryCtx, force: boolean) { if (force) return false; return true; }"
        found = read_handler(tmp_path, f"await check(ctx, args.force);\n{PATCH}", ARGS, more=more)
        assert guards(only(found, "patch")) == []

    def test_an_exit_inside_a_callback_does_not_end_the_handler(self, tmp_path):
        body = f"args.ids.forEach((id) => {{ if (args.force) return; }});\n{PATCH}"
        assert guards(only(read_handler(tmp_path, body, ARGS), "patch")) == []

    def test_what_follows_a_throw_never_happens(self, tmp_path):
        assert operations(read_handler(tmp_path, f"throw new Error('off');\n{PATCH}", ARGS)) == []

    def test_both_branches_of_a_get_or_create(self, tmp_path):
        body = """
        const found = await ctx.db.query("users").withIndex("by_email", (q) => q.eq("email", args.name)).unique();
        if (found) {
          await ctx.db.patch(found._id, { count: found.count + 1 });
          return found._id;
        }
        return await ctx.db.insert("users", { email: args.name, count: 1 });"""
        function = read_handler(tmp_path, body, ARGS)
        assert operations(function) == ["query users", "patch users", "insert users"]
        assert guards(only(function, "patch")) == ["user"]
        assert guards(only(function, "insert")) == ["not (user), early"]

    def test_a_switch_with_a_default(self, tmp_path):
        body = """
        switch (args.name) {
          case "a": await ctx.db.patch(args.id, { count: 1 }); break;
          case "b": await ctx.db.delete(args.id); break;
          default: await ctx.db.insert("posts", {});
        }"""
        function = read_handler(tmp_path, body, ARGS)
        assert operations(function) == ["patch users", "delete users", "insert posts"]
        assert guards(only(function, "delete")) == ['args.name === "b"']


class TestExits:
    def exits(self, root, body: str) -> list[tuple[str, tuple[int, ...]]]:
        return [(exit.kind, exit.accesses) for exit in read_handler(root, body, ARGS).exits]

    def test_a_function_that_runs_to_its_end(self, tmp_path):
        assert self.exits(tmp_path, USER + PATCH) == [("end", (0, 1))]

    def test_each_way_out_with_what_was_done_before(self, tmp_path):
        body = (
            USER + "if (!user) throw new Error('gone');\nif (args.force) return null;\n" + PATCH + "\nreturn user._id;"
        )
        assert self.exits(tmp_path, body) == [("throw", (0,)), ("return", (0,)), ("return", (0, 1))]

    def test_a_way_out_knows_nothing_of_the_other_branch(self, tmp_path):
        body = "if (args.force) { await ctx.db.delete(args.id); return 1; }\n" + PATCH + "\nreturn 2;"
        assert self.exits(tmp_path, body) == [("return", (0,)), ("return", (1,))]

    def test_a_write_after_a_check_that_follows_another_write(self, tmp_path):
        body = PATCH + "\n" + USER + "if (!user) return;\nawait ctx.db.insert('posts', {});"
        assert self.exits(tmp_path, body) == [("return", (0, 1)), ("end", (0, 1, 2))]


class TestLoops:
    @pytest.mark.parametrize(
        ("body", "parallel", "bound"),
        [
            ("for (const id of args.ids) await ctx.db.patch(id, {});", False, None),
            ("for (let i = 0; i < args.ids.length; i++) { await ctx.db.patch(args.ids[i], {}); }", False, None),
            ("for (const id of [args.id, args.id]) await ctx.db.patch(id, {});", False, 2),
            ("await Promise.all(args.ids.map((id) => ctx.db.patch(id, {})));", True, None),
            ("await Promise.all(args.ids.map(async (id) => { await ctx.db.patch(id, {}); }));", True, None),
            ("await Promise.allSettled(args.ids.map((id) => ctx.db.patch(id, {})));", True, None),
            ("const all = args.ids.map((id) => ctx.db.patch(id, {}));\nawait Promise.all(all);", True, None),
            ("args.ids.forEach(async (id) => { await ctx.db.patch(id, {}); });", True, None),
            ("await asyncMap(args.ids, (id) => ctx.db.patch(id, {}));", True, None),
            ("let id = args.id;\nwhile (args.force) { await ctx.db.patch(id, {}); }", False, None),
            ("do { await ctx.db.patch(args.id, {}); } while (args.force);", False, None),
            (
                "const jobs = [];\nfor (const id of args.ids) { jobs.push(ctx.db.patch(id, {})); }\nawait Promise.all(jobs);",
                True,
                None,
            ),
        ],
    )
    def test_a_write_in_a_loop(self, tmp_path, body, parallel, bound):
        found = read_handler(tmp_path, body, ARGS, more='import { asyncMap } from "convex-helpers";')
        patch = only(found, "patch")
        assert patch.tables == ("users",)
        (loop,) = patch.loops
        assert (loop.parallel, loop.bound) == (parallel, bound)

    def test_a_fixed_promise_all_is_as_wide_as_its_list(self, tmp_path):
        body = "await Promise.all([ctx.db.patch(args.id, {}), ctx.db.insert('posts', {})]);"
        found = read_handler(tmp_path, body, ARGS)
        assert [[(loop.parallel, loop.bound) for loop in access.loops] for access in found.accesses] == [
            [(True, 2)]
        ] * 2

    @pytest.mark.parametrize(
        ("body", "bound"),
        [
            (f"for (const id of args.ids) {{ {PATCH} return id; }}", 1),
            (
                f"for (const id of args.ids) {{ try {{ {PATCH} return id; }} catch (error) {{ console.log(error); }} }}",
                1,
            ),
            (f"for (let at = 0; at < 3; at++) {{ try {{ {PATCH} break; }} catch (error) {{ continue; }} }}", 1),
            (f"for (const id of args.ids) {{ if (args.force) {{ {PATCH} return id; }} else {{ break; }} }}", 1),
            (f"for (const id of args.ids) {{ {PATCH} if (args.force) break; }}", None),
            (f"for (const id of args.ids) {{ {PATCH} if (args.force) continue; else return id; }}", None),
        ],
    )
    def test_a_loop_that_leaves_unless_something_fails_goes_round_once(self, tmp_path, body, bound):
        (loop,) = only(read_handler(tmp_path, body, ARGS), "patch").loops
        assert loop.bound == bound

    def test_loops_in_loops(self, tmp_path):
        body = """
        for (const user of await ctx.db.query("users").collect()) {
          const posts = await ctx.db.query("posts").withIndex("by_author", (q) => q.eq("author", user._id)).collect();
          await Promise.all(posts.map((post) => ctx.db.delete(post._id)));
        }"""
        found = read_handler(tmp_path, body)
        assert [(access.operation, [loop.parallel for loop in access.loops]) for access in found.accesses] == [
            ("query", []),
            ("query", [False]),
            ("delete", [False, True]),
        ]

    def test_a_helper_called_in_a_loop(self, tmp_path):
        more = "async function drop(ctx: MutationCtx, id: Id<'users'>) { await ctx.db.delete(id); }"
        found = read_handler(tmp_path, "for (const id of args.ids) await drop(ctx, id);", ARGS, more=more)
        (loop,) = only(found, "delete").loops
        assert loop.over.text == "args.ids"
