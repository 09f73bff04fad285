"""Which files are worth parsing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from contend.source.import_graph import ImportGraph
from contend.source.relevance import Relevance, find_relevant, is_test_file
from contend.source.resolution import Resolver
from contend.source.sources import survey

BACKEND = {
    "package.json": "{}",
    "convex/schema.ts": 'import { defineSchema } from "convex/server";\nexport default defineSchema({});',
    "convex/users.ts": 'import { mutation } from "./_generated/server";\nexport const touch = mutation(handler);',
}
HOOK = (
    'import { useMutation } from "convex/react";\n'
    'import { api } from "../convex/_generated/api";\n'
    "export const useTouch = () => useMutation(api.users.touch);\n"
)


def relevant(write_tree, files: Mapping[str, str]) -> Relevance:
    found = survey(write_tree({**BACKEND, **files}))
    resolver = Resolver(found.texts, found.configs, found.apps, found.listing.links)
    return find_relevant(ImportGraph.build(found.texts, found.imports, resolver), found.apps)


def test_modules_and_all_they_import_are_read(write_tree):
    found = relevant(
        write_tree,
        {
            "convex/posts.ts": 'import { LIMIT } from "../shared/limits";\nimport type { P } from "../shared/types";',
            "shared/limits.ts": 'export { LIMIT } from "./numbers";',
            "shared/numbers.ts": "export const LIMIT = 3;",
            "shared/types.ts": "export type P = {};",
            "shared/other.ts": "export const unused = 1;",
            "convex/users.test.ts": 'import { touch } from "./users";',
        },
    )
    assert found.functions == (
        "convex/posts.ts",
        "convex/schema.ts",
        "convex/users.ts",
        "shared/limits.ts",
        "shared/numbers.ts",
        "shared/types.ts",
    )


def test_a_chain_is_followed_up_to_files_that_never_name_convex(write_tree):
    found = relevant(
        write_tree,
        {
            "src/useTouch.ts": HOOK,
            "src/Header.tsx": 'import { useTouch } from "./useTouch";',
            "src/Layout.tsx": 'import { Header } from "./Header";',
            "src/Lazy.tsx": 'const Layout = lazy(() => import("./Layout"));',
            "src/Button.tsx": "export const Button = 1;",
        },
    )
    assert found.callers == ("src/Header.tsx", "src/Layout.tsx", "src/Lazy.tsx", "src/useTouch.ts")


@pytest.mark.parametrize(
    "text",
    [
        'import { api } from "../convex/_generated/api";',
        'import { fetchMutation } from "convex/nextjs";',
        'import { useConvexMutation } from "@convex-dev/react-query";',
        'import { useConvexClient } from "convex-svelte";',
        'const client = make();\nawait client.mutation("users:touch", {});',
        "fetch(`${CONVEX_URL}/api/mutation`, {});",
    ],
)
def test_marks_of_a_caller(write_tree, text):
    assert relevant(write_tree, {"src/a.ts": text}).callers == ("src/a.ts",)


@pytest.mark.parametrize(
    "text",
    [
        'import type { Id } from "../convex/_generated/dataModel";',
        'import type { FunctionReturnType } from "convex/server";',
        'import { ConvexError } from "convex/values";',
        'await trpc.users.mutation("other:thing");',
        "// convex is mentioned",
        "fetch('/api/mutation')",
    ],
)
def test_what_marks_nobody(write_tree, text):
    assert relevant(write_tree, {"src/a.ts": text}).callers == ()


def test_imports_of_types_do_not_make_a_caller(write_tree):
    found = relevant(
        write_tree, {"src/useTouch.ts": HOOK, "src/other.ts": 'import type { useTouch } from "./useTouch";'}
    )
    assert found.callers == ("src/useTouch.ts",)


@pytest.mark.parametrize(
    "barrel",
    [
        'export { useTouch } from "./useTouch";\nexport { Button } from "./Button";',
        'export * from "./useTouch";\nexport * from "./Button";',
    ],
)
def test_a_barrel_passes_relevance_on_by_name(write_tree, barrel):
    found = relevant(
        write_tree,
        {
            "src/useTouch.ts": HOOK,
            "src/Button.tsx": "export const Button = 1;",
            "src/index.ts": barrel,
            "src/uses.tsx": 'import { useTouch } from ".";',
            "src/leaves.tsx": 'import { Button } from ".";',
        },
    )
    assert found.callers == ("src/index.ts", "src/useTouch.ts", "src/uses.tsx")


def test_a_renamed_and_nested_barrel_is_followed(write_tree):
    found = relevant(
        write_tree,
        {
            "src/useTouch.ts": HOOK,
            "src/hooks.ts": 'export { useTouch as useStamp } from "./useTouch";',
            "src/index.ts": 'export * from "./hooks";\nexport * from "./index";',
            "src/page.tsx": 'import { useStamp } from ".";',
            "src/other.tsx": 'import { useTouch } from ".";',
        },
    )
    assert found.callers == ("src/hooks.ts", "src/index.ts", "src/page.tsx", "src/useTouch.ts")


def test_components_pass_through_a_barrel_as_its_default_exports(write_tree):
    found = relevant(
        write_tree,
        {
            "src/useTouch.ts": HOOK,
            "src/Touch.svelte": '<script>\nimport { useTouch } from "./useTouch";\n</script>',
            "src/Button.svelte": "<button />",
            "src/index.ts": 'export { default as Touch } from "./Touch.svelte";\n'
            'export { default as Button } from "./Button.svelte";',
            "src/page.svelte": '<script>\nimport { Touch } from ".";\n</script>',
            "src/other.svelte": '<script>\nimport { Button } from ".";\n</script>',
            "src/all.svelte": '<script>\nimport * as ui from ".";\n</script>\n<ui.Touch />',
        },
    )
    assert found.callers == ("src/Touch.svelte", "src/all.svelte", "src/index.ts", "src/page.svelte", "src/useTouch.ts")


def test_functions_take_from_a_barrel_what_they_name(write_tree):
    found = relevant(
        write_tree,
        {
            "convex/posts.ts": 'import { LIMIT } from "../shared";',
            "shared/index.ts": 'export * from "./limits";\nexport * from "./widgets";',
            "shared/limits.ts": "export const LIMIT = 3;",
            "shared/widgets.tsx": "export const Widget = 1;",
        },
    )
    assert set(found.functions) - {"convex/posts.ts", "convex/schema.ts", "convex/users.ts"} == {
        "shared/index.ts",
        "shared/limits.ts",
    }


def test_what_decides_when_a_caller_calls_is_read_too(write_tree):
    found = relevant(
        write_tree,
        {
            "src/useTouch.ts": HOOK
            + 'import { useEvery } from "./useEvery";\nimport { PERIOD } from "./periods";\nimport { cn } from "./cn";',
            "src/useEvery.ts": 'import { useLatest } from "./useLatest";\nuseEffect(() => setInterval(run, 1000));',
            "src/useLatest.ts": "useEffect(() => {});",
            "src/periods.ts": "export const PERIOD = 60_000;",
            "src/cn.ts": "export const cn = (...names) => names.join(' ');",
        },
    )
    assert found.support == ("src/periods.ts", "src/useEvery.ts", "src/useLatest.ts")


def test_tests_and_bundles_are_not_callers(write_tree):
    found = relevant(
        write_tree,
        {
            "src/a.test.tsx": HOOK,
            "src/a.stories.tsx": HOOK,
            "src/__tests__/a.tsx": HOOK,
            "e2e/a.ts": HOOK,
            "tests/a.ts": HOOK,
            "public/chunk.js": HOOK + "x=1;" * 10_000,
            "app/test/page.tsx": HOOK.replace("../", "../../"),
        },
    )
    assert found.callers == ("app/test/page.tsx",)


def test_modules_that_convex_pushes_are_read_though_they_serve_tests(write_tree):
    found = relevant(write_tree, {"convex/testing/seed.ts": BACKEND["convex/users.ts"], "convex/a.test.ts": HOOK})
    assert found.functions == ("convex/schema.ts", "convex/testing/seed.ts", "convex/users.ts")


def test_an_app_inside_a_test_directory_is_an_app(write_tree):
    files = {f"tests/fixtures/app/{path}": text for path, text in {**BACKEND, "src/useTouch.ts": HOOK}.items()}
    found = relevant(write_tree, files)
    assert found.callers == ("tests/fixtures/app/src/useTouch.ts",)


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("src/a.spec.ts", True),
        ("src/a.test.svelte.ts", True),
        ("cypress/a.ts", True),
        ("src/testing.ts", False),
        ("src/latest/a.ts", False),
        ("convex/tests.ts", False),
    ],
)
def test_test_files_are_known_by_name_and_place(path, test):
    assert is_test_file(path) is test


def test_every_file_is_relevant_for_one_reason(write_tree):
    found = relevant(write_tree, {"src/useTouch.ts": HOOK, "convex/late.ts": "setTimeout(() => {}); export {}"})
    assert len(found.paths) == len(set(found.paths)) == len(found.functions) + len(found.callers) + len(found.support)
