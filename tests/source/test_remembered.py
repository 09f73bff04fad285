"""A linked repository is remembered: an unchanged app is not read twice, a changed one is."""

from __future__ import annotations

import pytest

from contend.source.linking import repository as linking
from contend.source.linking.repository import read_repository

APP = {
    "package.json": '{"dependencies": {"convex": "1.31.0"}}',
    "convex/posts.ts": """
import { mutation } from "./_generated/server";
import { v } from "convex/values";
export const rename = mutation({
  args: { id: v.id("posts"), title: v.string() },
  // contend-ignore[shared-counter]: a test
  handler: (ctx, args) => ctx.db.patch(args.id, { title: args.title }),
});
""",
    "src/page.ts": "export const a = ;\n",
}


@pytest.fixture
def cached(monkeypatch, tmp_path):
    """A cache directory of its own."""
    monkeypatch.setenv("CONTEND_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def links(monkeypatch):
    """How often a repository was linked."""
    counted: list[str] = []
    real = linking.link

    def link(*given: object) -> object:
        counted.append("linked")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(linking, "link", link)
    return counted


def test_the_second_run_gives_the_same_without_linking(write_tree, cached, links):
    root = write_tree(APP)
    first = read_repository(root, jobs=1)
    assert read_repository(root, jobs=1) == first
    assert first.suppressions
    assert links == ["linked"]


@pytest.mark.parametrize("path", ["convex/posts.ts", "convex/more.ts", "package.json", "src/page.ts"])
def test_any_change_links_again(write_tree, cached, links, path):
    root = write_tree(APP)
    read_repository(root, jobs=1)
    write_tree({path: APP.get(path, "") + "\n"})
    read_repository(root, jobs=1)
    assert links == ["linked", "linked"]


def test_a_damaged_file_is_no_memory(write_tree, cached, links):
    root = write_tree(APP)
    first = read_repository(root, jobs=1)
    for file in cached.iterdir():
        if file.name.startswith("linked"):
            file.write_bytes(file.read_bytes()[:-20])
    assert read_repository(root, jobs=1) == first
    assert links == ["linked", "linked"]


def test_without_a_cache_nothing_is_kept(write_tree, cached, links):
    root = write_tree(APP)
    read_repository(root, jobs=1, use_cache=False)
    read_repository(root, jobs=1, use_cache=False)
    assert links == ["linked", "linked"]
    assert not cached.exists()


def test_another_state_of_a_path_leaves_its_memory_alone(write_tree, cached, links):
    root = write_tree(APP)
    read_repository(root, jobs=1)
    write_tree({"convex/more.ts": "export const b = 1;\n"})
    read_repository(root, jobs=1, cache_of=root)
    (root / "convex/more.ts").unlink()
    read_repository(root, jobs=1)
    assert links == ["linked", "linked"]
