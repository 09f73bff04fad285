"""Files to syntax trees: in this process, in others, and from the cache."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from contend.source import extraction, ir
from contend.source.cache import Pack
from contend.source.extraction import WORTH_PROCESSES, extract, helpers_for
from contend.source.sources import prepare, problems_of, survey
from contend.source.worker import lower_source
from contend.source.workers import start_workers

STATEMENT = b"export const total = 1;\n"


def many_files(count: int = 10) -> list[tuple[str, bytes]]:
    return [(f"convex/m{index}.ts", STATEMENT * 20 + b"export const last = %d;\n" % index) for index in range(count)]


@pytest.fixture
def processes_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes are started for a few hundred bytes already."""
    monkeypatch.setattr(extraction, "WORTH_PROCESSES", 500)


def test_modules_come_in_the_order_of_the_files():
    files = [("b.ts", b"export const b = 1;"), ("a.tsx", b"export const a = <p />;"), ("c.svelte", b"<p>hello</p>")]
    modules = extract(files, lower_source)
    assert [(path, module.path) for path, module in modules.items()] == [(path, path) for path, _ in files]


@pytest.mark.usefixtures("processes_pay")
def test_many_processes_give_what_one_gives():
    files = many_files()
    assert extract(files, lower_source, jobs=3) == extract(files, lower_source, jobs=1)


def test_what_was_parsed_once_is_not_parsed_again():
    def never(path: str, data: bytes) -> ir.Module:
        raise AssertionError(path)

    pack = Pack.none()
    files = [("a.ts", STATEMENT)]
    first = extract(files, lower_source, pack=pack, version=b"1")
    assert extract(files, never, pack=pack, version=b"1") == first


@pytest.mark.parametrize(
    ("path", "data", "version"),
    [("a.ts", STATEMENT + b"//", b"1"), ("b.ts", STATEMENT, b"1"), ("a.ts", STATEMENT, b"2")],
    ids=["text", "path", "version"],
)
def test_another_text_path_or_version_is_parsed_anew(path, data, version):
    pack = Pack.none()
    parsed: list[str] = []

    def noting(path: str, data: bytes) -> ir.Module:
        parsed.append(path)
        return lower_source(path, data)

    extract([("a.ts", STATEMENT)], noting, pack=pack, version=b"1")
    extract([(path, data)], noting, pack=pack, version=version)
    assert parsed == ["a.ts", path]


def test_a_value_that_is_not_a_module_is_parsed_anew():
    class Foreign(Pack):
        def get(self, key: bytes) -> bytes | None:
            return b"\x93\x01\x02\x03"

    files = [("a.ts", STATEMENT)]
    assert extract(files, lower_source, pack=Foreign(None)) == extract(files, lower_source)


def test_a_file_that_cannot_be_lowered_says_why():
    def failing(path: str, data: bytes) -> ir.Module:
        raise ValueError("too strange")

    (module,) = extract([("a.ts", STATEMENT)], failing).values()
    assert (module.path, module.body) == ("a.ts", ())
    assert module.problems == (ir.Problem("could not be parsed: ValueError: too strange"),)


def test_progress_ends_with_all_files_done():
    seen: list[tuple[int, int]] = []
    extract([("a.ts", STATEMENT), ("b.ts", STATEMENT)], lower_source, progress=lambda *state: seen.append(state))
    assert seen[-1] == (2, 2)


@pytest.mark.parametrize(
    ("size", "jobs", "helpers"),
    [(WORTH_PROCESSES - 1, 8, 0), (WORTH_PROCESSES, 8, 1), (10 * WORTH_PROCESSES, 4, 3), (10 * WORTH_PROCESSES, 1, 0)],
)
def test_processes_are_started_only_where_they_pay(size, jobs, helpers):
    assert helpers_for(size, jobs) == helpers


@pytest.fixture
def deadly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A lowering that ends its process on one file, importable by other processes."""
    (tmp_path / "deadly_lowering.py").write_text(
        "import os, time\n"
        "from contend.source.worker import lower_source\n"
        f"MAIN = {os.getpid()}\n"
        "def lower(path, data):\n"
        "    if os.getpid() == MAIN:\n"
        "        return lower_source(path, data)\n"
        "    if path == 'convex/m3.ts':\n"
        "        os._exit(1)\n"
        "    return lower_source(path, data)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("deadly_lowering").lower
    del sys.modules["deadly_lowering"]


@pytest.mark.usefixtures("processes_pay")
def test_a_process_that_dies_costs_one_file_at_most(deadly):
    modules = extract(many_files(), deadly, jobs=2)
    lost = [path for path, module in modules.items() if module.problems]
    assert lost in ([], ["convex/m3.ts"])
    assert len(modules) == 10


def test_a_worker_reports_its_death(deadly):
    (worker,) = start_workers(deadly, 1)
    try:
        assert worker.is_ready()
        assert worker.ask([("convex/m1.ts", STATEMENT)])
        assert worker.ask([("convex/m3.ts", STATEMENT)]) is None
    finally:
        worker.stop()


def test_a_function_that_other_processes_cannot_find_is_used_here():
    assert start_workers(lambda path, data: lower_source(path, data), 2) == []


@pytest.mark.usefixtures("processes_pay")
def test_without_a_python_to_start_everything_happens_here(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/game/engine")
    assert start_workers(lower_source, 2) == []
    assert len(extract(many_files(), lower_source, jobs=3)) == 10


APP = {
    "package.json": "{}",
    "convex/schema.ts": 'import { defineSchema } from "convex/server";\nexport default defineSchema({});\n',
    "convex/users.ts": 'import { query } from "./_generated/server";\nexport const list = query(async () => []);\n',
    "src/page.tsx": 'import { api } from "../convex/_generated/api";\nuseQuery(api.users.list);\n',
    "src/other.ts": "export const unrelated = 1;\n",
}


def test_a_path_is_read_into_apps_modules_and_texts(write_tree):
    sources = prepare(survey(write_tree(APP)))
    assert [app.functions_dir for app in sources.apps] == ["convex"]
    assert list(sources.modules) == list(sources.texts) == ["convex/schema.ts", "convex/users.ts", "src/page.tsx"]
    assert (sources.files_seen, sources.files_parsed, sources.errors) == (4, 3, ())
    assert sources.resolver.resolve("../convex/_generated/api", "src/page.tsx").functions_dir == "convex"


def test_a_second_run_gives_the_same(write_tree):
    root = write_tree(APP)
    first, second = prepare(survey(root)), prepare(survey(root))
    assert (dict(first.modules), first.digest) == (dict(second.modules), second.digest)


@pytest.mark.parametrize("path", ["convex/users.ts", "src/other.ts", "package.json", "src/new.ts", "tsconfig.json"])
def test_the_digest_changes_with_every_input(write_tree, path):
    before = survey(write_tree(APP)).digest
    assert survey(write_tree({path: "\n"})).digest != before


def test_problems_are_told_with_their_place(write_tree):
    root = write_tree({**APP, "convex/huge.ts": b" " * 2_000_001, "convex/broken.ts": "export const a = ;\n"})
    sources = prepare(survey(root))
    problems = problems_of(sources.modules, sources.modules)
    errors = {error.path: error.reason for error in (*sources.errors, *problems)}
    assert errors["convex/huge.ts"] == "generated file of 2.0 MB, not parsed"
    assert errors["convex/broken.ts"].startswith("line 1: ")
