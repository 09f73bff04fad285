"""Whatever the bytes are, lowering answers with a module: broken, huge, hostile, and valid code the grammar lacks."""

import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.source.lowered import body, module, problems

from contend.source import ir
from contend.source.lower import LARGEST, lower
from contend.source.lower.parsers import GaveUpError, parse, typescript

PATHS = ["a.ts", "a.mts", "a.tsx", "a.js", "a.cjs", "a.svelte", "a.vue"]
DEEP = 10_000
TOO_DEEP = ("nested too deep, the inside is left out", 1)


# ── whole files ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_file_is_an_empty_module(path: str) -> None:
    found = module(b"", path)
    assert (found.path, found.body, found.problems) == (path, (), ())


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", "export const a = 1".encode("utf-16")])
@pytest.mark.parametrize("path", PATHS)
def test_binary_files_are_not_parsed(path: str, data: bytes) -> None:
    assert problems(module(data, path)) == [("binary file (NUL bytes), not parsed", 0)]


def test_a_nul_byte_in_a_string_makes_no_file_binary() -> None:
    text = f"const key = 'a\0b'; // {'-' * 100}\nf(key)"
    assert body(text) == 'const key = "a\\u0000b"\nf(key)'


def test_generated_files_are_not_parsed() -> None:
    assert problems(module(b"f();\n" * (LARGEST // 5 + 1))) == [("generated file of 2.0 MB, not parsed", 0)]
    assert problems(module(b" " * 5_000_000)) == [("generated file of 4.8 MB, not parsed", 0)]


def test_wrong_utf_8_is_replaced_and_the_rest_is_read() -> None:
    found = module(b'const a = "caf\xe9";\nf(a)')
    assert problems(found) == [("not UTF-8; wrong bytes were replaced", 0)]
    assert body(b'const a = "caf\xe9";\nf(a)') == 'const a = "caf\N{REPLACEMENT CHARACTER}"\nf(a)'


def test_a_byte_order_mark_and_carriage_returns_change_nothing() -> None:
    text = "'use node';\r\nimport a from 'a';\r\n\r\nexport const b = `x\r\ny`;\r\n"
    found = module(b"\xef\xbb\xbf" + text.encode())
    assert found.directives == ("use node",)
    assert len(found.lines) == 6
    assert not found.problems


# ── syntax errors ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "line"),
    [("f();\nconst = 1;\ng();", 2), ("f();\n\ng()\nif (", 4), ("f();\n}\ng();", 2), ("f()\nlet a = {b: };\ng()", 2)],
)
def test_a_syntax_error_is_reported_once_by_its_first_line(text: str, line: int) -> None:
    found = module(text)
    assert problems(found) == [("syntax error", line)]
    assert body(text).splitlines()[0] == "f()"


def test_what_stands_around_a_syntax_error_is_read() -> None:
    handler = 'async (ctx) => { await ctx.db.insert("t", }) }'
    text = f'import a from "a";\nexport const b = mutation({{ handler: {handler} }});\nf();'
    found = module(text)
    assert [each.source for each in found.imports] == ["a"]
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("text", "lowered", "path"),
    [
        ("let a: import('./x').Id<'users'> = b", 'let a: Id<"users"> = b', "a.ts"),
        ("f<typeof import('./x')>()", "f<typeof import('./x')>()", "a.ts"),
        ("sql<{ n: number; m: string }>`a ${b}`", "sql(`a ${b}`)", "a.ts"),
        ("for (; i < unique.length; ) {}", "for ((i < unique.length)) {}", "a.js"),
        ("x = <p>Terms & Conditions {a && b}</p>", "x = <p>{(a && b)}</p>", "a.tsx"),
        ("x = <p>cd a && ls</p>", "x = <p/>", "a.tsx"),
        ('x = <img src="/i?w=1&h=2" alt="A &" />', 'x = <img src={"/i?w=1&h=2"} alt={"A &"}/>', "a.tsx"),
        ("<p>Terms & Conditions {a}</p>", "<><p>{a}</p></>", "a.svelte"),
        ("<p>Core & flows (in progress)</p>{a}", "<><p/>{a}</>", "a.svelte"),
    ],
)
def test_valid_code_that_the_grammar_lacks_is_read_all_the_same(text: str, lowered: str, path: str) -> None:
    assert problems(module(text, path)) == []
    assert body(text, path) == lowered


@pytest.mark.parametrize(
    "text",
    [
        "export type * from './x'",
        "export interface Cache<in out Key, out Value = never> extends Base<Key> { get: Value }",
        "interface Paper { abstract: string; other: number }",
        "const f: {\n  <A>(a: A): (b: number) => B<A>\n  <A>(a: A, b: number): B<A>\n} = dual(2)",
        "let a: keyof import('./x').A",
    ],
)
def test_valid_types_that_the_grammar_lacks_are_no_syntax_errors(text: str) -> None:
    assert problems(module(text)) == []


# ── nesting ──────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = {
    "open parentheses": "(" * DEEP,
    "open brackets": "[" * DEEP,
    "open braces": "{" * DEEP,
    "open elements": "x = " + "<a>" * DEEP,
    "closing braces": "}" * DEEP,
    "quotes": "'" * DEEP,
    "comments": "/*" * DEEP,
    "exports": "export " * DEEP,
}
NESTED = {
    "arrays": "x = " + "[" * DEEP + "]" * DEEP,
    "objects": "x = " + "{a:" * DEEP + "1" + "}" * DEEP,
    "blocks": "{" * DEEP + "}" * DEEP,
    "arguments": "x = " + "f(" * DEEP + ")" * DEEP,
    "functions": "function f(){" * DEEP + "}" * DEEP,
    "arrows": "x = " + "a=>" * DEEP + "1",
    "operators": "x = " + "!" * DEEP + "a",
    "awaits": "await " * DEEP + "x",
    "sums": "x = " + "a+" * DEEP + "a",
    "chains": "x" + ".a()" * DEEP,
    "indexes": "x = " + "a[" * DEEP + "0" + "]" * DEEP,
    "conditionals": "x = " + "a?b:" * DEEP + "c",
    "assignments": "a=" * DEEP + "1",
    "branches": "if(a){}else " * DEEP + "{}",
    "loops": "while(a)" * DEEP + "x",
    "switches": "switch(a){case 1:" * DEEP + "}" * DEEP,
    "labels": "a:" * DEEP + "x",
    "templates": "x = " + "`${" * DEEP + "1" + "}`" * DEEP,
    "casts": "x = a" + " as any" * DEEP,
    "patterns": "const " + "{a:" * DEEP + "b" + "}" * DEEP + " = x",
    "classes": "x = " + "class { a = " * DEEP + "1" + "}" * DEEP,
    "generic types": "type X = " + "A<" * DEEP + "B" + ">" * DEEP,
    "array types": "type X = A" + "[]" * DEEP,
    "object types": "type X = " + "{a:" * DEEP + "B" + "}" * DEEP,
    "function types": "type X = " + "(a: B)=>" * DEEP + "B",
    "indexed types": "type X = A" + "['b']" * DEEP,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
@pytest.mark.parametrize("path", ["a.ts", "a.tsx"])
def test_hostile_files_end_in_a_syntax_error(text: str, path: str) -> None:
    assert problems(module(text, path)) == [("syntax error", 1)]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NESTED.items()])
