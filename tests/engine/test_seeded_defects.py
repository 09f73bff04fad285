"""The cases are sharp: whichever rule of the engine is broken, at least one of them fails.

Each defect is an edit of the source. The edited package is loaded under another name, next to the real one, and runs
the cases.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import ClassVar

import pytest

import contend

SOURCE = Path(contend.__file__).parent
MUTANT = "mutant"


@dataclass(frozen=True)
class Defect:
    """`rule` is switched off where `before` in `module` becomes `after`; `caught_by` are cases that must notice."""

    rule: str
    module: str
    before: str
    after: str
    caught_by: str


DEFECTS = [
    Defect("the window's lower bound is exclusive", "engine/store.py", "log[start - 1].ts > after_ts:", "log[start - 1].ts >= after_ts:", "T3"),
    Defect("the window's upper bound is inclusive", "engine/store.py", "if entry.ts <= upto_ts]", "if entry.ts]", "T2"),
    Defect("the old key is logged", "engine/database.py", "old_keys = None if old is None else old.keys", "old_keys = None", "T8"),
    Defect("the new key is logged", "engine/reads.py", "for keys in (entry.old_keys, entry.new_keys):", "for keys in (entry.old_keys,):", "C37"),
    Defect("old and new key are logged though equal", "engine/reads.py", "            if keys is not None and slot < len(keys):", "            if keys is not None and entry.old_keys is not entry.new_keys:", "C36"),
    Defect("a patch that changes nothing is dropped", "engine/transaction.py", "        if not changed:\n            return\n", "", "C3"),
    Defect("a replace that changes nothing is dropped", "engine/transaction.py", "if len(new) == len(row) and same_value(new, row):", "if False:", "C10"),
    Defect("a patch that changes nothing still reads", "engine/transaction.py", '        self.record_point(table, id)\n        found = self._current(table, id)\n        if found is None:\n            raise', '        found = self._current(table, id)\n        if found is None:\n            raise', "C4"),
    Defect("zero and minus zero differ", "convex/values.py", "return _PLUS_ZERO_KEY if math.copysign(1.0, value) > 0 else _MINUS_ZERO_KEY", "return _PLUS_ZERO_KEY", "C99"),
    Defect("int64 and float64 differ", "convex/values.py", "    elif kind not in (list, tuple):\n        return False", "    elif kind not in (list, tuple):\n        return left == right", "C99"),
    Defect("unique() covers the whole range", "engine/queries.py", 'read_extent("unique").stop_after', 'read_extent("first").stop_after', "C26"),
    Defect("first() stops at its document", "engine/queries.py", 'next(islice(self, read_extent("first").stop_after), None)', "next(iter(self.collect()), None)", "C19"),
    Defect("a scan that runs out covers its whole range", "convex/coverage.py", "    if exhausted:\n        return range_\n", "", "C30"),
    Defect("a descending scan is anchored at the end", "convex/coverage.py", "return Interval(last, range_.end) if descending else", "return Interval(range_.start, after(last)) if descending else", "C21"),
    Defect("a scan covers the last document it consumed", "convex/coverage.py", "else Interval(range_.start, after(last))", "else Interval(range_.start, last)", "C18"),
    Defect("a filter does not narrow", "engine/queries.py", "            scan.last = key\n            tx.count_read(size)\n            if predicate is None or predicate(document):\n", "            tx.count_read(size)\n            if predicate is None or predicate(document):\n                scan.range = scan.range if scan.last else scan.range._replace(start=key)\n                scan.last = key\n", "C40"),
    Defect("an interval's start is inclusive", "convex/intervals.py", "self.start <= key and", "self.start < key and", "T7"),
    Defect("an interval's end is exclusive", "convex/intervals.py", "or key < self.end)", "or key <= self.end)", "T6"),
    Defect("gt excludes its value", "convex/ranges.py", "low = key if range_.lower.inclusive else after(key)", "low = key", "C44"),
    Defect("a missing field is not null", "convex/keys.py", "document.get(path, UNDEFINED)", "document.get(path)", "C49"),
    Defect("reads survive a rollback", "engine/transaction.py", "        self.writes, self.new_tables = savepoint.writes, savepoint.new_tables\n", "        self.writes, self.new_tables = savepoint.writes, savepoint.new_tables\n        self.scans.clear()\n", "C59"),
    Defect("writes are rolled back", "engine/transaction.py", "        self.writes, self.new_tables = savepoint.writes, savepoint.new_tables\n", "", "T32"),
    Defect("own writes are seen", "engine/transaction.py", "own = self.writes.get(table)\n        committed", "own = None\n        committed", "T62"),
    Defect("a read-only transaction is not checked", "engine/database.py", "if not tx.always_checked and not any(tx.writes.values()):", "if False:", "C73"),
    Defect("a caller's record makes a writer", "engine/database.py", "if not tx.always_checked and not any", "if not any", "C6"),
    Defect("every mutation reads the table list", "engine/catalog.py", "        yield from self._whole\n", "", "C62"),
    Defect("a write depends on its table's indexes", "engine/catalog.py", '                yield records.indexes["by_table_id"], prefix(id_key(table.record))', "                continue", "C65"),
    Defect("a write depends on the schema", "engine/catalog.py", "if schema_read:", "if False:", "C64"),
    Defect("pending writes conflict", "engine/conflicts.py", "return find_published(reads, begin_ts, None, victim) or _pending(reads, pending, victim)", "return find_published(reads, begin_ts, None, victim)", "T24"),
    Defect("conflicts are named in the order of indexes", "engine/reads.py", "sorted(indexes, key=lambda reads: (reads.index.table.order, reads.index.name))", "sorted(indexes, key=lambda reads: -reads.index.table.order)", "C76"),
    Defect("of pending writes the earliest is named", "engine/conflicts.py", "for commit in pending:", "for commit in reversed(pending):", "C94"),
    Defect("the log reaches back only so far", "engine/database.py", "if tx.begin_ts < self.now_ns", "if False and tx.begin_ts < self.now_ns", "T10"),
    Defect("a document inserted and deleted is not logged", "engine/database.py", "                continue  # inserted and deleted: neither an old nor a new key", "                pass", "C13"),
    Defect("staged indexes log no keys", "engine/catalog.py", 'if state == "enabled":', "if True:", "C66"),
    Defect("an interval merges with the one it ends at", "convex/intervals.py", "bisect_right(starts, end)", "bisect_left(starts, end)", "T11"),
    Defect("adjacent intervals merge", "convex/intervals.py", "ends[first - 1] >= start", "ends[first - 1] > start", "T11"),
    Defect("search filters narrow", "engine/search.py", "if document is None or not passes(document, self.filters):", "if document is None:", "C54"),
    Defect("a search reads the documents it returns", "engine/queries.py", '            tx.record_point(index.table, document["_id"])\n', "", "C55"),
    Defect("a stale read is not recorded", "engine/cases/runner.py", 'tx.stale() if step.args.get("stale") else tx', "tx", "C56"),
    Defect("an id is used once", "engine/database.py", "        if tx.claimed_ids:\n            self._check_claims(tx)\n", "", "T34"),
    Defect("client calls have four retries", "convex/retries.py", "RetryPolicy(4, 100, 2_000", "RetryPolicy(5, 100, 2_000", "C85"),
    Defect("a retried conflict is logged as a success", "engine/attempts.py", 'self._event("success", None, info, True)', 'self._event("failure", conflict.message, info, True)', "C92"),
    Defect("a cron attempt has its own request id", "engine/attempts.py", "self._id = self._new_id()", "pass", "C96"),
    Defect("scheduled mutations lose their name", "engine/conflicts.py", "self.source == self.victim", "False", "C14"),
]  # fmt: skip


class MutantLoader(MetaPathFinder, Loader):
    """Imports `mutant.x` from the source of `contend.x`, one module with the defect."""

    compiled: ClassVar[dict[Path, CodeType]] = {}  # of modules without a defect, for all mutants

    def __init__(self, defect: Defect) -> None:
        self._defect = defect

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] != MUTANT:
            return None
        file = SOURCE.joinpath(*fullname.split(".")[1:])
        is_package = file.is_dir()
        file = file / "__init__.py" if is_package else file.with_suffix(".py")
        return spec_from_loader(fullname, self, origin=str(file), is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        assert module.__spec__.origin is not None
        exec(self._code(Path(module.__spec__.origin)), module.__dict__)

    def _code(self, file: Path) -> CodeType:
        if file == SOURCE / "__init__.py":
            return compile("", str(file), "exec")
        text = file.read_text(encoding="utf-8").replace("from contend.", f"from {MUTANT}.")
        if file == SOURCE / self._defect.module:
            assert text.count(self._defect.before) == 1, (
                f"{self._defect.rule}: the source has changed; adapt the defect"
            )
            return compile(text.replace(self._defect.before, self._defect.after), str(file), "exec")
        if file not in self.compiled:
            self.compiled[file] = compile(text, str(file), "exec")
        return self.compiled[file]


@pytest.fixture()
def mutant(request: pytest.FixtureRequest) -> Iterator[Defect]:
    """Makes the package `mutant` have the defect."""
    loader = MutantLoader(request.param)
    sys.meta_path.insert(0, loader)
    yield request.param
    sys.meta_path.remove(loader)
    for module in [module for module in sys.modules if module.partition(".")[0] == MUTANT]:
        del sys.modules[module]


@pytest.mark.parametrize("mutant", [pytest.param(defect, id=defect.rule) for defect in DEFECTS], indirect=True)
def test_some_case_notices(mutant: Defect) -> None:
    cases = importlib.import_module(f"{MUTANT}.engine.cases.catalogue").CASES
    runner = importlib.import_module(f"{MUTANT}.engine.cases.runner")
    with pytest.raises(runner.CaseFailedError):
        for case in cases:
            if case.id == mutant.caught_by:
                runner.run(case)
