"""Code whose meaning grows faster than its text, and code that turns in a circle: an audit of it ends."""

from __future__ import annotations

import pytest

from contend.model.audit import Audit
from contend.model.functions import Function

from .conftest import IMPORTS, AuditOf

DEEP = 30  # doublings: more than any machine can walk
BARRELS = 12  # the ways through that many are more, too


def run_of(result: Audit) -> Function:
    """The function `work:run`, which every app here has."""
    found = result.repository.apps[0].function("work:run")
    assert found is not None
    return found


def written(result: Audit) -> set[str]:
    """The fields that `work:run` writes."""
    return {field.name for access in run_of(result).writes for field in access.fields}


def handler(body: str, above: str = "") -> dict[str, str]:
    begin = 'export const run = mutation({ args: { id: v.id("users") }, handler: async (ctx, args) => {'
    return {"convex/work.ts": f"{IMPORTS}\n{above}\n{begin}\n{body}\n}} }});\n"}


def repeated(line: str, times: int = DEEP) -> str:
    """`line` for each number, with `#` for it and `+` for the next."""
    return "\n".join(line.replace("#", str(at)).replace("+", str(at + 1)) for at in range(times))


PATCH = "await ctx.db.patch(args.id, { value });"


@pytest.mark.parametrize(
    "step",
    [
        "value = [value, value];",
        "value = { left: value, right: value };",
        "value = value ? { left: value } : [value];",
        "value = `${value}-${value}`;",
        "value = value * value;",
        "if (args.a#) value = { a: value, b: value }; else value = [value, value];",
        "for (const item of args.items) { value = { ...value, f#: { left: value, right: [value, item] } }; }",
        "value = [value, value].reduce((all, one) => ({ ...all, [one]: value, all }), { value });",
    ],
)
def test_a_variable_that_doubles(audit: AuditOf, step: str) -> None:
    assert "value" in written(audit(handler(f"let value = args.value;\n{repeated(step)}\n{PATCH}")))


@pytest.mark.parametrize(
    "helper",
    [
        "function make#(x) { return [make+(x), make+(x)]; }",
        "function make#(x) { return { left: make+(x), right: make+(x.right) }; }",
        "const make# = (x) => x ? { a: make+(x), b: make+(x) } : [make+(x)];",
    ],
)
def test_helpers_whose_result_doubles(audit: AuditOf, helper: str) -> None:
    above = f"{repeated(helper)}\nfunction make{DEEP}(x) {{ return x; }}"
    assert "value" in written(audit(handler(f"const value = make0(args.value);\n{PATCH}", above)))


@pytest.mark.parametrize(
    ("step", "last"),
    [
        ("const go# = async (x) => { await go+(x); await go+([x]); };", "const go30 = async (x) => {};"),
        ("const go# = args.a# ? (x) => go+(x) : (x) => go+([x]);", "const go30 = (x) => x;"),
        ("const go# = async (x) => { for (const one of x) await go+(one); await go+(x); };", "const go30 = (x) => x;"),
        ("const go# = async (f) => { await go+(() => { f(); f(); }); };", "const go30 = (f) => f();"),
        ("class Go# { left = new Go+(); right = new Go+(); }", "class Go30 {}\nnew Go0();"),
    ],
)
def test_closures_and_classes_that_branch(audit: AuditOf, step: str, last: str) -> None:
    result = audit(
        handler(f'{repeated(step)}\n{last}\nif (args.a) go0("x");\nawait ctx.db.patch(args.id, {{ count: 1 }});')
    )
    assert run_of(result) is not None


def test_mutations_that_run_the_next_one_several_times(audit: AuditOf) -> None:
    run = "await ctx.runMutation(internal.work.m+, { id: args.id });"
    each = f"export const m# = internalMutation({{ args: {{}}, handler: async (ctx, args) => {{ {run * 6} }} }});"
    result = audit(handler(run.replace("+", "0"), repeated(each, 12)))
    assert run_of(result).accesses == ()
    assert "more than" in " ".join(error.reason for error in result.repository.errors)


def test_barrels_that_all_export_each_other(audit: AuditOf) -> None:
    everything = "".join(f'export * from "./b{at}";\n' for at in range(BARRELS))
    barrels = {f"convex/b{at}.ts": f"{everything}export const n{at} = {at};" for at in range(BARRELS)}
    imports = 'import * as all from "./b0";\nimport { n7, nowhere, type Unknown } from "./b1";'
    result = audit({**barrels, **handler("await ctx.db.patch(args.id, { count: n7, other: nowhere(all) });", imports)})
    assert written(result) == {"count", "other"}


