"""Offsets are bytes of the file as stored."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.source.lowered import module

from contend.source import ir

SCRIPT = """\
import { api } from "./api";

export const größe = "Übergröße 😀";
function f(ctx: Ctx, { a, b: [c] }: Args) {
  const δ = ctx.db.query("ä").withIndex("by_ü", (q) => q.eq("x", a?.b ?? c[größe]));
  if (δ) return `é${größe}é${(f as any)(ctx)}`;
}
"""
FILES = {
    "app.ts": SCRIPT,
    "crlf.ts": SCRIPT.replace("\n", "\r\n"),
    "bom.ts": "\ufeff" + SCRIPT,
    "app.tsx": SCRIPT + 'const el = <Ä b={größe} {...c} title="ü">{f(größe)} ü {δ.x}</Ä>;',
    "App.svelte": f"<p>ü {{größe}}</p><script>\n{SCRIPT}</script>\n<b on:click={{() => f(größe)}} {{δ}} x='é{{f}}'/>",
    "App.vue": f"<template>ü<b @click='f(größe); g()' :c='δ'>{{{{ f.ä }}}}</b></template><script>{SCRIPT}</script>",
}


def nodes(value: object) -> Iterator[ir.Node]:
    """All nodes below a value."""
    if isinstance(value, tuple):
        for item in value:
            yield from nodes(item)
    elif isinstance(value, ir.Node):
        yield value
        for name in value.__struct_fields__:
            yield from nodes(getattr(value, name))


@pytest.mark.parametrize("path", FILES)
def test_a_name_stands_where_it_says(path: str) -> None:
    data = FILES[path].encode()
    named = [node for node in nodes(module(data, path).body) if isinstance(node, (ir.Name, ir.PName))]
    assert len(named) > 10
    assert [data[node.start : node.end].decode() for node in named] == [node.name for node in named]


@pytest.mark.parametrize("path", FILES)
def test_a_node_lies_within_the_node_around_it(path: str) -> None:
    data = FILES[path].encode()

    def check(value: object, start: int, end: int) -> None:
        if isinstance(value, tuple):
            for item in value:
                check(item, start, end)
        elif isinstance(value, msgspec.Struct):
            if hasattr(value, "start") and hasattr(value, "end"):
                assert start <= value.start <= value.end <= end, value
                start, end = value.start, value.end
            for name in value.__struct_fields__:
                check(getattr(value, name), start, end)

    check(module(data, path).body, 0, len(data))


@pytest.mark.parametrize("path", FILES)
def test_a_call_slices_to_its_own_text(path: str) -> None:
    data = FILES[path].encode()
    calls = [
        data[node.start : node.end].decode() for node in nodes(module(data, path).body) if isinstance(node, ir.Call)
    ]
    assert "(f as any)(ctx)" in calls
    assert 'ctx.db.query("ä").withIndex("by_ü", (q) => q.eq("x", a?.b ?? c[größe]))' in calls


@pytest.mark.parametrize("path", FILES)
def test_names_and_strings_are_decoded(path: str) -> None:
    found = module(FILES[path], path)
    assert {export.exported for export in found.exports} == {"größe"}
    texts = {node.value for node in nodes(found.body) if isinstance(node, ir.Literal_)}
    assert {"Übergröße 😀", "ä", "by_ü"} <= texts
