"""The whole outcome of an audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from contend.model.app import App, ReadError, Repository, Suppression
from contend.model.comparison import Comparison
from contend.model.findings import Finding, Note, Severity
from contend.model.functions import Function
from contend.model.inventory import Inventory
from contend.model.observations import Observations, SeenAnswer
from contend.model.pairs import PairLookup, PairTable
from contend.model.settings import FailOn, Settings

Progress = Callable[[str, int, int], None]
"""Told while an audit runs: the stage in words, how many parts are done, how many there are (0: not known)."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing the predictions take for granted: `name` is the key of `[traffic]`, `text` says it in words with its
    number (`20 active users a day`), `source` where the number comes from."""

    name: str
    value: float
    text: str
    source: Literal["default", "configuration", "telemetry"] = "default"


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What the `contend-ignore` comments did: those that silenced a finding, those that give no reason and so silence
    nothing, and those with a reason that no finding stands behind."""

    used: tuple[Suppression, ...] = ()
    without_reason: tuple[Suppression, ...] = ()
    unused: tuple[Suppression, ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `findings` come worst first and include the silenced ones (`suppressed` holds the reason); `pairs` are all that the
    app has, worst first, whether or not a rule speaks of them; `rules` are the names of those that ran. `comparisons`
    are those with a baseline or a revision: findings that a baseline knows are kept with `baseline` "known", those that
    the revision had already are left out. `observations` is what production saw, where that was given; `seen` the
    answers to counts that somebody saw. `seconds` is the wall-clock time: reports for machines leave it out.
    """

    repository: Repository
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    inventory: Inventory = Inventory()
    pairs: PairLookup = PairTable()
    assumptions: tuple[Assumption, ...] = ()
    suppressions: Suppressions = Suppressions()
    settings: Settings = Settings()
    rules: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    observations: Observations | None = None
    seen: tuple[SeenAnswer, ...] = ()
    seconds: float = 0.0

    def __repr__(self) -> str:
        """`<Audit of 'app': 3 findings (1 high, 2 low), 173 functions>`: the open findings."""
        levels = Counter(finding.severity for finding in self.open_findings)
        by_level = ", ".join(f"{levels[level]} {level.value}" for level in Severity if levels[level])
        findings = f"{levels.total()} finding{'' if levels.total() == 1 else 's'}{f' ({by_level})' if by_level else ''}"
        functions = len(self.functions)
        many = "" if functions == 1 else "s"
        return f"<Audit of {self.repository.path!r}: {findings}, {functions} function{many}>"

    @property
    def apps(self) -> tuple[App, ...]:
        return self.repository.apps

    @property
    def errors(self) -> tuple[ReadError, ...]:
        """Files that could not be read or parsed."""
        return self.repository.errors

    @property
    def sources(self) -> Mapping[str, str]:
        """The text of each file that a finding can point into."""
        return self.repository.sources

    @property
    def functions(self) -> tuple[Function, ...]:
        """The functions of every app."""
        return tuple(function for app in self.apps for function in app.functions)

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """Findings that no comment silences and no baseline knows, worst first."""
        return tuple(one for one in self.findings if one.suppressed is None and one.baseline != "known")

    def was(self, finding: Finding) -> Severity | None:
        """The milder severity that a finding had before, None where it did not get worse."""
        return next((then for one in self.comparisons for id, then in one.worse if id == finding.id), None)

    def failing(self, level: FailOn) -> tuple[Finding, ...]:
        """Open findings at or above `level`; none for `never`."""
        if level == "never":
            return ()
        return tuple(finding for finding in self.open_findings if finding.severity.rank <= level.rank)
