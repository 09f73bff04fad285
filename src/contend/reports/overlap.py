"""Findings that count the same pairs: their costs do not add up."""

from __future__ import annotations

from collections.abc import Sequence

from contend.model.findings import Finding

OVERLAP = "Costs of findings that share pairs overlap: they do not add up"


def share_pairs(findings: Sequence[Finding]) -> bool:
    """Whether two of the findings count one pair, or the re-runs of one query by one writer."""
    met: set[tuple[str, str, str]] = set()
    for finding in findings:
        own = {(pair.victim, pair.writer, pair.table) for pair in finding.pairs}
        if not met.isdisjoint(own):
            return True
        met |= own
    return False
