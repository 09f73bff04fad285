"""What an audit is compared with: an accepted baseline, or an earlier state of the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contend.model.findings import Severity


@dataclass(frozen=True, slots=True)
class EarlierFinding:
    """What is remembered of a finding: enough to know it again, and for a person to review.

    `function` is the path within `app`, or the helper's name. `likeness` is equal for findings of one rule on one table
    whose causes have the same text: by it a finding is known again whose file or function was renamed. It is empty
    where that text was not at hand.
    """

    id: str
    rule: str
    app: str
    function: str
    file: str
    severity: Severity
    likeness: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an audit differs from an earlier state.

    `name` is the baseline's file or the revision, as asked for; `commit` the full name of the revision's commit.
    Silenced findings are not counted: `known` says how many findings were there before and are no worse, `new` how many
    were not; `worse` holds the id of each that was milder, with its severity then; `gone` what is no longer found (of
    a revision: fixed since).
    """

    against: Literal["baseline", "revision"]
    name: str
    known: int = 0
    new: int = 0
    worse: tuple[tuple[str, Severity], ...] = ()
    gone: tuple[EarlierFinding, ...] = ()
    commit: str | None = None
