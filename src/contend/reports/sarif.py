"""The audit as SARIF 2.1.0, for code hosts and viewers (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

The same audit gives the same text on every machine: no clock, no absolute path, no random identifier. URIs are relative
to the root of the repository (`%SRCROOT%`), columns count UTF-16 code units. `primaryLocationLineHash` is left to
whoever uploads the file: GitHub's action works it out from the source, and warns about a value that is not its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from contend.model.app import ReadError
from contend.model.audit import Audit
from contend.model.findings import Finding, Severity, Standing
from contend.reports.names import export_of, path_in
from contend.reports.numbers import Json
from contend.reports.places import Places
from contend.reports.sarif_flows import code_flows, physical, place, related_locations
from contend.reports.sarif_rules import described_rules
from contend.reports.words import component_words, evidence_lines, function_name, pair_words

SARIF_VERSION = "2.1.0"
SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "contendFindingId/v1"
UNREADABLE = "unreadable-file"
"""The notification for a file that could not be read whole."""

_LEVEL: dict[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_RANK: dict[Severity, int] = {
    Severity.CRITICAL: 95,
    Severity.HIGH: 80,
    Severity.MEDIUM: 55,
    Severity.LOW: 30,
    Severity.INFO: 10,
}
_STATE: dict[Standing, str] = {"known": "unchanged", "new": "new", "worse": "updated"}


def render_sarif(audit: Audit, version: str, prefix: str = "", exit_code: int = 0) -> str:
    """The report as ASCII-safe JSON text with a final newline.

    `version` is the tool's; `prefix` leads from the root of the repository to the audited path, with `/`; `exit_code`
    is what the command ends with.
    """
    return json.dumps(sarif_json(audit, version, prefix, exit_code), indent=2, allow_nan=False) + "\n"


def sarif_json(audit: Audit, version: str, prefix: str = "", exit_code: int = 0) -> dict[str, Json]:
    """The report as plain data."""
    places = Places(audit.sources, prefix)
    rules = described_rules(audit)
    index = {str(rule["id"]): at for at, rule in enumerate(rules)}
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": "contend",
                "version": version,
                "shortDescription": {"text": "Write conflicts in apps built on Convex."},
                "rules": [*rules],
                "notifications": [
                    {"id": UNREADABLE, "shortDescription": {"text": "A file could not be read or parsed whole."}}
                ],
            }
        },
        "automationDetails": {"id": f"contend/{prefix}/" if prefix else "contend/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {
                "executionSuccessful": True,
                "exitCode": exit_code,
                "toolExecutionNotifications": [_notification(error, places) for error in audit.errors],
            }
        ],
        "results": [_result(audit, finding, index, places) for finding in audit.findings],
    }
    return {"$schema": SCHEMA_URI, "version": SARIF_VERSION, "runs": [run]}


def _result(audit: Audit, finding: Finding, index: Mapping[str, int], places: Places) -> dict[str, Json]:
    related, links = related_locations(finding, places)
    flows = code_flows(finding, places)
    result: dict[str, Json] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVEL[finding.severity],
        "rank": _RANK[finding.severity],
        "message": {"text": _text(audit, finding, links), "markdown": _markdown(audit, finding, links)},
        "locations": [
            {"physicalLocation": place(finding.cause, places), "logicalLocations": [_logical_location(finding)]}
        ],
    }
    if related:
        result["relatedLocations"] = [*related]
    if flows:
        result["codeFlows"] = [*flows]
    result["fingerprints"] = {FINGERPRINT: finding.id}
    result["partialFingerprints"] = {FINGERPRINT: finding.id}
    if audit.comparisons:
        result["baselineState"] = _STATE[finding.baseline or "known"]
    result["suppressions"] = _suppressions(audit, finding, places)
    result["properties"] = {
        "severity": finding.severity.value,
        "severityBy": finding.severity_by,
        "confidence": finding.confidence,
        "functions": [path_in(finding.app, function) for function in finding.functions],
        "pairCount": len(finding.pairs),
        "callerCount": len(finding.callers),
    }
    return result


def _logical_location(finding: Finding) -> dict[str, Json]:
    if finding.function is None:
        return {"name": finding.helper or "helper", "kind": "function"}
    path = path_in(finding.app, finding.function)
    return {"name": export_of(path), "fullyQualifiedName": path, "kind": "function"}


def _suppressions(audit: Audit, finding: Finding, places: Places) -> list[Json]:
    """None is an empty list, as SARIF wants all results of a run to have the property or none."""
    found: list[Json] = []
    if finding.suppressed is not None:
        comment: dict[str, Json] = {"kind": "inSource", "status": "accepted", "justification": finding.suppressed}
        for used in audit.suppressions.used:
            if (used.file, used.target_line) == (finding.cause.file, finding.cause.line) and finding.rule in used.rules:
                comment["location"] = {"physicalLocation": physical(used.file, {"startLine": used.line}, places)}
                break
        found.append(comment)
    names = [one.name for one in audit.comparisons if one.against == "baseline"]
    if finding.baseline == "known" and names:
        found.append({"kind": "external", "status": "accepted", "justification": f"in the baseline {names[0]}"})
    return found


def _notification(error: ReadError, places: Places) -> Json:
    return {
        "descriptor": {"id": UNREADABLE, "index": 0},
        "level": "warning",
        "message": {"text": f"{error.path}: {error.reason}"},
        "locations": [{"physicalLocation": physical(error.path, None, places)}],
    }


def _text(audit: Audit, finding: Finding, links: Sequence[str]) -> str:
    """What a viewer without Markdown shows: the first line says it, the rest why it matters."""
    lines = [f"{function_name(finding)}: {finding.message}", f"severity: {_judged(audit, finding)}"]
    lines += [f"{kind}: {words}" for kind, words in evidence_lines(finding)]
    lines = [_without_links(line) for line in lines]
    lines += [f"pair: {_without_links(_pair(finding))}{_linked(links)}"] if finding.pairs else []
    lines += [f"help: {_without_links(fix.title)}" for fix in finding.fixes]
    return "\n".join(lines)


def _markdown(audit: Audit, finding: Finding, links: Sequence[str]) -> str:
    rows = [f"**severity**: {_judged(audit, finding)}"]
    rows += [f"**{kind}**: {words}" for kind, words in evidence_lines(finding)]
    rows += [f"**why**: {reason}" for reason in finding.static]
    rows = [_without_links(row) for row in rows]
    rows += [f"**pair**: {_without_links(_pair(finding))}{_linked(links)}"] if finding.pairs else []
    for fix in finding.fixes:
        effects = [f"{word} {text}" for word, text in (("removes", fix.removes), ("leaves", fix.residual)) if text]
        rows.append(_without_links(f"**help**: {fix.title}" + (f" ({'; '.join(effects)})" if effects else "")))
    head = _without_links(f"`{function_name(finding)}`: {finding.message}")
    return "\n\n".join([head, "\n".join(f"- {row}" for row in rows)])


def _judged(audit: Audit, finding: Finding) -> str:
    then = audit.was(finding)
    was = f", was {then.value}" if then is not None else ""
    return f"{finding.severity.value} for {component_words(finding.severity_by)}, {finding.confidence} confidence{was}"


def _pair(finding: Finding) -> str:
    return pair_words(finding.pairs[0], finding.app, finding.function)


def _linked(links: Sequence[str]) -> str:
    return f" ({', '.join(links)})" if links else ""


def _without_links(text: str) -> str:
    """Text of an app in which nothing reads as a link to one of the related locations."""
    return text.replace("](", "] (")
