"""The client side in another process: the same findings, whatever becomes of the process."""

from __future__ import annotations

import pytest

from contend.source.linking import client_process
from contend.source.linking.repository import read_repository
from contend.source.workers import Worker

APP = {
    "package.json": '{"dependencies": {"convex": "1.31.0", "react": "19.0.0"}}',
    "convex/users.ts": """
import { mutation, query } from "./_generated/server";
import { now } from "../lib/time";
export const touch = mutation({ args: {}, handler: (ctx) => ctx.db.insert("visits", { at: now() }) });
export const me = query({ args: {}, handler: (ctx) => ctx.db.query("visits").first() });
""",
    "lib/time.ts": "export const now = () => Date.now();\n",
    "src/Page.tsx": """
import { useMutation, useQuery } from "convex/react";
import { api } from "../convex/_generated/api";
export function Page() {
  const me = useQuery(api.users.me);
  const touch = useMutation(api.users.touch);
  // contend-ignore[touch-on-every-request]: a test
  return <button onClick={() => touch()}>{me?.at}</button>;
}
""",
    "src/broken.tsx": "import { api } from '../convex/_generated/api';\nexport const a = ;\n",
}


@pytest.fixture
def always_beside(monkeypatch):
    monkeypatch.setattr(client_process, "WORTH_A_PROCESS", 0)


def test_two_processes_find_what_one_does(write_tree, always_beside):
    root = write_tree(APP)
    assert read_repository(root, use_cache=False, jobs=2) == read_repository(root, use_cache=False, jobs=1)


def test_the_other_process_finds_callers_subscriptions_problems_and_comments(write_tree, always_beside, monkeypatch):
    monkeypatch.setattr("contend.source.linking.repository.ClientSide", None)  # this process would do it where it must
    repository = read_repository(write_tree(APP), use_cache=False, jobs=2)
    (app,) = repository.apps
    assert [(caller.function, caller.trigger.kind) for caller in app.callers] == [("users:touch", "event")]
    assert [one.query for one in app.subscriptions] == ["users:me"]
    assert [error.path for error in repository.errors] == ["src/broken.tsx"]
    assert [(one.file, one.reason) for one in repository.suppressions] == [("src/Page.tsx", "a test")]


@pytest.mark.parametrize("dies", ["at the start", "before it is asked"])
def test_where_the_process_dies_this_one_does_the_work(write_tree, always_beside, monkeypatch, dies):
    expected = read_repository(write_tree(APP), use_cache=False, jobs=1)
    real = Worker.is_ready if dies == "at the start" else Worker.tell

    def kill_first(worker, *message):
        answer = real(worker, *message)
        worker._process.kill()
        worker._process.wait()
        return answer if dies == "before it is asked" else False

    monkeypatch.setattr(Worker, "is_ready" if dies == "at the start" else "tell", kill_first)
    assert read_repository(write_tree(APP), use_cache=False, jobs=2) == expected


def test_each_side_remembers_its_own_files(write_tree, always_beside, tmp_path, monkeypatch):
    monkeypatch.setenv("CONTEND_CACHE_DIR", str(tmp_path / "cache"))
    root = write_tree(APP)
    first = read_repository(root, jobs=2)
    assert sorted(file.name.split("-")[0] for file in (tmp_path / "cache").iterdir()) == ["clients", "linked", "syntax"]
    assert read_repository(root, jobs=2) == first