def test_nesting_is_cut_where_code_with_pythons_own_limit_can_follow(text: str) -> None:
    before = sys.getrecursionlimit()
    found = module(text)
    assert problems(found) == [TOO_DEEP]
    assert sys.getrecursionlimit() == before
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ir.Module) == found


def test_nested_elements_are_cut() -> None:
    elements = "<a>" * 2000 + "{{ [[[a]]] }}" + "</a>" * 2000
    cases = {
        "a.tsx": "x = " + "<a b={<c>" * 2000 + "</c>}/>" * 2000,
        "a.svelte": elements,
        "a.vue": f"<template>{elements}</template>",
    }
    for path, text in cases.items():
        found = module(text, path)
        assert problems(found)[-1] == TOO_DEEP
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ir.Module) == found


@pytest.mark.parametrize("text", ["x = " + "(" * DEEP + "1" + ")" * DEEP, "type X = " + "A|" * DEEP + "B"])
def test_parentheses_and_unions_are_no_nesting(text: str) -> None:
    assert problems(module(text)) == []


def test_a_parse_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(GaveUpError, match="given up"):
        parse(typescript(), b"{" * 20_000, patience=0.0)


# ── anything ─────────────────────────────────────────────────────────────────────────────────────────────────────

REAL = [
    '''import { v } from "convex/values";
export const touch = mutation({
  args: { id: v.id("users"), ...more },
  handler: async (ctx, { id, at = Date.now() }: Args<"a">): Promise<void> => {
    const user = (await ctx.db.get(id))!;
    if (user?.seen && at - user.seen < 30_000) return;
    for (const x of await ctx.db.query("t").withIndex("by_u", (q) => q.eq("u", id)).collect()) await f(x);
    try { await ctx.db.patch(id, { seen: at, n: (user.n ?? 0) + 1 }); } catch (e) { throw e } finally { done() }
    switch (user.kind) { case "a": return; default: break }
  },
});
class A extends B<C> { static x = 1; get y() { return `a${this.x}` } async *z() { yield* w; } }
export type T = { a?: string } & Doc<"users">["b"] | typeof x.y; enum E { A, B = 2 }
export default function P() { return <div a="b" {...c}>{d.map((e) => <E key={e} />)}</div> }
// contend-ignore[rule]: reason
''',
    '''<script lang="ts">
  import { api } from "./api"; let n = 1;
  $: doubled = n * 2;
</script>
{#if n}<button on:click={() => save(n)} class="a {n} b" {...rest}>Save & go</button>{:else}{@html n}{/if}
{#each xs as x (x.id)}<Row {x} bind:value={x.v} />{/each}<!-- contend-ignore[rule]: reason -->
''',
    '''<template>
  <b @click="save(n); close()" :a="{ b: c }" v-for="x in xs" v-model="y">{{ z }} &amp; <br></b>
</template>
<script setup lang="ts">const n = ref<number>(1); defineProps<{ a: string }>()</script>
''',
]  # fmt: skip


