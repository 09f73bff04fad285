"""A directory as it was at a git revision."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.git_repository import GitRepository

from contend.source.files import PathNotFound
from contend.source.repository_root import repository_prefix
from contend.source.revisions import GitError, find_commit, tree_at


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository.begin(tmp_path / "shop")


def files_at(path: Path, commit: str) -> dict[str, bytes]:
    with tree_at(path, commit) as tree:
        assert tree is not None
        return {file.relative_to(tree).as_posix(): file.read_bytes() for file in tree.rglob("*") if file.is_file()}


def test_a_revision_goes_by_any_name_of_its_commit(repository: GitRepository) -> None:
    first = repository.commit({"convex/a.ts": "1"})
    second = repository.commit({"convex/a.ts": "2"})
    repository.git("tag", "v1", first)
    assert [find_commit(repository.path, name) for name in ("main", "HEAD~1", "v1", second[:8])] == [
        second,
        first,
        first,
        second,
    ]


def test_three_dots_name_the_commit_where_the_branch_began(repository: GitRepository) -> None:
    began = repository.commit({"convex/a.ts": "1"})
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.commit({"convex/b.ts": "mine"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"convex/c.ts": "theirs"})
    repository.git("checkout", "--quiet", "feature")
    assert find_commit(repository.path, "main...") == began


def test_the_files_of_the_revision_are_read_and_the_work_tree_is_left_alone(repository: GitRepository) -> None:
    commit = repository.commit({"convex/a.ts": "committed\r\n", "logo.png": b"\x89PNG", "package.json": "{}"})
    repository.write({"convex/a.ts": "edited", "convex/b.ts": "untracked"})
    before = repository.git("status", "--porcelain")
    assert files_at(repository.path, commit) == {"convex/a.ts": b"committed\r\n", "package.json": b"{}"}
    assert repository.git("status", "--porcelain") == before


def test_a_folder_of_the_repository_alone(repository: GitRepository) -> None:
    commit = repository.commit({"apps/web/convex/a.ts": "web", "apps/mail/convex/a.ts": "mail"})
    assert files_at(repository.path / "apps" / "web", commit) == {"convex/a.ts": b"web"}


def test_a_folder_keeps_its_name(repository: GitRepository) -> None:
    commit = repository.commit({"convex/a.ts": "1"})
    with tree_at(repository.path / "convex", commit) as tree:
        assert tree is not None
        assert tree.name == "convex"


def test_the_place_is_gone_afterwards(repository: GitRepository) -> None:
    commit = repository.commit({"convex/a.ts": "1"})
    with tree_at(repository.path, commit) as tree:
        assert tree is not None
    assert not tree.exists()


def test_a_folder_that_was_not_there_yet(repository: GitRepository) -> None:
    commit = repository.commit({"readme.ts": "1"})
    repository.write({"convex/a.ts": "1"})
    with tree_at(repository.path / "convex", commit) as tree:
        assert tree is None


@pytest.mark.parametrize("name", ["späße und räume.ts", "a b.ts", "[id].tsx", "-dash.ts", "quote'.ts"])
def test_any_name_of_a_file(repository: GitRepository, name: str) -> None:
    commit = repository.commit({f"app/{name}": "1"})
    assert set(files_at(repository.path, commit)) == {f"app/{name}"}


def test_attributes_for_archives_change_nothing(repository: GitRepository) -> None:
    commit = repository.commit({".gitattributes": "convex export-ignore\n", "convex/a.ts": "1"})
    assert set(files_at(repository.path, commit)) == {"convex/a.ts"}


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_link_out_of_the_folder_finds_the_rest_of_the_repository(repository: GitRepository) -> None:
    repository.write({"packages/backend/convex/a.ts": "1", "apps/web/page.tsx": "1"})
    (repository.path / "apps" / "web" / "convex").symlink_to("../../packages/backend/convex")
    commit = repository.commit()
    with tree_at(repository.path / "apps" / "web", commit) as tree:
        assert tree is not None
        assert (tree / "convex" / "a.ts").read_text() == "1"


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_link_out_of_the_repository_is_not_made(repository: GitRepository) -> None:
    repository.write({"convex/a.ts": "1"})
    (repository.path / "convex" / "away").symlink_to("../../elsewhere")
    commit = repository.commit()
    with tree_at(repository.path, commit) as tree:
        assert tree is not None
        assert not (tree / "convex" / "away").is_symlink()


def test_the_environment_of_a_hook_does_not_lead_astray(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"convex/a.ts": "1"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert find_commit(repository.path / "convex", "main") == commit


def test_a_file_stands_for_its_folder(repository: GitRepository) -> None:
    commit = repository.commit({"convex/a.ts": "1"})
    assert find_commit(repository.path / "convex" / "a.ts", "main") == commit


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("revision", ["no-such-branch", "", "--help", "HEAD:convex", "0" * 40])
def test_a_revision_that_is_none(repository: GitRepository, revision: str) -> None:
    repository.commit({"convex/a.ts": "1"})
    with pytest.raises(GitError, match=f"there is no revision '{revision}' in the git repository around"):
        find_commit(repository.path, revision)


@pytest.mark.parametrize("revision", ["main..HEAD", "main...HEAD", "main..", "..."])
def test_a_range_is_no_revision(repository: GitRepository, revision: str) -> None:
    repository.commit({"convex/a.ts": "1"})
    with pytest.raises(GitError, match=r"is a range: give one revision|there is no revision ''"):
        find_commit(repository.path, revision)


def test_branches_without_a_common_ancestor(repository: GitRepository) -> None:
    repository.commit({"convex/a.ts": "1"})
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit({"convex/a.ts": "2"})
    with pytest.raises(GitError, match="'main' and HEAD have no common ancestor in the git repository"):
        find_commit(repository.path, "main...")


def test_a_repository_without_commits(repository: GitRepository) -> None:
    with pytest.raises(GitError, match="there is no revision 'HEAD'"):
        find_commit(repository.path, "HEAD")


def test_a_shallow_clone_says_what_to_fetch(repository: GitRepository, tmp_path: Path) -> None:
    first = repository.commit({"convex/a.ts": "1"})
    repository.commit({"convex/a.ts": "2"})
    repository.git("clone", "--quiet", "--depth=1", repository.path.as_uri(), str(tmp_path / "shallow"))
    with pytest.raises(GitError, match=r"in this shallow clone: fetch more of the history .*fetch-depth: 0"):
        find_commit(tmp_path / "shallow", first)


def test_a_clone_that_lacks_contents_says_so(repository: GitRepository) -> None:
    commit = repository.commit({"convex/a.ts": "1"})
    blob = repository.git("rev-parse", "HEAD:convex/a.ts")
    stored = repository.path / ".git" / "objects" / blob[:2] / blob[2:]
    stored.chmod(0o600)
    stored.unlink()
    with pytest.raises(GitError, match="is missing from this clone: run git fetch"), tree_at(repository.path, commit):
        pass


def test_outside_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(GitError, match="not in a git repository"):
        find_commit(tmp_path / "plain", "HEAD")


def test_nothing_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match="there is no such file or directory"):
        find_commit(tmp_path / "nothing" / "here", "HEAD")


def test_without_git(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit({"convex/a.ts": "1"})
    monkeypatch.setenv("PATH", str(repository.path))
    assert shutil.which("git") is None
    with pytest.raises(GitError, match="git was not found: --diff needs it"):
        find_commit(repository.path, "HEAD")


# ── where a path lies in its repository ──────────────────────────────────────────────────────────────────────────


def test_the_way_down_from_the_root_of_the_repository(repository: GitRepository) -> None:
    (repository.path / "apps" / "web").mkdir(parents=True)
    assert repository_prefix(repository.path / "apps" / "web") == "apps/web"
    assert repository_prefix(repository.path) == ""
