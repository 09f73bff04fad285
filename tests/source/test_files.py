"""Which files an audit sees, and how it reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from contend.source.files import LARGEST_SOURCE, PathNotFound, is_bundle, list_files, read_files


def links_allowed() -> bool:
    with tempfile.TemporaryDirectory() as directory:
        try:
            (Path(directory) / "link").symlink_to(directory, target_is_directory=True)
        except OSError:
            return False
    return True


needs_links = pytest.mark.skipif(not links_allowed(), reason="symbolic links need a privilege on this system")


def seen(root: Path) -> list[str]:
    return [file.path for file in list_files(root).sources]


def test_files_are_listed_with_slashes_and_sorted(write_tree):
    root = write_tree({"src/b.ts": "", "src/a.svelte": "", "a.tsx": "", "src/nested/z.vue": "", "readme.md": ""})
    assert seen(root) == ["a.tsx", "src/a.svelte", "src/b.ts", "src/nested/z.vue"]


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/x/index.js",
        "packages/a/node_modules/x/index.js",
        ".next/server/page.js",
        ".svelte-kit/generated/root.js",
        "dist/index.js",
        "coverage/lcov.js",
        "types.d.ts",
        "src/env.d.mts",
        "public/jquery.min.js",
    ],
)
def test_generated_and_foreign_files_are_left_out(write_tree, path):
    assert seen(write_tree({path: "export {}", "kept.ts": ""})) == ["kept.ts"]


def test_output_directories_are_known_by_standing_beside_a_package(write_tree):
    root = write_tree(
        {
            "packages/a/package.json": "{}",
            "packages/a/dist/index.js": "",
            "packages/a/src/index.ts": "",
            "app/vendor/page.tsx": "a page about vendors",
        }
    )
    assert seen(root) == ["app/vendor/page.tsx", "packages/a/src/index.ts"]


def test_an_output_directory_that_holds_an_app_is_read(write_tree):
    assert seen(write_tree({"build/convex.json": "{}", "build/convex/a.ts": ""})) == ["build/convex/a.ts"]


def test_the_given_path_is_read_whatever_its_name(write_tree):
    root = write_tree({"dist/index.js": ""})
    assert seen(root / "dist") == ["index.js"]


def test_gitignore_excludes_and_includes_again(write_tree):
    root = write_tree(
        {
            ".gitignore": "/generated\n*.gen.ts\n!keep.gen.ts\n# a comment\ntemp/\n",
            "generated/a.ts": "",
            "src/generated/a.ts": "",
            "src/b.gen.ts": "",
            "src/keep.gen.ts": "",
            "src/temp/c.ts": "",
        }
    )
    assert seen(root) == ["src/generated/a.ts", "src/keep.gen.ts"]


def test_a_nested_gitignore_speaks_of_its_own_directory(write_tree):
    root = write_tree({"a/.gitignore": "/x.ts\n", "a/x.ts": "", "a/b/x.ts": "", "x.ts": ""})
    assert seen(root) == ["a/b/x.ts", "x.ts"]


def test_function_directories_are_read_in_full_since_convex_pushes_what_is_on_disk(write_tree):
    root = write_tree(
        {
            ".gitignore": "secret.ts\nconvex/private\n",
            "convex/build/steps.ts": "",
            "convex/secret.ts": "",
            "convex/private/x.ts": "",
        }
    )
    assert seen(root) == ["convex/build/steps.ts", "convex/private/x.ts", "convex/secret.ts"]


def test_generated_code_of_convex_is_noted_but_not_read(write_tree):
    root = write_tree(
        {
            "convex/_generated/api.js": "",
            "convex/_generated/server.js": "",
            "convex/a.ts": "",
            "src/_generated/icons.ts": "another tool's",
        }
    )
    listing = list_files(root)
    assert [file.path for file in listing.sources] == ["convex/a.ts", "src/_generated/icons.ts"]
    assert listing.generated == ("convex",)


@pytest.mark.parametrize("chunk", ["isolate/_deps/ZRD5YQUR.js", "node/_deps/node/KFFAPE6U.js"])
def test_a_debug_bundle_of_convex_is_not_an_app(write_tree, chunk):
    root = write_tree({f"tmp/{chunk}": "", f"tmp/{chunk.partition('/')[0]}/users.js": "", "convex/users.ts": ""})
    assert seen(root) == ["convex/users.ts"]


def test_files_too_large_to_be_written_by_hand_are_told_apart(write_tree):
    root = write_tree({"big.ts": b" " * (LARGEST_SOURCE + 1), "small.ts": ""})
    listing = list_files(root)
    assert [file.path for file in listing.sources] == ["small.ts"]
    assert [(file.path, file.size) for file in listing.oversized] == [("big.ts", LARGEST_SOURCE + 1)]


def test_configuration_files_are_listed_apart(write_tree):
    names = (
        "convex.json",
        "package.json",
        "tsconfig.json",
        "tsconfig.app.json",
        "jsconfig.json",
        "pnpm-workspace.yaml",
    )
    root = write_tree(dict.fromkeys(names, "{}"))
    assert list_files(root).configs == tuple(sorted(names))


def test_a_file_lists_itself(write_tree):
    root = write_tree({"convex/a.ts": "", "convex/b.ts": ""})
    listing = list_files(root / "convex" / "a.ts")
    assert ([file.path for file in listing.sources], listing.root) == (["a.ts"], root / "convex")


def test_a_path_that_does_not_exist_says_so(tmp_path):
    with pytest.raises(PathNotFound, match=r"nowhere: no such file or directory.*directory of an app"):
        list_files(tmp_path / "nowhere")


@needs_links
def test_links_inside_the_path_are_remembered_not_walked(write_tree):
    root = write_tree({"packages/backend/convex/a.ts": ""})
    (root / "web").mkdir()
    (root / "web" / "convex").symlink_to(root / "packages" / "backend" / "convex", target_is_directory=True)
    listing = list_files(root)
    assert [file.path for file in listing.sources] == ["packages/backend/convex/a.ts"]
    assert listing.links == {"web/convex": "packages/backend/convex"}


@needs_links
def test_a_link_to_a_directory_above_does_not_loop(write_tree):
    root = write_tree({"a/x.ts": ""})
    (root / "a" / "self").symlink_to(root, target_is_directory=True)
    (root / "a" / "above").symlink_to(root.parent, target_is_directory=True)
    assert seen(root) == ["a/x.ts"]


@needs_links
def test_a_directory_outside_is_walked_through_one_link_only(write_tree, tmp_path):
    root = write_tree({})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.ts").write_text("")
    for name in ("one", "two"):
        (root / name).symlink_to(outside, target_is_directory=True)
    assert seen(root) == ["one/x.ts"]


@needs_links
def test_a_broken_link_is_passed_over(write_tree):
    root = write_tree({"a.ts": ""})
    (root / "gone.ts").symlink_to(root / "nothing.ts")
    listing = list_files(root)
    assert ([file.path for file in listing.sources], listing.errors) == (["a.ts"], ())


def test_a_file_that_vanished_is_an_error_not_a_failure(write_tree):
    root = write_tree({"a.ts": "x"})
    texts, errors = read_files(root, ["a.ts", "gone.ts"])
    assert texts == {"a.ts": b"x"}
    assert [(error.path, error.reason) for error in errors] == [("gone.ts", "not readable: no such file or directory")]


def test_directories_without_end_are_an_error(write_tree):
    root = write_tree({"a.ts": "", "/".join("d" * 70) + "/b.ts": ""})
    listing = list_files(root)
    assert [file.path for file in listing.sources] == ["a.ts"]
    assert [error.reason for error in listing.errors] == ["more than 64 directories deep, not read"]


def test_only_text_is_read(write_tree):
    root = write_tree({"video.ts": b"\x47\x00\x01", "wide.ts": "export {}".encode("utf-16"), "crlf.ts": b"a\r\nb"})
    texts, errors = read_files(root, ["crlf.ts", "video.ts", "wide.ts"])
    assert texts == {"crlf.ts": b"a\r\nb"}
    assert [error.path for error in errors] == ["wide.ts"]


@pytest.mark.parametrize(
    ("path", "data", "bundled"),
    [
        ("a.js", b"x=1;" * 20_000, True),
        ("a.js", b"var __defProp = Object.defineProperty;\n" + b"line\n" * 1_000, True),
        ("a.js", b"const written = 'by hand'\n" * 2_000, False),
        ("table.ts", b"export const rows = [" + b"1," * 20_000, False),
    ],
)
def test_bundles_are_told_from_hand_written_scripts(path, data, bundled):
    assert is_bundle(path, data) is bundled
