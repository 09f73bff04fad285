"""What a file says at its top: directives, imports, exports, CommonJS."""

import subprocess
import sys

import pytest
from tests.source.lowered import body, module, render


def imports(text: str, path: str = "app.ts") -> list[tuple[str, str, str, bool]]:
    found = module(text, path).imports
    return [(each.local, each.imported, each.source, each.type_only) for each in found]


def exports(text: str, path: str = "app.ts") -> list[tuple[str, str, str | None, bool]]:
    found = module(text, path).exports
    return [(each.exported, each.local, each.source, each.type_only) for each in found]


def test_imports() -> None:
    text = """
        import a, { b, c as d, type E, default as f, "g h" as i } from "./x";
        import * as ns from '../y';
        import type { T } from "z";
        import type U from "z";
        import q = require("./q");
        import json from "./data.json" with { type: "json" };
        import "./side-effect";
    """
    assert imports(text) == [
        ("a", "default", "./x", False),
        ("b", "b", "./x", False),
        ("d", "c", "./x", False),
        ("E", "E", "./x", True),
        ("f", "default", "./x", False),
        ("i", "g h", "./x", False),
        ("ns", "*", "../y", False),
        ("T", "T", "z", True),
        ("U", "default", "z", True),
        ("q", "*", "./q", False),
        ("json", "default", "./data.json", False),
    ]


def test_exports_of_declarations() -> None:
    text = """
        export const a = 1, { b, c: [d, ...e], ...f } = g;
        export async function h() {}
        export class I {}
        export enum J { X }
        export type K = string;
        export interface L {}
        export declare const m: string;
        export function overload(): void;
    """
    names = ["a", "b", "d", "e", "f", "h", "I", "J"]
    assert exports(text) == [(name, name, None, False) for name in names] + [
        ("K", "K", None, True),
        ("L", "L", None, True),
    ]


def test_exports_of_names() -> None:
    text = """
        export { a, b as c, type D, e as default };
        export { f, default, default as g } from "./x";
        export type { H } from "./x";
        export * from "./y";
        export * as ns from "./z";
        export type * from "./types";
    """
    assert exports(text) == [
        ("a", "a", None, False),
        ("c", "b", None, False),
        ("D", "D", None, True),
        ("default", "e", None, False),
        ("f", "f", "./x", False),
        ("default", "default", "./x", False),
        ("g", "default", "./x", False),
        ("H", "H", "./x", True),
        ("*", "*", "./y", False),
        ("ns", "*", "./z", False),
        ("*", "*", "./types", False),
    ]


@pytest.mark.parametrize(
    ("text", "declared", "local"),
    [
        ("export default f(x)", "const *default* = f(x)", "*default*"),
        ("export default name", "const *default* = name", "*default*"),
        ("export default () => 1", "const *default* = () => 1", "*default*"),
        ("export default function () {}", "function *default* = function () {}", "*default*"),
        ("export default async function f() {}", "function f = async function f() {}", "f"),
        ("export default class {}", "class *default* = class  {  }", "*default*"),
        ("export default class A {}", "class A = class A {  }", "A"),
        ("export = f(x)", "const *default* = f(x)", "*default*"),
    ],
)
def test_default_exports(text: str, declared: str, local: str) -> None:
    assert body(text) == declared
    assert exports(text) == [("default", local, None, False)]


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        ('"use node";\nimport x from "y";', ("use node",)),
        ("'use client'\n\nf()", ("use client",)),
        ('// a comment first\n"use strict"; "use server"; f()', ("use server",)),
        ('#!/usr/bin/env node\n"use node"', ("use node",)),
        ('f(); "use node"', ()),
    ],
)
def test_directives_stand_first(text: str, directives: tuple[str, ...]) -> None:
    assert module(text).directives == directives


def test_a_directive_inside_a_function_is_a_statement_of_it() -> None:
    assert body('async function f() { "use server"; }') == 'function f = async function f() { "use server" }'


def test_required_modules_are_imports() -> None:
    text = """
        const a = require("./a"), { b, c: d } = require("./b");
        const e = require("./e").default;
        const f = require(name);
        const { g: { h } } = require("./g");
        function late() { return require("./late") }
    """
    assert imports(text, "app.cjs") == [
        ("a", "*", "./a", False),
        ("b", "b", "./b", False),
        ("d", "c", "./b", False),
        ("e", "default", "./e", False),
    ]
    assert body(text, "app.cjs").splitlines() == [
        "const f = require(name)",
        'const {g: {h: h}} = require("./g")',
        'function late = function late() { return require("./late") }',
    ]


def test_module_exports_declare_each_entry_once() -> None:
    text = "module.exports = { a, b: f(x), 'c-d': () => 1, ...rest }"
    assert body(text, "app.cjs").splitlines() == [
        "const exports.b = f(x)",
        "const exports.c-d = () => 1",
        "const *default* = {a: a, b: exports.b, c-d: exports.c-d, ...rest}",
    ]
    assert exports(text, "app.cjs") == [
        ("a", "a", None, False),
        ("b", "exports.b", None, False),
        ("c-d", "exports.c-d", None, False),
        ("default", "*default*", None, False),
    ]


def test_exports_by_assignment() -> None:
    text = "exports.a = a; module.exports.b = function () {}; module.exports = main; exports.c.d = 1"
    assert exports(text, "app.cjs") == [
        ("a", "a", None, False),
        ("b", "exports.b", None, False),
        ("default", "main", None, False),
    ]
    assert body(text, "app.cjs").splitlines() == ["const exports.b = function () {}", "exports.c.d = 1"]


def test_a_dynamic_import_stays_a_call() -> None:
    (statement,) = module('const m = await import("./x")').body
    assert render(statement) == 'const m = await import("./x")'


def test_lines_are_the_offsets_at_which_they_start() -> None:
    assert module("a\r\nbé\n\nc").lines == (0, 3, 7, 8)
    assert module("").lines == (0,)


def test_tree_sitter_is_loaded_by_the_first_file_only() -> None:
    program = """
import sys
from contend.source.lower import lower
print("tree_sitter" in sys.modules)
lower("a.ts", b"")
print("tree_sitter" in sys.modules, "tree_sitter_svelte" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True", "False"]
