"""Where the apps of a repository are, and which of their files register functions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from contend.source.discovery import AppDirectory, NotAConvexApp
from contend.source.files import PathNotFound
from contend.source.sources import survey

FUNCTION = 'import { query } from "./_generated/server";\nexport const list = query(async () => []);\n'
NESTED_FUNCTION = FUNCTION.replace("./", "../")
SCHEMA = 'import { defineSchema } from "convex/server";\nexport default defineSchema({});\n'
COMPONENT = 'import { defineComponent } from "convex/server";\nexport default defineComponent("counter");\n'


def apps(root) -> dict[str, AppDirectory]:
    return {app.functions_dir: app for app in survey(root).apps}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"convex.json": "{}", "convex/a.ts": FUNCTION}, {"convex": ""}),
        ({"convex.json": '{"functions": "backend/fns/"}', "backend/fns/a.ts": FUNCTION}, {"backend/fns": ""}),
        ({"convex.json": '{\n  // moved\n  "functions": "fns",\n}', "fns/a.ts": FUNCTION}, {"fns": ""}),
        ({"package.json": "{}", "convex/schema.ts": SCHEMA}, {"convex": ""}),
        ({"package.json": "{}", "src/convex/a.ts": FUNCTION}, {"src/convex": ""}),
        ({"package.json": "{}", "convex/model/a.ts": NESTED_FUNCTION}, {"convex": ""}),
        ({"backend/_generated/dataModel.d.ts": "", "backend/a.ts": FUNCTION}, {"backend": ""}),
        ({"apps/web/package.json": "{}", "apps/web/convex/a.ts": FUNCTION}, {"apps/web/convex": "apps/web"}),
        (
            {
                "convex.json": '{"functions": "example/convex"}',
                "example/package.json": "{}",
                "example/convex/a.ts": FUNCTION,
            },
            {"example/convex": ""},
        ),
    ],
    ids=[
        "convex.json",
        "functions",
        "comments",
        "schema",
        "src",
        "helper",
        "generated",
        "monorepo",
        "named from above",
    ],
)
def test_function_directories_are_found(write_tree, files: Mapping[str, str], expected: dict[str, str]):
    assert {directory: app.root for directory, app in apps(write_tree(files)).items()} == expected


def test_every_app_of_a_repository_counts_templates_and_examples_included(write_tree):
    root = write_tree({f"{place}/convex/schema.ts": SCHEMA for place in ("app", "examples/one", "templates/default")})
    assert list(apps(root)) == ["app/convex", "examples/one/convex", "templates/default/convex"]


def test_a_component_is_an_app_of_its_own_with_its_name(write_tree):
    found = apps(
        write_tree(
            {
                "package.json": "{}",
                "convex/a.ts": FUNCTION,
                "convex/counter/convex.config.ts": COMPONENT,
                "convex/counter/lib.ts": FUNCTION,
                "src/component/convex.config.ts": COMPONENT.replace('"counter"', '"shared"'),
                "src/component/lib.ts": FUNCTION,
            }
        )
    )
    assert {directory: app.component for directory, app in found.items()} == {
        "convex": None,
        "convex/counter": "counter",
        "src/component": "shared",
    }
    assert found["convex"].modules == ("convex/a.ts",)
    assert found["convex/counter"].modules == ("convex/counter/lib.ts",)
    assert found["convex/counter"].config_file == "convex/counter/convex.config.ts"


def test_an_app_with_components_installed_is_not_a_component(write_tree):
    text = 'import { defineApp } from "convex/server";\nexport default defineApp();\n'
    app = apps(write_tree({"convex/convex.config.ts": text, "convex/a.ts": FUNCTION}))["convex"]
    assert (app.component, app.config_file) == (None, "convex/convex.config.ts")


def test_a_package_named_convex_around_an_app_is_not_one_itself(write_tree):
    root = write_tree(
        {
            "packages/convex/package.json": "{}",
            "packages/convex/convex/_generated/dataModel.d.ts": "",
            "packages/convex/convex/a.ts": FUNCTION,
            "packages/convex/shared.ts": 'import { defineSchema } from "convex/server"',
        }
    )
    assert list(apps(root)) == ["packages/convex/convex"]


def test_a_client_folder_named_convex_is_not_an_app(write_tree):
    root = write_tree(
        {
            "convex/schema.ts": SCHEMA,
            "src/lib/convex/client.ts": 'import { ConvexHttpClient } from "convex/browser";\n'
            'import type { FunctionReference } from "convex/server";\n',
        }
    )
    assert list(apps(root)) == ["convex"]


@pytest.mark.parametrize(
    ("path", "registers"),
    [
        ("users.ts", True),
        ("admin/users.tsx", True),
        ("lib.mjs", True),
        ("http.js", True),
        ("users.test.ts", False),
        ("auth.config.ts", False),
        ("admin/schema.ts", False),
        ("#scratch.ts", False),
        ("my file.ts", False),
        ("page.svelte", False),
    ],
)
def test_which_files_convex_bundles(write_tree, path, registers):
    root = write_tree({"convex.json": "{}", f"convex/{path}": FUNCTION})
    assert (f"convex/{path}" in apps(root)["convex"].modules) is registers


def test_typescript_without_imports_or_exports_is_not_bundled(write_tree):
    root = write_tree({"convex.json": "{}", "convex/a.ts": "const x = 1;\n", "convex/b.js": "const x = 1;\n"})
    assert apps(root)["convex"].modules == ("convex/b.js",)


def test_the_path_of_a_module_has_neither_directory_nor_ending(write_tree):
    app = apps(write_tree({"convex.json": "{}", "convex/foo/bar.ts": FUNCTION}))["convex"]
    assert app.module_path("convex/foo/bar.ts") == "foo/bar"


def test_a_path_inside_a_function_directory_leads_to_its_app(write_tree):
    root = write_tree({"package.json": "{}", "convex/_generated/server.js": "", "convex/model/a.ts": NESTED_FUNCTION})
    for inside in ("convex", "convex/model", "convex/model/a.ts"):
        found = survey(root / inside)
        assert (found.root, [app.functions_dir for app in found.apps]) == (root, ["convex"])


def test_a_path_beside_the_functions_leads_to_the_app_above(write_tree):
    root = write_tree({"package.json": "{}", "convex/schema.ts": SCHEMA, "src/pages/a.tsx": ""})
    assert survey(root / "src" / "pages").root == root


def test_code_below_a_source_directory_leads_to_the_root_of_its_app(write_tree):
    root = write_tree({"package.json": "{}", "src/convex/schema.ts": SCHEMA, "src/pages/a.tsx": ""})
    assert survey(root / "src" / "pages").root == root
    assert survey(root / "src" / "pages" / "a.tsx").root == root


@pytest.mark.parametrize(
    "path",
    ["docs", "empty", "README.md", "apps/web", "apps/web/a.tsx", "packages/backend/docs", "packages/backend/README.md"],
)
def test_an_app_elsewhere_in_the_repository_is_not_audited_instead(write_tree, path):
    root = write_tree(
        {
            ".git/HEAD": "",
            "README.md": "",
            "docs/guide.md": "",
            "empty/.gitkeep": "",
            "apps/web/package.json": "{}",
            "apps/web/a.tsx": "",
            "packages/backend/package.json": "{}",
            "packages/backend/README.md": "",
            "packages/backend/docs/guide.md": "",
            "packages/backend/convex/schema.ts": SCHEMA,
        }
    )
    with pytest.raises(NotAConvexApp):
        survey(root / path)


@pytest.mark.parametrize("path", ["src", "src/a.tsx", "convex", "convex/schema.ts", "convex.json", "package.json", "."])
def test_what_lies_inside_an_app_leads_to_it(write_tree, path):
    root = write_tree({"convex.json": "{}", "package.json": "{}", "convex/schema.ts": SCHEMA, "src/a.tsx": ""})
    assert survey(root / path).root == root


def test_a_function_directory_that_stands_alone_is_its_own_root(tmp_path):
    alone = tmp_path / "convex"
    (alone / ".git").mkdir(parents=True)
    (alone / "schema.ts").write_text(SCHEMA)
    (alone / "users.ts").write_text(FUNCTION)
    found = survey(alone)
    assert found.root == alone
    assert [(app.root, app.functions_dir, app.modules) for app in found.apps] == [("", "", ("users.ts",))]
    assert found.apps[0].module_path("users.ts") == "users"


@pytest.mark.parametrize(
    ("files", "message"),
    [({}, "no JavaScript or TypeScript"), ({"src/a.ts": "", "src/b.ts": ""}, "2 source files, none in a function")],
)
def test_what_is_not_an_app_says_what_was_looked_for(write_tree, files, message):
    with pytest.raises(NotAConvexApp, match=rf"{message}.*convex\.json.*Give the directory"):
        survey(write_tree(files))


def test_a_path_that_does_not_exist(tmp_path):
    with pytest.raises(PathNotFound, match="no such file"):
        survey(tmp_path / "nowhere")
