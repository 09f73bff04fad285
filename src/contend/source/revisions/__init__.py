"""The tree of a git revision, read without touching the work tree or the index."""

from __future__ import annotations

from contend.source.revisions.git import GitError, find_commit
from contend.source.revisions.tree import tree_at

__all__ = ["GitError", "find_commit", "tree_at"]