def test_barrels_of_a_client_that_all_export_each_other(audit: AuditOf) -> None:
    everything = "".join(f'export * from "./b{at}";\n' for at in range(BARRELS))
    barrels = {f"src/b{at}.ts": f"{everything}export const n{at} = {at};" for at in range(BARRELS)}
    hook = """
import { useMutation } from "convex/react";
import { api } from "../convex/_generated/api";
export const useCount = () => useMutation(api.users.count);
"""
    page = """
import * as all from "./b0";
export default function Page() {
  const count = all.useCount();
  return <button onClick={() => count({ id: "x" })} />;
}
"""
    result = audit({**barrels, "src/b9.ts": everything + hook, "src/page.tsx": page})
    assert [caller.span.file for caller in result.repository.apps[0].callers] == ["src/page.tsx"]


@pytest.mark.parametrize(
    "above",
    [
        "const f = (ctx, id) => g(ctx, id);\nasync function g(ctx, id) { await f(ctx, id); }\nconst go = f;",
        "const o = { f: (ctx, id) => o.g(ctx, id), g: (ctx, id) => o.f(ctx, id), self: () => o };\nconst go = o.f;",
        "class A { next = new A(); go(c, id) { return this.next.go(c, id); } }\nconst go = new A().go;",
        "class A extends B {}\nclass B extends A {}\nconst go = (c, id) => new A().go(c, id);",
        "class A { constructor() { this.self = this; this.all = [this]; } }\nconst go = (c, id) => new A().self.self;",
        "const omega = (x) => x(x);\nconst go = () => omega(omega);",
        "const a = b;\nconst b = { ...a, a };\nconst go = () => a.a.a;",
        "type T = { t: T; u: T[] };\ntype X<A> = X<X<A>>;\nconst go = (ctx, id: X<T>) => (id as T).t.u[0].t;",
        "const V = v.object({ v: V, w: v.array(W) });\nconst W = v.union(V, W);\nconst go = () => V;",
        'import { run as go } from "./work";\nexport * from "./work";',
        "const go = (ctx, id) => ctx.runMutation(api.work.run, { id });",
    ],
)
def test_circles(audit: AuditOf, above: str) -> None:
    body = "await go(ctx, args.id);\nawait ctx.db.patch(args.id, { count: 1 });"
    assert "count" in written(audit(handler(body, above)))


def test_a_schema_that_imports_itself(audit: AuditOf) -> None:
    schema = """
import schema, { tables } from "./schema";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
export const tables = { users: defineTable({ count: v.number() }), ...tables, ...schema.tables };
export default defineSchema({ ...tables, ...schema.tables });
"""
    assert set(audit({"convex/schema.ts": schema}).repository.apps[0].tables) == {"users"}


# ── much of everything ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "much",
    [
        repeated("if (args.a# !== undefined) value.a# = args.a#;", 800),
        repeated("if (args.a# > 1) throw new Error();\nawait ctx.db.get(args.id);", 800),
        repeated("if (args.a#) rows = rows.filter((q) => q.eq(q.field('count'), args.a#));", 400),
        "value.list = [" + repeated("args.a#,", 10_000) + "];",
        "value.all = {" + repeated("a#: 'text #',", 5_000) + "};",
        "value.text = " + "'a' + " * 2_000 + "'b';",
        "value.list = " + "[" * 600 + "]" * 600 + ";",
        repeated("async (a#) => { for (const b of a#) {", 100) + "}};" * 100,
    ],
    ids=["fields", "early exits", "filters", "array", "object", "text", "nested", "closures"],
)
def test_a_function_of_absurd_size(audit: AuditOf, much: str) -> None:
    body = (
        f"const value = {{ first: 1 }};\nlet rows = ctx.db.query('users');\n{much}\nawait ctx.db.patch(args.id, value);"
    )
    assert "first" in written(audit(handler(body)))


def test_a_function_with_too_many_accesses_says_so(audit: AuditOf) -> None:
    result = audit(handler("await ctx.db.insert('users', { count: 1 });\n" * 2_000))
    assert len(run_of(result).accesses) == 1_500
    assert [(error.path, error.reason.partition(": ")[2]) for error in result.repository.errors] == [
        ("convex/work.ts", "does more than 1500 things, of which the first are followed")
    ]


def test_helpers_that_call_too_deep_say_so(audit: AuditOf) -> None:
    helpers = repeated("async function h#(ctx, id) { await h+(ctx, id); }", 4_000)
    result = audit(handler("await h0(ctx, args.id);\nawait ctx.db.patch(args.id, { count: 1 });", helpers))
    assert "count" in written(result)
    assert any("nested too deep" in error.reason for error in result.repository.errors)
