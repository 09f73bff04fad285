"""Who starts a function from Svelte and Vue components, stores and live clients."""

# A case of TypeScript stands on one line, however long it is.
# ruff: noqa: E501

import pytest
from tests.source.apps import SERVER, caller, callers, read_app

API = 'import { api } from "../convex/_generated/api";\n'
SVELTE = (
    'import { useConvexClient, useQuery } from "convex-svelte";\nimport { onMount, onDestroy } from "svelte";\n' + API
)
VUE = 'import { useConvexMutation, useConvexQuery, useConvexClient } from "convex-vue";\nimport { computed, onMounted, ref, watch, watchEffect } from "vue";\n' + API  # fmt: skip
FUNCTIONS = """
export const me = query(async (ctx) => ctx.db.query("users").first());
export const touch = mutation({ args: { n: v.optional(v.number()) }, handler: async (ctx) => {} });
export const save = mutation({ args: {}, handler: async (ctx) => {} });
"""


def read(root, files):
    return read_app(root, {"convex/users.ts": SERVER + FUNCTIONS, **files})


def svelte(script: str, markup: str = "<p />") -> dict[str, str]:
    return {"src/Panel.svelte": f'<script lang="ts">\n{SVELTE}{script}\n</script>\n{markup}'}


def vue(script: str, markup: str = "<p />") -> dict[str, str]:
    return {"src/Panel.vue": f'<script setup lang="ts">\n{VUE}{script}\n</script>\n<template>{markup}</template>'}


CLIENT = "const client = useConvexClient();\n"
GO = CLIENT + "const go = () => client.mutation(api.users.touch, {});"

TRIGGERS = {
    "onclick": (svelte(GO, "<button onclick={go}>x</button>"), "event", "click"),
    "an inline handler": (svelte(CLIENT, "<button onclick={() => client.mutation(api.users.touch, {})}>x</button>"), "event", "click"),
    "on:click": (svelte(GO, "<button on:click={go}>x</button>"), "event", "click"),
    "on:submit with a modifier": (svelte(GO, "<form on:submit|preventDefault={go} />"), "event", "submit"),
    "an input event": (svelte(GO, "<input oninput={go} />"), "keystroke", "input"),
    "a handler in an #if": (svelte(GO, "{#if true}<button onclick={go}>x</button>{/if}"), "event", "click"),
    "a handler in an #each": (
        svelte(CLIENT, "{#each rows as row}<button onclick={() => client.mutation(api.users.touch, { n: row.n })}>x</button>{/each}"),
        "event",
        "click",
    ),
    "a handler in a snippet": (svelte(GO, "{#snippet row()}<button onclick={go}>x</button>{/snippet}{@render row()}"), "event", "click"),
    "onMount": (svelte(CLIENT + "onMount(() => { client.mutation(api.users.touch, {}); });"), "render", "onMount"),
    "onDestroy": (svelte(CLIENT + "onDestroy(() => { client.mutation(api.users.touch, {}); });"), "render", "onDestroy"),
    "$effect": (svelte(CLIENT + "$effect(() => { client.mutation(api.users.touch, {}); });"), "effect", "$effect"),
    "$effect.pre": (svelte(CLIENT + "$effect.pre(() => { client.mutation(api.users.touch, {}); });"), "effect", "$effect.pre"),
    "$:": (svelte(CLIENT + "export let id;\n$: if (id) client.mutation(api.users.touch, {});"), "effect", "$:"),
    "an interval in onMount": (
        svelte(CLIENT + "onMount(() => { const t = setInterval(() => client.mutation(api.users.touch, {}), 9000); return () => clearInterval(t); });"),
        "timer",
        "setInterval",
    ),
    "the set-up of a component": (svelte(CLIENT + "client.mutation(api.users.touch, {});"), "render", "component Panel"),
    "svelte:window": (svelte(GO, "<svelte:window onbeforeunload={go} />"), "event", "beforeunload"),
    "Vue's @click": (vue("const { mutate } = useConvexMutation(api.users.touch);\nconst go = () => mutate({});", '<button @click="go">x</button>'), "event", "click"),
    "Vue's inline handler": (vue("const { mutate } = useConvexMutation(api.users.touch);", '<button @click="mutate({})">x</button>'), "event", "click"),
    "Vue's inline arrow": (vue("const { mutate } = useConvexMutation(api.users.touch);", '<button @click="() => mutate({})">x</button>'), "event", "click"),
    "Vue's @submit.prevent": (vue("const { mutate } = useConvexMutation(api.users.touch);\nasync function go() { await mutate({}); }", '<form @submit.prevent="go" />'), "event", "submit"),
    "Vue's @input": (vue("const { mutate } = useConvexMutation(api.users.touch);", '<input @input="mutate({})" />'), "keystroke", "input"),
    "Vue's v-on": (vue("const { mutate: touch } = useConvexMutation(api.users.touch);", '<button v-on:click="touch({})">x</button>'), "event", "click"),
    "onMounted": (vue("const { mutate } = useConvexMutation(api.users.touch);\nonMounted(async () => { await mutate({}); });"), "render", "onMounted"),
    "watch": (vue("const { data } = useConvexQuery(api.users.me, {});\nconst { mutate } = useConvexMutation(api.users.touch);\nwatch(data, () => { mutate({}); });"), "effect", "watch"),
    "watchEffect": (vue("const { mutate } = useConvexMutation(api.users.touch);\nwatchEffect(() => { mutate({}); });"), "effect", "watchEffect"),
    "Vue's client": (vue("const client = useConvexClient();\nconst go = () => client.mutation(api.users.touch, {});", '<button @click="go">x</button>'), "event", "click"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "kind", "detail"), TRIGGERS.values(), ids=TRIGGERS.keys())