def is_sound(path: str, data: bytes) -> None:
    found = lower(path, data)
    assert found.path == path
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=ir.Module).path == path


@given(path=st.sampled_from(PATHS), data=st.binary(max_size=300))
def test_any_bytes_can_be_lowered(path: str, data: bytes) -> None:
    is_sound(path, data)


@given(path=st.sampled_from(PATHS), text=st.text(alphabet="ab{}()[]<>'\"`$:;,.=>!?&|#@/\\*-+ \n\r\t0é😀", max_size=120))
def test_any_text_can_be_lowered(path: str, text: str) -> None:
    is_sound(path, text.encode())


@given(
    path=st.sampled_from(PATHS),
    text=st.sampled_from(REAL),
    cuts=st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 40), st.text("{}()<>`'\";=:./* \nax", max_size=4)), max_size=6
    ),
)
def test_broken_code_can_be_lowered(path: str, text: str, cuts: list[tuple[int, int, str]]) -> None:
    for start, length, instead in cuts:
        text = text[:start] + instead + text[start + length :]
    is_sound(path, text.encode())


@given(path=st.sampled_from(PATHS), pieces=st.lists(st.sampled_from(sorted({*" ".join(REAL).split()})), max_size=60))
def test_shuffled_code_can_be_lowered(path: str, pieces: list[str]) -> None:
    is_sound(path, " ".join(pieces).encode())
