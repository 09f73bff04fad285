"""What an audit would have said at an earlier commit."""

from __future__ import annotations

from contend.evidence.auditing import audit_repository
from contend.model.app import Repository
from contend.model.audit import Audit, Progress
from contend.source.discovery import NotAConvexApp
from contend.source.linking.repository import read_repository
from contend.source.revisions import tree_at


def audit_at(
    audit: Audit, commit: str, *, use_cache: bool = True, jobs: int | None = None, progress: Progress | None = None
) -> Audit:
    """The audit of the same path at `commit`, under the same settings, so that only the code differs.

    Where there was no app yet it has no findings. Raises `contend.source.revisions.GitError`.
    """
    with tree_at(audit.repository.path, commit) as tree:
        if tree is None:
            return _nothing(audit)
        try:
            repository = read_repository(
                tree, use_cache=use_cache, jobs=jobs, progress=progress, cache_of=audit.repository.path
            )
        except NotAConvexApp:
            return _nothing(audit)
        return audit_repository(repository, audit.settings)


def _nothing(audit: Audit) -> Audit:
    return Audit(Repository(audit.repository.path, (), (), ()), settings=audit.settings, rules=audit.rules)