def test_what_sets_a_call_off(tmp_path, files, kind, detail):
    found = caller(read(tmp_path, files), "users:touch")
    assert (found.trigger.kind, found.trigger.detail) == (kind, detail)
    assert found.trigger.entry == "component Panel"
    assert found.client == "websocket"


class TestDependencies:
    def dependencies(self, root, files):
        found = caller(read(root, files), "users:touch")
        assert found.trigger.kind == "effect"
        return {(one.query, one.path) for one in found.trigger.dependencies or ()}

    @pytest.mark.parametrize(
        "files",
        [
            svelte("const me = useQuery(api.users.me, {});\n" + CLIENT + "$effect(() => { if (me.data?.count) client.mutation(api.users.touch, {}); });"),
            svelte("const me = useQuery(api.users.me, {});\nconst count = $derived(me.data?.count);\n" + CLIENT + "$effect(() => { if (count) client.mutation(api.users.touch, {}); });"),
            svelte("const me = useQuery(api.users.me, {});\n" + CLIENT + "$effect(() => { client.mutation(api.users.touch, { n: me.data.count }); });"),
            svelte("const me = useQuery(api.users.me, () => ({}));\n" + CLIENT + "$: if (me.data.count) client.mutation(api.users.touch, {});"),
            vue("const { data } = useConvexQuery(api.users.me, {});\nconst { mutate } = useConvexMutation(api.users.touch);\nwatch(() => data.value?.count, () => { mutate({}); });"),
            vue("const { data } = useConvexQuery(api.users.me, {});\nconst count = computed(() => data.value?.count);\nconst { mutate } = useConvexMutation(api.users.touch);\nwatch(count, () => { mutate({}); });"),
            vue("const { data } = useConvexQuery(api.users.me, {});\nconst { mutate } = useConvexMutation(api.users.touch);\nwatch([() => data.value?.count], () => { mutate({}); });"),
            vue("const { data } = useConvexQuery(api.users.me, {});\nconst { mutate } = useConvexMutation(api.users.touch);\nwatchEffect(() => { if (data.value?.count) mutate({}); });"),
        ],
        ids=["$effect guard", "$derived", "$effect argument", "$:", "watch getter", "watch computed", "watch list", "watchEffect"],
    )  # fmt: skip
    def test_what_a_watcher_reads(self, tmp_path, files):
        assert self.dependencies(tmp_path, files) == {("users:me", "count")}

    def test_an_update_of_a_live_query(self, tmp_path):
        files = {
            "src/watch.ts": 'import { ConvexClient } from "convex/browser";\n'
            + API
            + 'const client = new ConvexClient("x");\n'
            + "export function start() { client.onUpdate(api.users.me, {}, (me) => { if (me.count > 1) client.mutation(api.users.touch, {}); }); }"
        }
        assert self.dependencies(tmp_path, files) == {("users:me", "")}


def test_a_store_that_a_component_uses(tmp_path):
    files = {
        "src/store.ts": 'import { writable } from "svelte/store";\n'
        + 'import { client } from "./client";\n'
        + API
        + "function make() { const { subscribe, set } = writable(0);\n"
        + "return { subscribe, async touch() { await client.mutation(api.users.touch, { n: 1 }); set(1); } }; }\n"
        + "export const store = make();",
        "src/client.ts": 'import { ConvexClient } from "convex/browser";\nexport const client = new ConvexClient("x");',
        "src/Panel.svelte": '<script>\nimport { store } from "./store";\n</script>\n<button onclick={() => store.touch()}>x</button>',
    }
    found = caller(read(tmp_path, files), "users:touch")
    assert (found.trigger.kind, found.trigger.detail, found.client) == ("event", "click", "websocket")
    assert [frame.file for frame in found.chain][-1] == "src/store.ts"


def test_a_class_with_runes(tmp_path):
    files = {
        "src/session.svelte.ts": 'import { useConvexClient } from "convex-svelte";\n'
        + API
        + "class Session { client = useConvexClient(); n = $state(0);\n"
        + "async touch() { this.n += 1; await this.client.mutation(api.users.touch, {}); } }\n"
        + "export const session = new Session();",
        "src/Panel.svelte": '<script>\nimport { session } from "./session.svelte";\n</script>\n<button onclick={() => session.touch()}>x</button>',
    }
    assert caller(read(tmp_path, files), "users:touch").trigger.detail == "click"


def test_a_child_component_that_calls_its_prop(tmp_path):
    files = {
        "src/Row.svelte": "<script>\nlet { onGo } = $props();\n</script>\n<button onclick={onGo}>x</button>",
        **svelte('import Row from "./Row.svelte";\n' + GO, "<Row onGo={go} />"),
    }
    found = caller(read(tmp_path, files), "users:touch")
    assert found.trigger.kind == "event"
    assert found.trigger.entry == "component Panel"


def test_a_helper_module_with_the_client_as_argument(tmp_path):
    files = {
        "src/actions.ts": API
        + "export async function go(client, n) { await client.mutation(api.users.touch, { n }); }",
        **svelte('import { go } from "./actions";\n' + CLIENT, "<button onclick={() => go(client, 3)}>x</button>"),
    }
    found = caller(read(tmp_path, files), "users:touch")
    assert [(name, value.text) for name, value in found.arguments] == [("n", "3")]


def test_two_calls_of_one_handler(tmp_path):
    files = svelte(
        CLIENT
        + "async function go() { await client.mutation(api.users.touch, {}); await client.mutation(api.users.save, {}); }",
        "<button onclick={go}>x</button>",
    )
    app = read(tmp_path, files)
    assert caller(app, "users:touch").order < caller(app, "users:save").order
    assert len({one.scope for one in (*callers(app, "users:touch"), *callers(app, "users:save"))}) == 1
