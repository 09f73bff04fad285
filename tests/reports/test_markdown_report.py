"""The document that a team keeps. The golden files are read by eye; `CONTEND_UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

import contend
from contend.model.audit import Audit
from contend.model.comparison import Comparison, EarlierFinding
from contend.model.findings import Impact, Pair, Severity
from contend.model.inventory import Inventory, MultiDocumentEntry, TableEntry, WrittenRow
from contend.model.observations import Explanation, Observations, ObservedFunction, SeenAnswer
from contend.model.places import Span
from contend.reports.markdown import render_markdown
from contend.reports.markdown.document import Document
from contend.reports.markdown.forecast import mermaid, often
from contend.reports.markdown.patterns import frame
from contend.reports.markdown.text import clipped, code, plain, prose, slug, target

GOLDEN = Path(__file__).parent / "golden"
NASTY = st.text(st.sampled_from("ab|`*_[]()<>\\#&$~\"'!-+=1. \n\t{}é→"), max_size=30)


def same_as_golden(text: str, name: str) -> None:
    file = GOLDEN / name
    if os.environ.get("CONTEND_UPDATE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def shown(markdown: str) -> str:
    """What a reader sees of inline Markdown: text and code, blanks joined."""
    tokens = [child for token in parsed(markdown) for child in token.children or ()]
    assert {token.type for token in tokens} <= {"text", "code_inline", "softbreak"}
    return " ".join("".join(" " if token.type == "softbreak" else token.content for token in tokens).split())


def tables(markdown: str) -> list[list[list[str]]]:
    """The tables that a parser finds: rows of cells."""
    found: list[list[list[str]]] = []
    within = False
    for token in parsed(markdown):
        within = token.type == "table_open" or (within and token.type != "table_close")
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif within and token.type == "inline":
            found[-1][-1].append(token.content)
    return found


# ── whole documents ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_document(audit: Audit) -> None:
    same_as_golden(render_markdown(audit, "1.2.3", path="apps/web"), "findings.markdown")


def test_nothing_found(clean_audit: Audit) -> None:
    same_as_golden(render_markdown(clean_audit, "1.2.3"), "clean.markdown")


@pytest.mark.parametrize(
    ("app", "rule"), [("session-app", "touch-on-every-request"), ("onboarding-app", "reactive-feedback-loop")]
)
def test_the_example_apps(examples: Path, app: str, rule: str) -> None:
    audit = contend.audit(examples / app / "before", select=rule)
    same_as_golden(render_markdown(audit, "1.2.3"), f"{app}.markdown")


def test_the_same_audit_gives_the_same_text(examples: Path) -> None:
    def text() -> str:
        audit = contend.audit(examples / "onboarding-app" / "before", use_cache=False)
        return render_markdown(audit, "1.2.3")

    assert text() == text()


def test_every_table_is_one_for_a_parser_too(audit: Audit) -> None:
    text = render_markdown(audit, "1.2.3")
    borders = [line for line in text.splitlines() if line.startswith("| --- |")]
    found = tables(text)
    assert len(found) == len(borders) > 5
    assert all(len({len(row) for row in table}) == 1 for table in found)


def test_links_inside_the_document_lead_to_a_heading(audit: Audit) -> None:
    text = render_markdown(audit, "1.2.3")
    anchors = {slug(line.lstrip("# ").replace("\\", "")) for line in text.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors


def test_links_lead_from_the_folder_of_the_document(audit: Audit) -> None:
    text = render_markdown(audit, "1.2.3", prefix="../app/")
    assert "[convex/sessions.ts:9](../app/convex/sessions.ts#L9)" in text
    assert "](convex/" not in text


def test_what_a_page_is_called_breaks_no_link(audit: Audit) -> None:
    entry = replace(audit.inventory.multi_document[0], file="app/(group)/[id]/a b.ts")
    odd = replace(audit, inventory=replace(audit.inventory, multi_document=(entry,)))
    links = [
        child.attrs["href"]
        for token in parsed(render_markdown(odd, "1"))
        for child in token.children or ()
        if child.type == "link_open"
    ]
    assert "app/%28group%29/%5Bid%5D/a%20b.ts#L12" in links


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_transaction_is_not_called_free_of_conflicts(audit: Audit) -> None:
    rows = (
        WrittenRow("plans", "a row of `plans` (args.planId)", ()),
        WrittenRow(
            "users",
            "a row of `users` (plan.userId)",
            ("onboarding:saveStep", "users:rename"),
            (("onboarding:saveStep", "it wakes itself"),),
        ),
        WrittenRow("events", "a new row of `events`", fresh=True),
    )
    entry = MultiDocumentEntry("", "plans:cancel", "convex/plans.ts", 12, ("plans", "users"), "watch", "…", rows)
    text = render_markdown(replace(audit, inventory=Inventory(multi_document=(entry,))), "1")
    line = next(line for line in text.splitlines() if line.startswith("| `plans:cancel`"))
    assert "a row of `users` (`plan.userId`): **`onboarding:saveStep`** and `users:rename`" in line
    assert "a row of `plans` (`args.planId`): nobody else<br>inserts into `events`" in line
    assert "**watch**: atomic, not free of conflicts" in line
    assert "nothing in this repository" in line
    assert "- `onboarding:saveStep`: it wakes itself" in text


def test_what_to_do_is_sorted_by_severity(audit: Audit) -> None:
    text = render_markdown(audit, "1")
    places = [text.index(mark) for mark in ("### Now", "[F1](#f1-", "[F2](#f2-", "### Soon", "[F3](#f3-", "### Later")]
    assert places == sorted(places)


def test_a_clean_up_that_nothing_starts_is_something_to_do(audit: Audit) -> None:
    entry = TableEntry(
        app="", name="visits", writers=("visits:record",), heat="high: predicted", deletes=("admin:prune",),
        ttl="exists but never scheduled", proposed_period="30 days", verdict="fix", reason="events.",
        cleaners=("admin:prune",),
    )  # fmt: skip
    text = render_markdown(replace(audit, inventory=Inventory(tables=(entry,))), "1")
    soon = text[text.index("### Soon") : text.index("### Later")]
    assert "- Start the clean-up of `visits` (`admin:prune`) from a cron; keep 30 days: it exists" in soon
    watched = replace(audit, inventory=Inventory(tables=(replace(entry, verdict="watch", ttl="none"),)))
    text = render_markdown(watched, "1")
    later = text[text.index("### Later") : text.index("## Findings")]
    assert "- Consider cleaning up `visits` on a schedule; keep 30 days: nothing removes old rows" in later
    unstarted = replace(audit, inventory=Inventory(tables=(replace(entry, verdict="safe", ttl="none"),)))
    assert "that nothing keeps small" not in render_markdown(unstarted, "1")
    told = replace(audit.findings[1], rule="unbounded-log-table", table="visits")
    again = render_markdown(replace(audit, findings=(told,), inventory=Inventory(tables=(entry,))), "1")
    assert "the clean-up of `visits`" not in again


def test_what_was_fixed_since_a_baseline(audit: Audit) -> None:
    gone = EarlierFinding("x1", "shared-counter", "", "stats:hit", "convex/stats.ts", Severity.HIGH)
    text = render_markdown(
        replace(audit, comparisons=(Comparison("revision", "main", known=2, new=1, gone=(gone,)),)), "1"
    )
    assert "## Since revision main" in text
    assert "**1 gone**, 1 new, 2 findings as before" in text
    assert "| `stats:hit` | shared-counter | high | [convex/stats.ts](convex/stats.ts) |" in text


def test_what_production_saw_stands_beside_what_explains_it(audit: Audit) -> None:
    finding, touch = audit.open_findings[0], "sessions:touchSession"
    seen = Observations(
        "insights", "happy-otter-1", 3.0, "2025-11-11", "2025-11-14",
        (
            ObservedFunction("sessions:touchSession", None, (touch,), 12.0, 0.5, ("sessions",), findings=(finding.id,)),
            ObservedFunction("gone:away", None, (), 2.0, 0.0),
        ),
    )  # fmt: skip
    text = render_markdown(replace(audit, observations=seen), "1")
    assert "*Observed*: the insights of `happy-otter-1`, 3 days up to 2025-11-14" in text
    assert re.search(r"\| `sessions:touchSession` \| 0.5 lost a day, 12 retried a day \| `sessions` \|.*\[F1\]", text)
    assert "| `gone:away` (not in this repository) | 2 retried a day |" in text
    assert "**Seen in production, not explained by a finding**: 1 function" in text


def test_counts_and_the_traffic_that_explains_them(audit: Audit) -> None:
    answer = SeenAnswer(
        "sessions:touchSession", "12/day", 12, 250, (Explanation((), "about 3"),), "12/day is explained."
    )
    text = render_markdown(replace(audit, seen=(answer,)), "1")
    assert "- `sessions:touchSession`: 12/day is explained." in text


def test_the_app_s_own_code_stands_beside_the_lesson(audit: Audit) -> None:
    text = render_markdown(audit, "1")
    lesson = text[text.index("### touch-on-every-request (1 place)") :]
    assert lesson.index("await ctx.db.patch(session._id, {") < lesson.index("**Don't**") < lesson.index("**Do**")


def test_targets_are_called_suggestions(audit: Audit) -> None:
    text = render_markdown(audit, "1")
    assert "Suggestions, to be replaced by what the team wants to promise" in text


def test_functions_are_named_with_their_app_where_there_are_several(audit: Audit) -> None:
    app = audit.apps[0]
    other = replace(app, root="apps/b", functions_dir="apps/b/convex", functions=())
    finding = replace(audit.findings[1], app="apps/b", function="apps/b#sessions:touchSession")
    two = replace(audit, repository=replace(audit.repository, apps=(app, other)), findings=(finding,))
    assert "`apps/b#sessions:touchSession`" in render_markdown(two, "1")


# ── how long it gets ─────────────────────────────────────────────────────────────────────────────────────────────


def many(audit: Audit, number: int) -> Audit:
    findings = tuple(replace(audit.findings[1], id=str(at)) for at in range(number))
    rows = tuple(
        WrittenRow(f"t{at}", f"a row of `t{at}` (id)", tuple(f"m:f{n}" for n in range(90))) for at in range(60)
    )
    entry = MultiDocumentEntry("", "m:all", "convex/m.ts", 1, ("a", "b"), "safe", "because " * 900, rows)
    inventory = replace(
        audit.inventory,
        multi_document=tuple(replace(entry, function=f"m:f{at}") for at in range(number)),
        scheduler=audit.inventory.scheduler * number,
        tables=audit.inventory.tables * number,
        frontend=audit.inventory.frontend * number,
        unresolved=audit.inventory.unresolved * number,
    )
    return replace(audit, findings=findings, inventory=inventory)


def test_a_big_app_is_cut_with_the_count_and_the_command_for_the_rest(audit: Audit) -> None:
    text = render_markdown(many(audit, 300), "1", path="my app")
    assert len(text) < 160_000
    assert max(map(len, text.splitlines())) < 4_000
    assert '260 more of 300: `contend audit "my app" --format markdown --all`' in text


def test_all_of_it_on_request(audit: Audit) -> None:
    text = render_markdown(many(audit, 60), "1", everything=True)
    assert "more of 60" not in text
    assert text.count("### F") == 60


# ── other people's words ─────────────────────────────────────────────────────────────────────────────────────────


@given(NASTY)
def test_plain_text_reads_as_it_was(text: str) -> None:
    assert shown(plain(text)) == " ".join(text.split())


@given(NASTY)
def test_code_reads_as_it_was(text: str) -> None:
    wanted = " ".join(text.split())
    assert shown(code(text)) == wanted


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_no_word_breaks_a_table(cells: list[str]) -> None:
    page = Document("", "contend audit")
    page.table(["h"] * len(cells), [[plain(cell) for cell in cells], [code(cell) for cell in cells]])
    (table,) = tables(page.text())
    assert [len(row) for row in table] == [len(cells)] * 3


def test_a_pipe_in_code_stays_a_pipe_in_a_table() -> None:
    page = Document("", "contend audit")
    page.table(["h"], [[code("a || b")]])
    (inline,) = [token for token in parsed(page.text()) if token.type == "inline" and "a" in token.content]
    assert [(child.type, child.content) for child in inline.children or ()] == [("code_inline", "a || b")]


@given(st.text(st.sampled_from("ab `*_<>#"), max_size=30))
def test_a_sentence_keeps_its_words(text: str) -> None:
    assert shown(prose(text)).replace(" ", "") == text.replace(" ", "") or "`" in text


def test_a_sentence_is_cut_at_a_word_and_not_inside_code() -> None:
    assert clipped("one two three", 9) == "one two …"
    assert clipped("see `a long name` here", 10) == "see …"


@given(NASTY, NASTY)
def test_a_graph_takes_any_name(one: str, other: str) -> None:
    pair = Pair(one, other, "conflict", "t", "by_id", "", None, None, None)  # type: ignore[arg-type]
    lines = mermaid([(pair, "1 retry a day")], []).splitlines()
    assert lines[0] == "flowchart LR"
    assert all(re.fullmatch(r'  f\d\["[^"]*"\]|  f\d -->\|"[^"|]*"\| f\d', line) for line in lines[1:])


def test_a_fence_is_longer_than_what_it_holds() -> None:
    page = Document("", "contend audit")
    page.block("```ts\nx\n```", "md")
    assert page.text().startswith("````md\n```ts\n")


def test_a_frame_has_one_line_before_the_cause_and_no_indent() -> None:
    source = "a\r\n\tb(\r\n\t\tc,\r\n\t);\r\nd"
    assert frame(source, Span("x.ts", 2, 2, 4, 4)) == "a\n    b(\n        c,\n    );"
    assert frame(source, Span("x.ts", 3, 3, 3, 4)) == "b(\n    c,"
    assert frame(None, Span("x.ts", 2, 2, 4, 4)) == frame(source, Span("x.ts", 9, 1, 9, 2)) == ""


def test_addresses_are_encoded() -> None:
    assert target("app/[id]/$x.ts", 3, 5) == "app/%5Bid%5D/%24x.ts#L3-L5"


@pytest.mark.parametrize(
    ("per_day", "words"),
    [
        (0.001, "1 retry a month"),
        (0.1, "3 retries a month"),
        (1 / 7, "1 retry a week"),
        (0.38, "2.7 retries a week"),
        (22.1, "22 retries a day"),
        (331, "330 retries a day"),
    ],
)
def test_targets_are_told_in_a_unit_that_leaves_one_of_them(per_day: float, words: str) -> None:
    assert often(per_day) == words


def test_a_write_of_a_helper_counts_once(audit: Audit) -> None:
    write = audit.inventory.writes[0]
    reached = tuple(replace(write, function=f"a:f{number}") for number in range(5))
    text = render_markdown(replace(audit, inventory=replace(audit.inventory, writes=reached)), "1")
    assert f"**1 write** in the code: 1 `{write.operation}`, in 1 file; 5 functions reach it" in text


def test_an_empty_audit_has_a_document(audit: Audit) -> None:
    empty = Audit(repository=replace(audit.repository, apps=(), errors=(), sources={}))
    assert "**0 findings**" in render_markdown(empty, "1")


def test_a_finding_without_a_prediction_is_static(audit: Audit) -> None:
    bare = replace(audit.findings[1], predicted=None)
    assert "| static |" in render_markdown(replace(audit, findings=(bare,)), "1")
    costly = replace(audit.findings[1], predicted=Impact(retries_per_day=4))
    assert "| predicted: 4 retries |" in render_markdown(replace(audit, findings=(costly,)), "1")
