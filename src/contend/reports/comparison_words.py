"""How an audit differs from a baseline or a revision, in words."""

from __future__ import annotations

from contend.model.audit import Audit
from contend.model.comparison import Comparison, EarlierFinding
from contend.reports.numbers import counted

SHORT_COMMIT = 10


def comparison_words(comparison: Comparison) -> str:
    """`12 known, in baseline F; 1 new, 2 worse than accepted`, or `since main (1a2b3c4d5e): 2 new, 1 worse, 3 fixed, 14
    as before`."""
    worse = len(comparison.worse)
    if comparison.against == "baseline":
        return (
            f"{comparison.known:,} known, in baseline {comparison.name}; "
            f"{comparison.new:,} new, {worse:,} worse than accepted"
        )
    commit = (comparison.commit or "")[:SHORT_COMMIT]
    name = f"{comparison.name} ({commit})" if commit and not commit.startswith(comparison.name) else comparison.name
    fixed = len(comparison.gone)
    return f"since {name}: {comparison.new:,} new, {worse:,} worse, {fixed:,} fixed, {comparison.known:,} as before"


def gone_words(comparison: Comparison) -> str:
    """`3 baseline entries no longer found: run --write-baseline`, `2 findings fixed since main`; empty where none."""
    gone = len(comparison.gone)
    if not gone:
        return ""
    if comparison.against == "baseline":
        return f"{counted(gone, 'baseline entry', 'baseline entries')} no longer found: run --write-baseline"
    return f"{counted(gone, 'finding')} fixed since {comparison.name}"


def earlier_words(entry: EarlierFinding) -> str:
    """`convex/sessions.ts sessions:touchSession touch-on-every-request (high)`."""
    place = " ".join(part for part in (entry.file, entry.function) if part)
    return f"{place} {entry.rule} ({entry.severity.value})"


def nothing_words(audit: Audit) -> str:
    """`No findings`, `No findings but 2 silenced and 12 known`, `No new findings`: for an audit without open ones."""
    silenced = sum(finding.suppressed is not None for finding in audit.findings)
    known = sum(finding.suppressed is None and finding.baseline == "known" for finding in audit.findings)
    told = [f"{number:,} {what}" for number, what in ((silenced, "silenced"), (known, "known")) if number]
    since = any(comparison.against == "revision" for comparison in audit.comparisons)
    words = "No new findings" if since else "No findings"
    return f"{words} but {' and '.join(told)}" if told else words
