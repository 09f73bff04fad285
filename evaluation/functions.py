"""Mutations for people to read whole, so that what the audit misses is seen.

    python evaluation/functions.py --apps DIR --part tuning --count 80 --out FUNCTIONS.jsonl [--seed N]

Draws from the mutations that somebody in the repository calls, in turn from every app, larger ones first among equals:
a mutation that reads and writes in several places has more to miss. A line says where it stands and who starts it.
"""

from __future__ import annotations

import argparse
import random
import tomllib
from pathlib import Path

from claims import CORPUS, chain, write

from contend.model.app import App
from contend.model.functions import Function
from contend.source.linking.repository import read_repository


def main() -> None:
    """Draw, and write the file."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--apps", type=Path, required=True)
    options.add_argument("--part", choices=["tuning", "held-out"], required=True)
    options.add_argument("--count", type=int, default=80)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--leave-out", action="append", default=[], help="apps not to draw from")
    options.add_argument("--out", type=Path, required=True)
    chosen = options.parse_args()
    source = random.Random(chosen.seed)
    queues: dict[str, list[tuple[App, Function]]] = {}
    corpus = tomllib.loads(CORPUS.read_text(encoding="utf-8"))
    for name, app in corpus.items():
        if app["part"] == chosen.part and name not in chosen.leave_out and (chosen.apps / name).is_dir():
            repository = read_repository(chosen.apps / name)
            queue = [(one, function) for one in repository.apps for function in called_mutations(one)]
            source.shuffle(queue)
            queues[name] = sorted(queue, key=lambda pair: len(pair[1].accesses) > 2)
    rows = []
    while queues and len(rows) < chosen.count:
        for name in list(queues):
            if not queues[name] or len(rows) >= chosen.count:
                queues.pop(name, None) if not queues.get(name) else None
                continue
            app, function = queues[name].pop()
            callers = [chain(caller) for caller in app.callers if caller.function == function.id]
            rows.append(
                {
                    "app": name,
                    **corpus[name],
                    "function": function.path,
                    "at": str(function.span),
                    "started": callers[:4],
                    "places_that_start_it": len(callers),
                }
            )
    write(chosen.out, rows)
    print(f"{len(rows)} mutations of {len({row['app'] for row in rows})} apps")


def called_mutations(app: App) -> list[Function]:
    """Mutations with a caller."""
    called = {caller.function for caller in app.callers}
    return [function for function in app.functions if function.kind == "mutation" and function.id in called]


if __name__ == "__main__":
    main()
