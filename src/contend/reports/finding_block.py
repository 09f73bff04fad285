"""One finding on a terminal page: what, where, between whom, from where, at what cost, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contend.model.audit import Audit
from contend.model.callers import Caller
from contend.model.findings import Finding, Fix, Severity
from contend.model.places import Span
from contend.reports.code_frame import code_frame
from contend.reports.page import LABEL_WIDTH, Page
from contend.reports.proofs import proof_of
from contend.reports.words import (
    component_words,
    evidence_lines,
    function_name,
    more_callers,
    more_pairs,
    pair_words,
    trigger_words,
)

SEVERITY_STYLE: dict[Severity, str] = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "bold cyan",
    Severity.INFO: "bold",
}
_FRAME_STYLE = {"context": "dim", "cause": "", "underline": "bold red"}
_EVIDENCE_STYLE = {"observed": "bold", "predicted": "", "static": ""}


def add_finding(page: Page, audit: Audit, finding: Finding, path: str) -> None:
    """Put `finding` on the page. `path` is what the user audits, as typed, for commands to copy ("" for here)."""
    style = SEVERITY_STYLE[finding.severity]
    doubt = "" if finding.confidence == "high" else f", {finding.confidence} confidence"
    then = audit.was(finding)
    doubt += f", was {then.value}" if then is not None else ""
    page.paragraph(
        (finding.severity.value.upper(), style),
        "  ",
        (finding.rule, "bold"),
        "  ",
        function_name(finding),
        (f"  (for {component_words(finding.severity_by)}{doubt})", "dim"),
        rest="  ",
    )
    page.paragraph(finding.message, first="  ")
    add_frame(page, audit.sources.get(finding.cause.file), finding.cause)
    for number, reason in enumerate(finding.static):
        page.labelled("why" if number == 0 else "", reason, hang=2)
    _add_pairs(page, finding)
    users = "it" if finding.function is not None else "the functions that use it"
    add_callers(page, finding.callers, called=users)
    for number, (kind, words) in enumerate(evidence_lines(finding)):
        page.labelled("" if number else "impact", (f"{kind}: ", _EVIDENCE_STYLE[kind]), words, hang=2)
    _add_fixes(page, finding.fixes)
    proof = proof_of(audit, finding)
    if proof is not None:
        page.labelled_copy("proof", show_command(proof.function, path))
        if proof.why:
            page.labelled("", (proof.why, "dim"))
    page.labelled("silence", (f"above line {finding.cause.line}, with your reason in the place of <reason>:", "dim"))
    page.labelled_copy("", ignore_comment(finding.rule))


def add_frame(page: Page, source: str | None, span: Span) -> None:
    """The place, and its code where the source is at hand."""
    page.paragraph((f"{span.file}:{span.line}:{span.column}", "underline"), first="  --> ")
    if source is None:
        return
    for line in code_frame(source, span, page.width - 4, page.encoding):
        text = Text("    ").append(line.gutter, "dim").append(" ").append(line.code, _FRAME_STYLE[line.kind])
        page.verbatim(text)


def add_callers(page: Page, callers: Sequence[Caller], shown: int = 1, called: str = "it") -> None:
    """The first callers with their chains and what a lost call means there; the rest counted by trigger."""
    if not callers:
        page.labelled("from", f"nobody in this repository calls {called}")
        return
    for number, caller in enumerate(callers[:shown], 1):
        add_chain(page, caller)
        if number == shown < len(callers):
            page.labelled("", (f"and {more_callers(callers[shown:])}", "dim"))
        if caller.consequence.text:
            page.labelled("if lost", caller.consequence.text)


def add_chain(page: Page, caller: Caller) -> None:
    """What sets a call off, then the way down to it: in one line if it fits, one frame a line otherwise."""
    words = trigger_words(caller.trigger)
    frames = [str(frame) for frame in caller.chain] or [str(caller.span)]
    line = f"{words}: {' → '.join(frames)}"
    if len(line) <= page.room():
        page.labelled("from", line)
        return
    page.labelled("from", f"{words}:")
    for number, frame in enumerate(frames):
        page.labelled("", f"{'  ' if number == 0 else '→ '}{frame}", hang=2)


def show_command(function: str, path: str) -> str:
    """`contend show FUNCTION [PATH]`, ready to paste."""
    return " ".join(["contend show", quoted(function), *([quoted(path)] if path else [])])


def ignore_comment(rule: str) -> str:
    """The comment that silences a finding of `rule`, to copy; its reason is for the reader to write."""
    return f"// contend-ignore[{rule}]: <reason>"


def quoted(argument: str) -> str:
    """`argument` as POSIX shells, PowerShell and cmd all take it."""
    return argument if all(c.isalnum() or c in "-_./:\\@+" for c in argument) else f'"{argument}"'


def _add_pairs(page: Page, finding: Finding) -> None:
    if not finding.pairs:
        return
    page.labelled("pair", pair_words(finding.pairs[0], finding.app, finding.function), hang=2)
    if len(finding.pairs) > 1:
        page.labelled("", (f"and {more_pairs(finding.pairs[1:])}", "dim"))


def _add_fixes(page: Page, fixes: Sequence[Fix]) -> None:
    for number, fix in enumerate(fixes, start=1):
        lead = f"{number}. " if len(fixes) > 1 else ""
        page.labelled("help" if number == 1 else "", (lead, "green"), (fix.title, "green"), hang=len(lead))
        effects = [f"{word} {text}" for word, text in (("removes", fix.removes), ("leaves", fix.residual)) if text]
        if effects:
            page.paragraph("; ".join(effects), first=" " * (LABEL_WIDTH + len(lead)))
