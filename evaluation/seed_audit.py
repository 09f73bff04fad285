"""The facts of a hand-written audit, held against `contend audit`.

A team of the open app AlliDoisCode1234/MartAI wrote down by hand which of its mutations patch two documents, what the
scheduler starts and which tables grow, on 2 January 2026. The rows below are that document's, each with what it said
and with what the source says at commit `d01843b` (read by hand). The script audits a check-out of that commit, looks
for every fact in the audit and its words in the Markdown report, and prints one line a row:

    git clone https://github.com/AlliDoisCode1234/MartAI && git -C MartAI checkout d01843b
    python evaluation/seed_audit.py MartAI

It ends with 1 where a row is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import contend
from contend.model.audit import Audit
from contend.model.inventory import MultiDocumentEntry, SchedulerEntry, TableEntry
from contend.reports.markdown import render_markdown

LIFECYCLE = "subscriptions/subscriptionLifecycle"
DUAL = {
    f"{LIFECYCLE}:transitionToMaintenanceMode": ("subscriptions", "users"),
    f"{LIFECYCLE}:reactivateSubscription": ("subscriptions", "users"),
    f"{LIFECYCLE}:cancelSubscription": ("subscriptions", "users"),
    f"{LIFECYCLE}:adminActivateSubscription": ("subscriptions", "users"),
    f"{LIFECYCLE}:adminChangeSubscriptionPlan": ("subscriptions", "users"),
    "prospects/prospects:convertProspectToUser": ("prospects", "users"),
}
UNCALLED = ("transitionToMaintenanceMode", "reactivateSubscription", "convertProspectToUser")
CLEANERS = {
    "aiGenerations": "admin/cleanup:cleanupAiGenerations",
    "analyticsEvents": "admin/cleanup:cleanupAnalyticsEvents",
}


@dataclass(frozen=True)
class Row:
    """One row of the document: what it said, what is right, and whether the audit and its report say so."""

    title: str
    said: str
    right: str
    found: bool


@dataclass(frozen=True)
class Outcome:
    """An audit, its report, and its inventory by name."""

    audit: Audit
    report: str

    def mutation(self, path: str) -> MultiDocumentEntry | None:
        return next((one for one in self.audit.inventory.multi_document if one.function == path), None)

    def scheduled(self, source: str, target: str) -> SchedulerEntry | None:
        return next(
            (one for one in self.audit.inventory.scheduler if one.function == source and one.target == target), None
        )

    def table(self, name: str) -> TableEntry | None:
        return next((one for one in self.audit.inventory.tables if one.name == name), None)

    def callers(self, path: str) -> int:
        return next((one.callers for one in self.audit.inventory.functions if one.function == path), -1)

    def told(self, *words: str) -> bool:
        """Whether one line of the report holds all of these."""
        return any(all(word in line for word in words) for line in self.report.splitlines())


def dual_documents(outcome: Outcome) -> Iterator[Row]:
    """Atomic is not the same as free of conflicts: the other writers of each row decide."""
    for path, tables in DUAL.items():
        entry = outcome.mutation(path)
        rows = {row.table: row for row in entry.rows} if entry is not None else {}
        users = rows.get("users")
        found = (
            entry is not None
            and entry.tables == tables
            and entry.verdict == "watch"
            and set(rows) == set(tables)
            and all(row.other_writers for row in rows.values())
            and users is not None
            and "onboarding:updateOnboardingStep" in dict(users.hot_writers)
            and "lib/engagementMilestones:trackEngagement" in users.other_writers
            and outcome.told(f"`{path}`", "`onboarding:updateOnboardingStep`", "watch")
        )
        right = "atomic; its `users` row is also written by a hot effect (updateOnboardingStep) and others: watch"
        yield Row(path, "safe: a single transaction", right, found)
    for name in UNCALLED:
        path = next(path for path in DUAL if path.endswith(f":{name}"))
        found = outcome.callers(path) == 0 and outcome.told(f"`{path}`", "nothing in this repository")
        yield Row(
            f"{path}, caller", "called by a cron, a webhook, an admin", "nothing in the repository calls it", found
        )


def scheduler(outcome: Outcome) -> Iterator[Row]:
    """What the scheduler starts: kind, awaited or not, and what it writes back."""
    external = "fire-and-forget to an external service"
    hubspot = "integrations/hubspot"
    wanted: tuple[tuple[str, str, str, str, tuple[str, ...], str], ...] = (
        ("onboarding:markComplete", f"{hubspot}:syncUserToHubspot", "action", "safe", (), external),
        (
            "prospects/prospects:createOnboardingProspect",
            f"{hubspot}:syncProspectToHubspot",
            "action",
            "safe",
            (),
            external,
        ),
        (
            "seo/keywords:createKeywords",
            "lib/engagementMilestones:trackEngagement",
            "mutation",
            "watch",
            ("users",),
            external,
        ),
        (
            "publishing/scheduledPosts:createScheduledPost",
            "publishing/scheduledPosts:publishPost",
            "mutation",
            "watch",
            ("scheduledPosts",),
            "a publish action",
        ),
        (
            "apiAccessRequests:submitRequest",
            f"{hubspot}:syncApiAccessRequest",
            "action",
            "safe",
            ("apiAccessRequests",),
            external,
        ),
    )
    for source, target, kind, verdict, writes, said in wanted:
        entry = outcome.scheduled(source, target)
        found = (
            entry is not None
            and entry.target_kind == kind
            and entry.verdict == verdict
            and entry.writes_back == writes
            and outcome.told(f"`{source}`", f"`{target}`", verdict)
        )
        back = f"writes {', '.join(writes)} back" if writes else "writes nothing back"
        yield Row(
            f"{source} → {target}", said, f"{'an' if kind == 'action' else 'a'} {kind} that {back}: {verdict}", found
        )
    entry = outcome.scheduled("seo/keywords:createKeywords", "lib/engagementMilestones:trackEngagement")
    reason = entry.reason if entry is not None else ""
    yield Row(
        "trackEngagement",
        "external service, no user-facing impact",
        "an internal mutation that patches `users`, tried again for ever, and meets updateMultipleSteps",
        all(
            word in reason for word in ("an internal mutation", "for ever", "`users`", "onboarding:updateMultipleSteps")
        ),
    )


def tables(outcome: Outcome) -> Iterator[Row]:
    """Which tables grow, and what would clean them up."""
    for name, cleaner in CLEANERS.items():
        entry = outcome.table(name)
        found = (
            entry is not None
            and entry.ttl == "exists but never scheduled"
            and cleaner in entry.cleaners
            and entry.proposed_period is not None
            and "reads the whole table" in entry.reason
            and outcome.told(f"`{name}`", cleaner, "exists but never scheduled")
        )
        yield Row(name, "consider adding a clean-up", f"{cleaner} exists, scans, and nothing schedules it", found)
    logs = outcome.table("aiRoutingLogs")
    inserts = any(one.table == "aiRoutingLogs" and one.operation == "insert" for one in outcome.audit.inventory.writes)
    yield Row(
        "aiRoutingLogs",
        "medium write frequency, add a 7-day clean-up",
        "nothing inserts into it: no growth, no clean-up needed",
        logs is not None
        and not inserts
        and (logs.ttl, logs.verdict) == ("not needed", "safe")
        and outcome.told("nothing in this repository inserts into", "`aiRoutingLogs`"),
    )
    deliveries = outcome.table("webhookDeliveries")
    yield Row(
        "webhookDeliveries",
        "medium write frequency, add a 7-day clean-up",
        "nothing removes old rows, but nothing in the repository starts what inserts them either",
        deliveries is not None
        and deliveries.ttl == "none"
        and "nothing in this repository starts" in deliveries.reason
        and outcome.told("`webhookDeliveries`", "none"),
    )
    health = outcome.table("aiProviderHealth")
    yield Row(
        "aiProviderHealth",
        "safe: already time-boxed",
        "one row per provider for all users, written by every AI call and two crons: not safe",
        health is not None
        and health.verdict != "safe"
        and health.ttl == "not needed"
        and "one row per providerId" in health.reason
        and outcome.told("`aiProviderHealth`", health.verdict, "ai/health/circuitBreaker:recordSuccess"),
    )


def onboarding(outcome: Outcome) -> Iterator[Row]:
    """The conflict that the document calls fixed, and the pages that it calls safe."""
    finding = next((one for one in outcome.audit.findings if one.rule == "reactive-feedback-loop"), None)
    yield Row(
        "onboarding/page.tsx",
        "fixed: batched",
        "an effect wakes itself through `user`; batching does not touch it",
        finding is not None and finding.cause.file == "app/onboarding/page.tsx" and finding.severity.rank <= 1,
    )
    pages = {one.page: one for one in outcome.audit.inventory.frontend}
    for page in ("app/integrations/page.tsx", "app/studio/strategy/page.tsx", "app/admin/users/page.tsx"):
        entry = pages.get(page)
        yield Row(page, "safe", "safe", entry is not None and entry.verdict == "safe")
    writes = len(outcome.audit.inventory.writes)
    patches = sum(one.operation == "patch" for one in outcome.audit.inventory.writes)
    yield Row("counts", "90+ patches in 40+ files", f"{patches} patches among {writes} writes", patches > 90)


PARTS: tuple[Callable[[Outcome], Iterator[Row]], ...] = (dual_documents, scheduler, tables, onboarding)


def main() -> int:
    """Audit the check-out and print every row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("checkout", help="the app at commit d01843b")
    audit = contend.audit(parser.parse_args().checkout)
    outcome = Outcome(audit, render_markdown(audit, "0", everything=True))
    missing = 0
    for part in PARTS:
        print(f"\n{part.__name__.replace('_', ' ')}: {(part.__doc__ or '').strip()}")
        for row in part(outcome):
            missing += not row.found
            print(f"  {'ok     ' if row.found else 'MISSING'} {row.title}")
            print(f"          it said: {row.said}\n          right:   {row.right}")
    print(f"\n{'all rows are there' if not missing else f'{missing} rows are missing'}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
