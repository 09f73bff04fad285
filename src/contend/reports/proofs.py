"""Which function proves a finding: the one whose accesses and pairs `contend show` should list."""

from __future__ import annotations

from dataclasses import dataclass

from contend.model.audit import Audit
from contend.model.findings import Finding
from contend.reports.names import path_in


@dataclass(frozen=True, slots=True)
class Proof:
    """The id of the function to show, and why it is that one where the finding names another ("" where it does not)."""

    function: str
    why: str = ""


def proof_of(audit: Audit, finding: Finding) -> Proof | None:
    """The function that a finding speaks of. An action has no transaction, so for one it is the mutation in its pairs
    that it runs; for a helper, a function that reaches the helper."""
    named = finding.function or (finding.functions[0] if finding.functions else None)
    if named is None:
        return None
    kinds = {function.id: function.kind for function in audit.functions}
    if kinds.get(named) in ("action", "httpAction"):
        met = [*finding.functions, *(id for pair in finding.pairs for id in (pair.victim, pair.writer))]
        started = {caller.function for app in audit.apps for caller in app.callers if caller.from_function == named}
        mutations = [id for id in dict.fromkeys(met) if kinds.get(id) == "mutation"]
        run = next((id for id in mutations if id in started), None) or next(iter(mutations), None)
        if run is not None:
            return Proof(
                run, f"the mutation that the action {path_in(finding.app, named)} runs" if run in started else ""
            )
    if finding.function is None and finding.helper:
        return Proof(named, f"it reaches the helper {finding.helper}")
    return Proof(named)
