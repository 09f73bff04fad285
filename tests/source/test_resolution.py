"""What module specifiers mean."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from contend.source.discovery import AppDirectory
from contend.source.resolution import Resolved, Resolver


def app(functions_dir: str, root: str = "", component: str | None = None) -> AppDirectory:
    return AppDirectory(root, functions_dir, component, None, (), None)


def resolver(*files: str, configs: Mapping[str, str] | None = None, apps=(), links=None) -> Resolver:
    return Resolver(files, {path: text.encode() for path, text in (configs or {}).items()}, apps, links)


def file_of(found: Resolved) -> str | None:
    return found.path if found.kind == "file" else None


@pytest.mark.parametrize(
    ("specifier", "path"),
    [
        ("./b", "src/b.ts"),
        ("./b.ts", "src/b.ts"),
        ("./b.js", "src/b.ts"),
        ("../top", "top.tsx"),
        ("./folder", "src/folder/index.ts"),
        ("./folder/", "src/folder/index.ts"),
        ("./widget.svelte", "src/widget.svelte"),
        ("./state.svelte", "src/state.svelte.ts"),
        ("./state.svelte.js", "src/state.svelte.ts"),
        ("./plain", "src/plain.jsx"),
        ("./b?raw", "src/b.ts"),
        ("./native", "src/native.web.tsx"),
        (".", "src/index.ts"),
        ("./gone", None),
        ("./style.css", None),
        ("../../outside", None),
    ],
)
def test_relative_specifiers(specifier, path):
    files = (
        "src/b.ts",
        "src/index.ts",
        "top.tsx",
        "src/folder/index.ts",
        "src/widget.svelte",
        "src/state.svelte.ts",
        "src/plain.jsx",
        "src/native.web.tsx",
    )
    found = resolver(*files).resolve(specifier, "src/a.ts")
    assert file_of(found) == path
    assert found.kind == ("file" if path else "missing")


def test_packages_are_split_into_name_and_subpath():
    found = resolver().resolve("@convex-dev/auth/server", "a.ts")
    assert (found.kind, found.name, found.subpath) == ("package", "@convex-dev/auth", "server")
    assert resolver().resolve("convex/react", "a.ts") == Resolved("package", name="convex", subpath="react")


def test_typescript_is_preferred_where_the_ending_is_open_and_what_is_written_where_it_is_not():
    resolve = resolver("b.js", "b.ts").resolve
    assert [file_of(resolve(specifier, "a.ts")) for specifier in ("./b", "./b.js")] == ["b.ts", "b.js"]


@pytest.mark.parametrize(
    "configs",
    [
        {"tsconfig.json": '{"compilerOptions": {"paths": {"@app/*": ["./src/*"]}}}'},
        {"tsconfig.json": '{"compilerOptions": {"baseUrl": "src", "paths": {"@app/*": ["*"]}}}'},
        {"jsconfig.json": '{"compilerOptions": {"paths": {"@app/*": ["missing/*", "src/*"]}}}'},
        {"tsconfig.json": '\ufeff{\n // aliases\n "compilerOptions": {"paths": {"@app/*": ["./src/*",],},},\n}'},
        {
            "tsconfig.json": '{"extends": ["./config/one.json", "./config/two"]}',
            "config/one.json": '{"compilerOptions": {"strict": true}}',
            "config/two.json": '{"compilerOptions": {"paths": {"@app/*": ["../src/*"]}}}',
        },
        {
            "tsconfig.json": '{"extends": "./config/base.json"}',
            "config/base.json": '{"compilerOptions": {"paths": {"@app/*": ["${configDir}/src/*"]}}}',
        },
        {
            "tsconfig.json": '{"extends": "@acme/settings/base.json"}',
            "package.json": '{"workspaces": ["settings"]}',
            "settings/package.json": '{"name": "@acme/settings"}',
            "settings/base.json": '{"compilerOptions": {"paths": {"@app/*": ["../src/*"]}}}',
        },
        {
            "tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}]}',
            "tsconfig.app.json": '{"compilerOptions": {"paths": {"@app/*": ["./src/*"]}}}',
        },
    ],
    ids=["paths", "baseUrl", "jsconfig", "comments", "extends several", "configDir", "extends package", "references"],
)
def test_an_alias_reaches_the_sources(configs):
    found = resolver("src/lib/x.ts", configs=configs).resolve("@app/lib/x", "src/pages/a.tsx")
    assert file_of(found) == "src/lib/x.ts"


@pytest.mark.parametrize(
    "config",
    [
        "{}",
        "not json",
        '{"extends": "./tsconfig.json"}',
        '{"extends": "./.nuxt/tsconfig.json"}',
        '{"compilerOptions": 1}',
    ],
)
@pytest.mark.parametrize("specifier", ["@/lib/x", "~/lib/x"])
def test_where_no_configuration_says_so_convention_does(config, specifier):
    resolve = resolver("src/lib/x.ts", configs={"tsconfig.json": config}).resolve
    assert file_of(resolve(specifier, "src/pages/a.tsx")) == "src/lib/x.ts"


def test_the_most_specific_alias_wins():
    configs = {
        "tsconfig.json": '{"compilerOptions": {"paths": {"*": ["any/*"], "@ui/*": ["ui/*"], "@ui/x": ["one.ts"]}}}'
    }
    resolve = resolver("any/z.ts", "ui/y.ts", "ui/x.ts", "one.ts", configs=configs).resolve
    assert [file_of(resolve(name, "a.ts")) for name in ("@ui/x", "@ui/y", "z")] == ["one.ts", "ui/y.ts", "any/z.ts"]


def test_the_nearest_configuration_wins_and_outer_ones_fill_in():
    configs = {
        "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./outer/*"], "#o/*": ["./outer/*"]}}}',
        "web/tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./inner/*"]}}}',
    }
    resolve = resolver("outer/x.ts", "web/inner/x.ts", configs=configs).resolve
    assert file_of(resolve("@/x", "web/a.ts")) == "web/inner/x.ts"
    assert file_of(resolve("#o/x", "web/a.ts")) == "outer/x.ts"


def test_aliases_of_sveltekit_need_no_generated_configuration():
    kit = "export default { kit: { alias: { $convex: './convex', '@ui/*': \"./src/ui/*\" } } };"
    resolve = resolver(
        "src/lib/x.ts",
        "src/ui/y.ts",
        "convex/z.ts",
        configs={"svelte.config.js": kit, "tsconfig.json": '{"extends": "./.svelte-kit/tsconfig.json"}'},
        apps=[app("convex")],
    ).resolve
    assert file_of(resolve("$lib/x", "src/routes/a.svelte")) == "src/lib/x.ts"
    assert file_of(resolve("@ui/y", "src/routes/a.svelte")) == "src/ui/y.ts"
    assert file_of(resolve("$convex/z", "src/routes/a.svelte")) == "convex/z.ts"
    assert resolve("$convex/_generated/api", "src/routes/a.svelte").functions_dir == "convex"
    assert resolve("$app/environment", "src/routes/a.svelte").kind == "package"


@pytest.mark.parametrize(
    ("specifier", "importer", "functions_dir", "part"),
    [
        ("./_generated/server", "packages/backend/convex/a.ts", "packages/backend/convex", "server"),
        ("../_generated/dataModel.js", "packages/backend/convex/model/a.ts", "packages/backend/convex", "dataModel"),
        ("@acme/backend/convex/_generated/api", "apps/web/a.tsx", "packages/backend/convex", "api"),
        ("convex/_generated/api", "apps/web/a.tsx", "apps/web/convex", "api"),
        ("@/convex/_generated/api", "apps/web/src/a.tsx", "apps/web/convex", "api"),
        ("~convex/_generated/api", "packages/backend/test/a.ts", "packages/backend/convex", "api"),
        ("../convex/_generated/api", "apps/web/src/a.tsx", "apps/web/convex", "api"),
        ("../../convex/_generated/api", "apps/mobile/src/deep/a.tsx", "apps/web/convex", "api"),
    ],
)
def test_generated_code_belongs_to_an_app_even_where_it_is_not_checked_in(specifier, importer, functions_dir, part):
    found = resolver(
        "packages/backend/convex/a.ts",
        configs={
            "package.json": '{"workspaces": ["packages/*", "apps/*"]}',
            "packages/backend/package.json": '{"name": "@acme/backend"}',
            "apps/web/package.json": "{}",
        },
        apps=[app("apps/web/convex", "apps/web"), app("packages/backend/convex", "packages/backend")],
    ).resolve(specifier, importer)
    assert (found.kind, found.functions_dir, found.part) == ("generated", functions_dir, part)


@pytest.mark.parametrize(
    ("package", "specifier", "path"),
    [
        ('{"name": "@acme/x"}', "@acme/x", "packages/x/src/index.ts"),
        ('{"name": "@acme/x", "main": "./dist/main.js"}', "@acme/x", "packages/x/src/main.ts"),
        ('{"name": "@acme/x", "exports": "./src/main.ts"}', "@acme/x", "packages/x/src/main.ts"),
        (
            '{"name": "@acme/x", "exports": {".": {"types": "./dist/main.d.ts", "import": "./dist/main.js"}}}',
            "@acme/x",
            "packages/x/src/main.ts",
        ),
        (
            '{"name": "@acme/x", "exports": {"./deep/*": "./src/inner/*.ts"}}',
            "@acme/x/deep/y",
            "packages/x/src/inner/y.ts",
        ),
        ('{"name": "@acme/x"}', "@acme/x/src/main", "packages/x/src/main.ts"),
        ('{"name": "@acme/x"}', "@acme/x/main", "packages/x/src/main.ts"),
    ],
)
def test_packages_of_the_workspace_resolve_to_their_sources(package, specifier, path):
    configs = {"packages/x/package.json": package, "package.json": '{"workspaces": {"packages": ["packages/**"]}}'}
    files = ("packages/x/src/index.ts", "packages/x/src/main.ts", "packages/x/src/inner/y.ts")
    assert file_of(resolver(*files, configs=configs).resolve(specifier, "apps/web/a.ts")) == path


@pytest.mark.parametrize(
    ("configs", "local"),
    [
        ({"package.json": '{"workspaces": ["vendor-src/*"]}'}, True),
        ({"package.json": "{}", "pnpm-workspace.yaml": "packages:\n  - 'vendor-src/*'\n"}, True),
        ({"package.json": '{"dependencies": {"effect": "workspace:*"}}'}, True),
        ({"package.json": '{"dependencies": {"effect": "file:../vendor-src/effect"}}'}, True),
        ({"package.json": '{"dependencies": {"effect": "^3.0.0"}}'}, False),
        ({"package.json": '{"workspaces": ["vendor-src/*", "!vendor-src/effect"]}'}, False),
    ],
)
def test_a_package_is_local_only_where_a_package_manager_would_link_it(configs, local):
    configs = {**configs, "vendor-src/effect/package.json": '{"name": "effect"}'}
    found = resolver("vendor-src/effect/index.ts", configs=configs).resolve("effect", "src/a.ts")
    assert found.kind == ("file" if local else "package")


def test_a_package_knows_itself_by_name():
    configs = {"package.json": '{"name": "@acme/x", "exports": {".": "./dist/client/index.js"}}'}
    found = resolver("src/client/index.ts", configs=configs).resolve("@acme/x", "example/convex/a.ts")
    assert file_of(found) == "src/client/index.ts"


def test_subpath_imports_of_a_package():
    configs = {"package.json": '{"imports": {"#db": {"default": "./src/db.ts"}, "#lib/*": "./src/lib/*.js"}}'}
    resolve = resolver("src/db.ts", "src/lib/x.ts", configs=configs).resolve
    assert file_of(resolve("#db", "src/a.ts")) == "src/db.ts"
    assert file_of(resolve("#lib/x", "src/a.ts")) == "src/lib/x.ts"
    assert resolve("#gone", "src/a.ts").kind == "missing"


def test_imports_through_a_link_reach_what_it_points_at():
    resolve = resolver(
        "packages/backend/convex/a.ts",
        "shared/x.ts",
        apps=[app("packages/backend/convex")],
        links={"web/convex": "packages/backend/convex", "web/x.ts": "shared/x.ts"},
    ).resolve
    assert file_of(resolve("./convex/a", "web/page.tsx")) == "packages/backend/convex/a.ts"
    assert resolve("./convex/_generated/api", "web/page.tsx").functions_dir == "packages/backend/convex"
    assert file_of(resolve("./x", "web/page.tsx")) == "shared/x.ts"


def test_a_component_does_not_take_the_references_of_its_app():
    apps = [app("convex"), app("convex/counter", component="counter")]
    assert resolver(apps=apps).resolve("@api/_generated/api", "src/a.ts").functions_dir == "convex"
