"""What people said of the audit's claims: precision per rule, agreement of two readers, and what was missed.

    python evaluation/score.py [--part tuning|held-out] [--apps DIR] [--examples]

Reads `labels/findings.jsonl` (one line per finding: rule, both readers' verdicts, the settled one) and
`labels/functions.jsonl` (one line per hazard that a reader found in a function read whole, and which rule reports it).
With `--apps` the audit runs again: a label of a finding that is no longer reported is counted apart, so that the table
says what today's audit does. Intervals are Wilson's, at 95 %.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LEVELS = ("critical", "high", "medium", "low", "info")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--part", choices=["tuning", "held-out"])
    options.add_argument("--apps", type=Path, help="check-outs, to leave out what is no longer reported")
    options.add_argument("--examples", action="store_true", help="one right and one wrong report of each rule")
    chosen = options.parse_args()
    labels = [label for label in read("findings") if chosen.part in (None, label["part"])]
    if chosen.apps is not None:
        labels = still_reported(labels, chosen.apps)
    print_precision(labels)
    print_agreement(labels)
    if chosen.examples:
        print_examples(labels)
    print_recall([label for label in read("functions") if chosen.part in (None, label["part"])])


def read(name: str) -> list[dict[str, Any]]:
    """The labels in one file."""
    file = HERE / "labels" / f"{name}.jsonl"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def still_reported(labels: list[dict[str, Any]], apps: Path) -> list[dict[str, Any]]:
    """The labels whose finding today's audit reports, with today's severity."""
    import contend

    corpus = tomllib.loads((HERE / "corpus.toml").read_text(encoding="utf-8"))
    rules = [rule.name for rule in contend.all_rules()]
    kept: list[dict[str, Any]] = []
    for name in sorted({label["app"] for label in labels}):
        if name not in corpus or not (apps / name).is_dir():
            continue
        today = {finding.id: finding for finding in contend.audit(apps / name, select=rules).findings}
        for label in labels:
            if label["app"] == name and label["finding"] in today:
                kept.append({**label, "severity": today[label["finding"]].severity.value})
    print(f"{len(kept)} of {len(labels)} labelled findings are still reported\n")
    return kept


def print_precision(labels: list[dict[str, Any]]) -> None:
    """Per rule: how many were judged, how many are right, and the interval that this leaves."""
    by_rule: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for label in labels:
        by_rule[label["rule"]].append(label)
    by_rule["all"] = list(labels)
    by_rule["all at medium and above"] = [label for label in labels if label["severity"] in LEVELS[:3]]
    print(f"{'rule':<28}{'judged':>7}{'apps':>6}{'right':>7}{'wrong':>7}{'contested':>11}{'precision':>11}  interval")
    for rule, of_rule in by_rule.items():
        right, wrong = (sum(label["settled"] == verdict for label in of_rule) for verdict in ("right", "wrong"))
        contested = len(of_rule) - right - wrong
        share, low, high = wilson(right, right + wrong)
        apps = len({label["repository"] for label in of_rule})
        figures = f"{share:>10.0%}  {low:.0%}–{high:.0%}" if right + wrong else f"{'–':>10}"
        print(f"{rule:<28}{len(of_rule):>7}{apps:>6}{right:>7}{wrong:>7}{contested:>11} {figures}")


def print_agreement(labels: Iterable[dict[str, Any]]) -> None:
    """How often two readers who knew nothing of each other said the same."""
    both = [label["readers"] for label in labels if len(label.get("readers", ())) == 2]
    same = sum(one["verdict"] == other["verdict"] for one, other in both)
    if both:
        print(f"\ntwo readers agree on {same} of {len(both)} ({same / len(both):.0%})")


def print_examples(labels: Iterable[dict[str, Any]]) -> None:
    """One report of each sort and rule, with the reason a reader gave."""
    shown: set[tuple[str, str]] = set()
    for label in labels:
        key = (label["rule"], label["settled"])
        if key not in shown and label["settled"] in ("right", "wrong"):
            shown.add(key)
            reason = next((one["reason"] for one in label["readers"] if one["verdict"] == label["settled"]), "")
            print(f"\n{label['rule']}, {label['settled']}: {label['repository']} {label['at']}\n    {reason}")


def print_recall(labels: Iterable[dict[str, Any]]) -> None:
    """Of the hazards that readers found in functions read whole: how many some rule reports."""
    counts: Counter[tuple[str, str]] = Counter()
    functions: set[tuple[str, str]] = set()
    for label in labels:
        functions.add((label["repository"], label["function"]))
        if label.get("hazard"):
            counts[(label["hazard"], "reported" if label["reported"] else "missed")] += 1
    if not functions:
        return
    print(f"\n{len(functions)} functions read whole\n{'hazard':<28}{'there':>7}{'reported':>10}{'recall':>8}")
    total = [0, 0]
    for hazard in sorted({hazard for hazard, _ in counts}):
        reported, missed = counts[(hazard, "reported")], counts[(hazard, "missed")]
        total[0] += reported
        total[1] += reported + missed
        print(f"{hazard:<28}{reported + missed:>7}{reported:>10}{reported / (reported + missed):>8.0%}")
    if total[1]:
        print(f"{'all':<28}{total[1]:>7}{total[0]:>10}{total[0] / total[1]:>8.0%}")


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float, float]:
    """A share with Wilson's interval (E. B. Wilson, 1927); zeros where nothing was judged."""
    if not of:
        return 0.0, 0.0, 1.0
    share = right / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    return share, max(0.0, middle - half), min(1.0, middle + half)


if __name__ == "__main__":
    main()
