"""Witnesses: the shortest interleaving in which one function's commit makes another one's fail.

A scenario is run with its seed until the victim loses a commit to the writer. What has to come before is then left out
call by call, as long as the conflict remains, and the rest is told step by step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any, Final

from contend.convex.clients import always_checked
from contend.convex.errors import DatabaseError
from contend.convex.ids import looks_like_id
from contend.engine.conflicts import Conflict
from contend.engine.database import Database, PendingCommit
from contend.engine.transaction import Transaction
from contend.lab.calls import MutationCall
from contend.lab.contexts import MutationCtx
from contend.lab.documents import Work
from contend.lab.errors import EndlessError, ScenarioError
from contend.lab.functions import Function
from contend.lab.scenario import Scenario
from contend.lab.simulation import Simulation
from contend.lab.tally import Loss

_SHORTENING_RUNS: Final = 200
_MOST_BEFORE: Final = 2_000
_SHOWN_OF_AN_ID: Final = 6


@dataclass(frozen=True, slots=True)
class WitnessCall:
    """A call with its arguments. `checked`: its client's record makes it a writer though it writes nothing."""

    function: str
    args: Mapping[str, Any]
    user: str | None
    now_ms: float
    checked: bool = False


@dataclass(frozen=True, slots=True)
class Witness:
    """`before` run one after another; then `victim` begins, `writer` begins and commits, and `victim` fails with
    `conflict`. `victim_did` and `writer_did` tell what they read and wrote."""

    before: tuple[WitnessCall, ...]
    victim: WitnessCall
    writer: WitnessCall
    victim_did: tuple[str, ...]
    writer_did: tuple[str, ...]
    conflict: Conflict

    def steps(self) -> tuple[tuple[str, str], ...]:
        """The interleaving: who (`V` the victim, `W` the writer), and what."""
        return (
            ("V", "begins: takes its snapshot"),
            *[("V", what) for what in self.victim_did],
            ("W", "begins"),
            *[("W", what) for what in self.writer_did],
            ("W", "commits"),
            ("V", "asks to commit"),
            ("V", self._why()),
        )

    def text(self, width: int = 80) -> str:
        """The interleaving in words, wrapped to `width`, and as a Mermaid sequence diagram. Document ids are shortened
        to their beginnings."""
        lines = [f"How {self.victim.function} loses to {self._writer_name()}:", ""]
        told = [f"first {call.function} runs, alone  {_shown(call.args)}" for call in self.before]
        for who, what in self.steps():
            call = self.victim if who == "V" else self.writer
            told.append(f"{who} {call.function} {what}")
        margin = len(str(len(told))) + 4
        for number, step in enumerate(told, 1):
            lines += _wrapped(f"{number}. ".rjust(margin), step, width)
        lines.append("")
        for who, call in (("V", self.victim), ("W", self.writer)):
            lines += _wrapped(f"{who} with ", _shown(call.args), width)
        return "\n".join([*lines, "", self.mermaid()]) + "\n"

    def mermaid(self) -> str:
        """The interleaving as a Mermaid sequence diagram. Its lines cannot be wrapped."""
        lines = [
            "```mermaid",
            "sequenceDiagram",
            f"  participant V as {self.victim.function} (V)",
            f"  participant W as {self.writer.function} (W)",
            "  participant D as database",
        ]
        for who, what in self.steps():
            arrow = "-x" if what == self._why() else "->>"
            lines.append(f"  D{arrow}V: {_safe(what)}" if arrow == "-x" else f"  {who}{arrow}D: {_safe(what)}")
        return "\n".join([*lines, "```"])

    def _writer_name(self) -> str:
        return "another call of itself" if self.writer.function == self.victim.function else self.writer.function

    def _why(self) -> str:
        conflict = self.conflict
        where = f"{conflict.read_table}.{conflict.index_name}"
        return f"is rejected: {where}, which it read, changed in {_document(conflict.document)}"


def find_witness(scenario: Scenario, victim: str, writer: str | None = None, seed: int = 1) -> Witness:
    """The shortest interleaving in which `victim` loses a commit to `writer` (None: to whomever it first does). Raises
    `ScenarioError` where that does not happen in the scenario."""
    simulation = Simulation(scenario, seed)
    for path in (victim, *([writer] if writer else [])):
        function = simulation.functions.get(path)
        if function is None or function.kind != "mutation":
            raise ScenarioError(scenario.name, None, path, "there is no such mutation in the scenario")
    recorder = _Recorder(simulation, victim, writer)
    simulation.deployment.observer = recorder
    simulation.run()
    if recorder.found is None:
        whom = "anybody" if writer is None else writer
        raise ScenarioError(
            scenario.name, None, victim, f"it does not lose to {whom} in this scenario with seed {seed}"
        )
    lost, won = recorder.found
    quiet = replace(scenario, workload=(), crons={}, measures={})
    return _shortened(quiet, seed, recorder.committed, lost, won)


