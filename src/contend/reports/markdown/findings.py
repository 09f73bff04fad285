"""The findings one by one: why, between whom, from where, at what cost, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from contend.model.audit import Audit
from contend.model.callers import Caller
from contend.model.findings import Finding, Pair
from contend.reports.finding_block import show_command
from contend.reports.markdown.document import Document
from contend.reports.markdown.plan import details_heading, finding_name
from contend.reports.markdown.text import clipped, code, prose
from contend.reports.proofs import proof_of
from contend.reports.words import component_words, evidence_lines, more_callers, more_pairs, pair_words, trigger_words

DETAILED = 12
"""Findings that are told in full unless everything is asked for."""
_PAIRS, _REASONS, _FRAMES = 3, 4, 6
_SENTENCE = 900


def add_findings(page: Document, audit: Audit, anchors: Mapping[str, str], path: str) -> None:
    """The details of the worst findings; the others have their line in the plan."""
    findings = audit.open_findings
    if not findings:
        return
    page.heading(2, "Findings")
    shown = page.rows(DETAILED, len(findings))
    for number, finding in enumerate(findings[:shown], 1):
        _add_finding(page, audit, finding, f"F{number}", path)
    if shown < len(findings):
        page.heading(3, "The others")
        rows = []
        for finding in findings[shown:]:
            name = anchors[finding.id].partition("]")[0].lstrip("[")
            message = prose(clipped(finding.message, 240))
            rows.append([name, finding.severity.value, code(finding.rule), page.span(finding.cause), message])
        page.table(["", "severity", "rule", "where", "what"], rows, 30)


def _add_finding(page: Document, audit: Audit, finding: Finding, number: str, path: str) -> None:
    page.heading(3, details_heading(number, finding))
    doubt = "" if finding.confidence == "high" else f" (*{finding.confidence} confidence*)"
    message = prose(clipped(finding.message, _SENTENCE))
    page.paragraph(f"{finding_name(page, finding)}, {page.span(finding.cause)}: {message}{doubt}")
    items = [f"**Why**: {prose(clipped(reason, _SENTENCE))}" for reason in finding.static[:_REASONS]]
    items += _pairs(finding)
    called = "it" if finding.function is not None else "the functions that use it"
    items += _callers(page, finding.callers, called)
    for kind, words in evidence_lines(finding):
        lead = f"**Costs** (for {component_words(finding.severity_by)})" if not items[-1].startswith("**Costs") else ""
        items.append(f"{lead or '**Costs**'}, *{kind}*: {prose(clipped(words, _SENTENCE))}")
    for fix in finding.fixes:
        effects = [
            f"{verb} {prose(text)}" for verb, text in (("removes", fix.removes), ("leaves", fix.residual)) if text
        ]
        tail = f" ({'; '.join(effects)})" if effects else ""
        items.append(f"**Do**: {prose(fix.title)} *({fix.kind})*{tail}")
    proof = proof_of(audit, finding)
    if proof is not None:
        why = f" ({prose(proof.why)})" if proof.why else ""
        items.append(f"**Proof**: {code(show_command(proof.function, path))}{why}")
    page.bullets(items)
    for fix in finding.fixes:
        if fix.diff:
            page.block(fix.diff.rstrip("\n"), "diff")


def _pairs(finding: Finding) -> list[str]:
    """The worst pairs, those that read alike once."""
    words: dict[str, Pair] = {}
    for pair in finding.pairs:
        words.setdefault(pair_words(pair, finding.app, finding.function), pair)
        if len(words) == _PAIRS:
            break
    items = [f"**Pair**: {prose(text)} ({code(pair.interval)})" for text, pair in words.items()]
    if len(finding.pairs) > len(words):
        items.append(more_pairs(finding.pairs[len(words) :]))
    return items


def _callers(page: Document, callers: tuple[Caller, ...], called: str) -> list[str]:
    if not callers:
        return [f"**From**: nobody in this repository calls {called}"]
    first = callers[0]
    frames = [f"{code(frame.name)} ({page.file(frame.file, frame.line)})" for frame in first.chain]
    if len(frames) > _FRAMES:
        frames = [*frames[:2], f"{len(frames) - _FRAMES + 1} more", *frames[-(_FRAMES - 3) :]]
    way = " → ".join(frames) or page.span(first.span)
    items = [f"**From**: {prose(trigger_words(first.trigger))}: {way}"]
    if first.consequence.text:
        items.append(f"**If a call is lost**: {prose(first.consequence.text)}")
    if len(callers) > 1:
        items.append(more_callers(callers[1:]))
    return items
