"""Statements and declarations as the small syntax tree holds them."""

import pytest
from tests.source.lowered import body


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        ("let a = 1, b: string, { c } = d;", "let a = 1\nlet b: string\nlet {c: c} = d"),
        ("var x!: T", "var x: T"),
        ("using r = open(); await using s = f();", "const r = open()\nconst s = f()"),
        ("function f() { 'use server'; g() }", 'function f = function f() { "use server"; g() }'),
        ("async function* f() {}", "function f = async function* f() {}"),
        ("class A {}", "class A = class A {  }"),
        ("function f() { return }", "function f = function f() { return }"),
        ("function f() { return\n}", "function f = function f() { return }"),
        ("function f() { return /* why */ a }", "function f = function f() { return a }"),
        ("function f() { throw new E() }", "function f = function f() { throw new E() }"),
        ("if (a) b(); else if (c) { d() } else {}", "if (a) { b() } else { if (c) { d() } }"),
        ("for (let i = 0; i < n; i++) f(i)", "let i = 0\nfor ((i < n)) { f(i); i += 1 }"),
        ("for (i = 0, j = 1; ; ) {}", "(i = 0, j = 1)\nfor () {}"),
        ("for (const [k, v] of m) {}", "for ([k, v] of m) {}"),
        ("for (const k in o) f(k)", "for (k in o) { f(k) }"),
        ("for (a.b of c) {}", "for (a.b of c) {}"),
        ("for await (const x of y) {}", "for await (x of y) {}"),
        ("while (a) b()", "while (a) { b() }"),
        ("do { a() } while (b)", "do (b) { a() }"),
        ("try { a() } catch { b() }", "try { a() } catch { b() }"),
        ("try {} catch ({ code }: any) {} finally { c() }", "try {} catch ({code: code}) {} finally { c() }"),
        ("try {} finally { c() }", "try {} finally { c() }"),
        ("switch (a) { case 1: case 2: b(); break; }", "switch (a) { 1: {} 2: { b(); break } }"),
        ("switch (a) { default: c() }", "switch (a) { default: { c() } }"),
        ("outer: for (;;) { continue outer }", "for () { continue }"),
        ("{ let a = 1 }", "{ let a = 1 }"),
        (";;; debugger;", ""),
        ("with (a) { b() }", "b()"),
        ("const [a, , b = 1, ...rest] = c", "const [a, , b, ...rest] = c"),
        ("const { a = 1, [k]: b, 'c-d': e } = f", "const {a: a = 1, [?]: b, c-d: e} = f"),
    ],
)  # fmt: skip
def test_statements(text: str, lowered: str) -> None:
    assert body(text) == lowered


def test_an_enum_is_the_object_it_is_at_run_time() -> None:
    assert body("enum E { A, B = 5, C, 'D' = 'd', F }") == 'const E = {A: 0, B: 5, C: 6, D: "d", F: «enum_member»}'
    assert body("const enum E { A = 1 << 2 }") == "const E = {A: (1 << 2)}"


def test_a_namespace_is_the_object_of_what_it_exports() -> None:
    text = "namespace N { const own = 1; export const a = 1; export function f() {} export type T = string }"
    assert body(text) == "const N = {a: 1, f: function f() {}}"


@pytest.mark.parametrize(
    "text",
    [
        "declare const x: number;",
        "declare global { var y: string }",
        'declare module "x" { export const z: 1 }',
        "declare namespace N { const a: 1 }",
        "function overload(a: string): void;",
        "abstract class A { abstract f(): void }".replace("abstract class A", "declare abstract class A"),
        "type T = 1",
        "interface I {}",
    ],
)
def test_what_exists_only_for_the_compiler_is_no_statement(text: str) -> None:
    assert body(text) == ""


def test_an_import_alias_names_a_member() -> None:
    assert body("import a = b.c.d") == "const a = b.c.d"


def test_decorators_are_left_out() -> None:
    assert body("@Injectable() class A { @Input() x = 1 }") == "class A = class A { x: 1 }"
