"""Findings as bare claims, for people to judge who see neither rule nor severity.

    python evaluation/claims.py --apps DIR --part tuning --per-rule 20 --out CLAIMS.jsonl --key KEY.jsonl

`--apps` holds one check-out per name of `corpus.toml`. Per rule up to `--per-rule` findings are drawn, in turn from
every app that has some, so that no app speaks for all. A line of CLAIMS says where and what the audit claims; KEY says
which finding it was. `--seed` decides what is drawn and the order of the claims.
"""

from __future__ import annotations

import argparse
import json
import random
import tomllib
from collections import defaultdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

import contend
from contend.model.callers import Caller
from contend.model.findings import Finding, Pair

CORPUS = Path(__file__).with_name("corpus.toml")


def main() -> None:
    """Draw, and write both files."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--apps", type=Path, required=True)
    options.add_argument("--part", choices=["tuning", "held-out"], required=True)
    options.add_argument("--per-rule", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rule", action="append", help="only these rules (default: all, previews included)")
    options.add_argument("--leave-out", action="append", default=[], help="apps not to draw from")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--key", type=Path, required=True)
    chosen = options.parse_args()
    rules = chosen.rule or [rule.name for rule in contend.all_rules()]
    corpus = tomllib.loads(CORPUS.read_text(encoding="utf-8"))
    names = [name for name, app in corpus.items() if app["part"] == chosen.part and name not in chosen.leave_out]
    found: dict[str, dict[str, list[Finding]]] = defaultdict(dict)
    for name in names:
        if not (chosen.apps / name).is_dir():
            continue
        audit = contend.audit(chosen.apps / name, select=rules)
        for finding in audit.findings:
            found[finding.rule].setdefault(name, []).append(finding)
    source = random.Random(chosen.seed)
    drawn = [one for rule in rules for one in in_turn(found[rule], chosen.per_rule, source)]
    source.shuffle(drawn)
    claims, keys = [], []
    for name, finding in drawn:
        app = corpus[name]
        label = claim_id(app["repository"], finding)
        claims.append({"claim": label, "app": name, **app, **claim(finding)})
        keys.append(
            {"claim": label, "app": name, "finding": finding.id, "rule": finding.rule, "severity": finding.severity}
        )
    write(chosen.out, claims)
    write(chosen.key, keys)
    for rule in rules:
        print(f"{rule:<28}{sum(len(one) for one in found[rule].values()):>5} findings in {len(found[rule]):>3} apps")


def in_turn(by_app: dict[str, list[Finding]], most: int, source: random.Random) -> list[tuple[str, Finding]]:
    """Up to `most` findings, one from each app in turn."""
    queues = {name: source.sample(findings, len(findings)) for name, findings in sorted(by_app.items())}
    drawn: list[tuple[str, Finding]] = []
    while queues and len(drawn) < most:
        for name in list(queues):
            if queues[name] and len(drawn) < most:
                drawn.append((name, queues[name].pop()))
            if not queues[name]:
                del queues[name]
    return drawn


def claim_id(repository: str, finding: Finding) -> str:
    """A name for a claim that tells nothing about it."""
    return blake2b(f"{repository} {finding.id}".encode(), digest_size=5).hexdigest()


def claim(finding: Finding) -> dict[str, Any]:
    """What a finding says, without how bad it finds it."""
    return {
        "at": str(finding.cause),
        "functions": [name.rsplit("#", 1)[-1] for name in finding.functions[:6]],
        "says": finding.message,
        "because": list(finding.static),
        "pairs": [words(pair) for pair in finding.pairs[:3]],
        "started": [chain(caller) for caller in finding.callers[:2]],
    }


def words(pair: Pair) -> str:
    """A pair as a sentence."""
    victim, writer = (id.rsplit("#", 1)[-1] for id in (pair.victim, pair.writer))
    return f"{victim} reads {pair.table} ({pair.interval}), {writer} writes into it"


def chain(caller: Caller) -> str:
    """How a function is started."""
    return f"{caller.trigger.kind} → " + " → ".join(f"{frame.file}:{frame.line} {frame.name}" for frame in caller.chain)


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    """One line of JSON per row."""
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