class _Recorder:
    """Listens to a run until the conflict that is looked for."""

    def __init__(self, simulation: Simulation, victim: str, writer: str | None) -> None:
        self._simulation = simulation
        self._victim = victim
        self._writer = writer
        self._writers: dict[int, WitnessCall] = {}
        self.committed: list[WitnessCall] = []
        self.found: tuple[WitnessCall, WitnessCall] | None = None

    def committed_call(self, call: MutationCall, ts: int) -> None:
        """A mutation has committed at `ts`."""
        if self.found is None:
            self._writers[ts] = _of(call)
            self.committed.append(self._writers[ts])

    def conflicted_call(self, call: MutationCall, conflict: Conflict, loss: Loss) -> None:
        """A mutation has lost its commit."""
        winner = self._writers.get(conflict.ts)
        if self.found is not None or winner is None or call.function.path != self._victim:
            return
        if self._writer is None or winner.function == self._writer:
            self.committed.remove(winner)
            self.found = (_of(call), winner)
            self._simulation.kernel.stop()


def _of(call: MutationCall) -> WitnessCall:
    checked = always_checked(call.runner)
    return WitnessCall(call.function.path, dict(call.args), call.user, call.deployment.now_ms, checked)


def _shortened(
    scenario: Scenario, seed: int, before: Sequence[WitnessCall], victim: WitnessCall, writer: WitnessCall
) -> Witness:
    kept = list(before)[-_MOST_BEFORE:]
    best = _try(scenario, seed, (), victim, writer)
    if best is not None:
        return best
    best = _try(scenario, seed, kept, victim, writer)
    if best is None:
        raise ScenarioError(
            scenario.name, None, victim.function, "the conflict depends on more calls than a witness can hold"
        )
    runs, piece = 0, max(len(kept) // 2, 1)
    while kept and runs < _SHORTENING_RUNS:
        for start in range(0, len(kept), piece):
            shorter = kept[:start] + kept[start + piece :]
            runs += 1
            found = _try(scenario, seed, shorter, victim, writer)
            if found is not None:
                kept, best = shorter, found
                break
            if runs >= _SHORTENING_RUNS:
                break
        else:
            if piece == 1:
                break
            piece = max(piece // 2, 1)
    return best


def _try(
    scenario: Scenario, seed: int, before: Sequence[WitnessCall], victim: WitnessCall, writer: WitnessCall
) -> Witness | None:
    """The witness after these calls, or None where there is no conflict."""
    simulation = Simulation(scenario, seed)
    try:
        database = simulation.deployment.database
        for call in before:
            ran = _begin(simulation, call)
            if ran is not None:
                _commit(database, ran[0])
        lost, won = _begin(simulation, victim), _begin(simulation, writer)
        if lost is None or won is None or isinstance(_commit(database, won[0]), Conflict):
            return None
        outcome = _commit(database, lost[0])
    except DatabaseError:
        return None
    finally:
        simulation.watch.stop()
    if not isinstance(outcome, Conflict):
        return None
    return Witness(tuple(before), victim, writer, tuple(lost[1]), tuple(won[1]), outcome)


def _begin(simulation: Simulation, call: WitnessCall) -> tuple[Transaction, list[str]] | None:
    """Runs a handler against the latest snapshot, and tells what it did. None where it throws."""
    deployment = simulation.deployment
    function: Function = deployment.resolve(call.function)
    simulation.kernel.now += 1.0
    tx = deployment.begin(function.canonical)
    ctx = MutationCtx(deployment, Work(tx), call.now_ms, call.user, "witness")
    try:
        deployment.run_handler(function, ctx, call.args)
    except (Exception, EndlessError):
        tx.abort()
        return None
    tx.always_checked = call.checked
    return tx, [*_reads(tx), *_writes(tx)]


def _commit(database: Database, tx: Transaction) -> object:
    outcome = database.validate(tx)
    return database.publish(outcome) if isinstance(outcome, PendingCommit) else outcome


def _reads(tx: Transaction) -> list[str]:
    scans = [f"reads {scan.index.table.name} by {scan.index.name}" for scan in tx.scans if not scan.index.table.system]
    points = [
        f"reads {_document(id)} of {table.name}"
        for table, ids in tx.points.items()
        if not table.system
        for id in sorted(ids)
        if id not in tx.writes.get(table, {}) or tx.writes[table][id].old is not None
    ]
    return list(dict.fromkeys([*scans, *points]))


def _writes(tx: Transaction) -> list[str]:
    told = []
    for table, own in tx.writes.items():
        for id, write in own.items():
            if table.system:
                continue
            if write.old is None:
                told.append(f"inserts into {table.name}")
            elif write.document is None:
                told.append(f"deletes {_document(id)} of {table.name}")
            else:
                fields = f" ({', '.join(dict.fromkeys(write.fields))})" if write.fields else ""
                told.append(f"writes {_document(id)} of {table.name}{fields}")
    return told


def _document(id: str | None) -> str:
    return "a system document" if id is None else f"document {_short(id)}"


def _short(id: str) -> str:
    return f"{id[:_SHOWN_OF_AN_ID]}…"


def _shown(args: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {_told(value)}" for name, value in args.items()) + "}"


def _told(value: Any) -> str:
    if isinstance(value, str) and looks_like_id(value):
        return repr(_short(value))
    if isinstance(value, Mapping):
        return _shown(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_told, value))}]"
    return repr(value)


def _wrapped(first: str, text: str, width: int) -> list[str]:
    rest = " " * len(first)
    return wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _safe(text: str) -> str:
    return text.replace(";", ",").replace("#", "")
