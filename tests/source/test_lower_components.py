"""Svelte and Vue components: script blocks as one program, the markup as an element behind it."""

import pytest
from tests.source.lowered import body, module, problems


def markup(text: str, path: str = "App.svelte") -> str:
    """The markup of a component, without the fragment around it."""
    return body(text, path).splitlines()[-1].removeprefix("<>").removesuffix("</>")


def vue(template: str) -> str:
    return markup(f"<template>{template}</template>", "App.vue")


def test_svelte_scripts_are_one_program() -> None:
    text = """<script context="module" lang="ts">
  export const shared: string = "é<b>";
</script>
<script>
  import { api } from "./api";
  let count = 1;
  $: doubled = count * 2;
  $: { save(doubled); log() }
  $: if (count > 9) reset();
  inner: for (;;) {}
</script>
<p>Text &amp; more</p>
<style>p { color: red }</style>"""
    found = module(text, "App.svelte")
    assert found.directives == ("svelte",)
    assert [each.source for each in found.imports] == ["./api"]
    assert [each.exported for each in found.exports] == ["shared"]
    assert body(text, "App.svelte").splitlines() == [
        'const shared: string = "é<b>"',
        "let count = 1",
        "$: { doubled = (count * 2) }",
        "$: { save(doubled); log() }",
        "$: { if ((count > 9)) { reset() } }",
        "for () {}",
        "<><p/></>",
    ]


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        ("<b on:click={() => go()}>x</b>", "<b on:click={() => go()}/>"),
        ("<b onclick={go} bind:value={v} use:act={p}/>", "<b onclick={go} bind:value={v} use:act={p}/>"),
        ("<b on:close disabled />", "<b on:close={true} disabled={true}/>"),
        ("<b {short} {...rest} />", "<b short={short} {...rest}/>"),
        ('<b class="x {y} z" id="{i}" title="t &lt;" n=1 />', '<b class={`x ${y} z`} id={i} title={"t <"} n={"1"}/>'),
        (
            "<input onchange={async (e) => { await m({ a: '}' }); }} />",
            '<input onchange={async function (e) { await m({a: "}"}) }}/>',
        ),
        ("<Child onSave={save} opts={{ a: 1 }} />", "<Child onSave={save} opts={{a: 1}}/>"),
        ("<svelte:window on:keydown={h}/>", "<svelte:window on:keydown={h}/>"),
        ("<a>{x}{y as any}</a>", "<a>{x}{(y as any)}</a>"),
        ("{#if a}<b/>{:else if c}{d}{:else}<e/>{/if}", "{a}<b/>{c}{d}<e/>"),
        ("{#each items as item, i (item.id)}<Row {item}/>{:else}<p/>{/each}", "{items}<Row item={item}/><p/>"),
        ("{#await load() then x}{x}{:catch e}{e}{/await}", "{load()}{x}{e}"),
        ("{#await load()}<p/>{:then x}{x}{/await}", "{load()}<p/>{x}"),
        ("{#key k}<b/>{/key}", "{k}<b/>"),
        ("{#snippet row(a)}{a}{/snippet}{@render row(1)}{@html text}", "{a}{row(1)}{text}"),
        ("{@const q = a + 1}", "{q = (a + 1)}"),
    ],
)
def test_svelte_markup(text: str, lowered: str) -> None:
    assert markup(text) == lowered


def test_one_wrong_expression_spoils_no_other() -> None:
    found = module("<a on:click={f(}>x</a>\n<b on:click={g()}>y</b>{h}", "App.svelte")
    assert problems(found) == [("syntax error", 1)]
    assert "<b on:click={g()}/>{h}" in markup("<a on:click={f(}>x</a>\n<b on:click={g()}>y</b>{h}")


def test_vue_scripts_are_one_program() -> None:
    text = """<script lang="ts">
export default { name: "é" };
</script>
<script setup lang="ts">
import { ref } from "vue";
const n = ref<number>(1);
</script>
<template><p>{{ n }}</p></template>
<style>p { color: red }</style>"""
    found = module(text, "App.vue")
    assert found.directives == ("vue",)
    assert [each.local for each in found.imports] == ["ref"]
    assert body(text, "App.vue").splitlines() == [
        'const *default* = {name: "é"}',
        "const n = ref<number>(1)",
        "<><p>{n}</p></>",
    ]


def test_what_looks_like_a_section_inside_another_is_none() -> None:
    text = """<!-- <script>let hidden = 1</script> -->
<script setup lang="ts" generic="T extends Array<string>">const a = "<template>{{ b }}</template>"</script>
<template><i>{{ a }}<p v-pre>{{</p></i></template>"""
    assert body(text, "App.vue").splitlines() == [
        'const a = "<template>{{ b }}</template>"',
        "<><i>{a}<p v-pre={true}/></i></>",
    ]


def test_a_vue_script_can_hold_elements() -> None:
    assert body('<script lang="tsx">const a = <b c={d}/></script>', "App.vue") == "const a = <b c={d}/>"


@pytest.mark.parametrize(
    ("template", "lowered"),
    [
        # A handler that names or is a function comes as it stands; statements are wrapped in a function.
        ('<b @click="save"/>', "<b @click={save}/>"),
        ('<b @click="form.save"/>', "<b @click={form.save}/>"),
        ('<b v-on:click="(e) => save(e)"/>', "<b v-on:click={(e) => save(e)}/>"),
        ('<b @click="async () => { await save() }"/>', "<b @click={async function () { await save() }}/>"),
        ('<b @click="save()"/>', "<b @click={function () { save() }}/>"),
        ('<b @click.once="save(); close()"/>', "<b @click.once={function () { save(); close() }}/>"),
        ("<b @a='if (ok) save()'/>", "<b @a={function () { if (ok) { save() } }}/>"),
        ('<b @click="count++"/>', "<b @click={function () { count += 1 }}/>"),
        ("<b @click=save />", "<b @click={save}/>"),
        # Bindings are expressions.
        ('<b :class="{ a: b > 1 }" v-if="n > 2 && ok"/>', "<b :class={{a: (b > 1)}} v-if={((n > 2) && ok)}/>"),
        ('<b v-model="form.name" v-bind="props" v-on="all"/>', "<b v-model={form.name} {...props} {...all}/>"),
        ('<b v-for="(item, i) in items" :key="item.id"/>', "<b v-for={items} :key={item.id}/>"),
        ('<b title="t &amp; u" disabled #default="{ a }"/>', '<b title={"t & u"} disabled={true} #default={true}/>'),
        ('<p>{{ a }} and {{ f(b, "}") }}</p>', '<p>{a}{f(b, "}")}</p>'),
        ("<p><br><img><i>{{ a }}</i></p><b/>", "<p><br/><img/><i>{a}</i></p><b/>"),
        ("<template #foo><p>{{ a }}</p></template>", "<template #foo={true}><p>{a}</p></template>"),
    ],
)
def test_vue_markup(template: str, lowered: str) -> None:
    assert vue(template) == lowered


def test_a_component_without_markup_has_none() -> None:
    assert body("<script>let a = 1</script>", "App.svelte") == "let a = 1"
    assert body("", "App.svelte") == ""
    assert body("", "App.vue") == ""
