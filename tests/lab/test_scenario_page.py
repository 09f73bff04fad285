"""The example of `docs/scenarios.md` runs as it stands there."""

from __future__ import annotations

import re

from contend.lab.experiment import simulate


def test_the_example_of_the_page_runs(tmp_path, repository_root):
    page = (repository_root / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for language, name in (("python", "touch.py"), ("toml", "touch.toml")):
        block = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
        assert block
        (tmp_path / name).write_text(block[1], encoding="utf-8")
    result = simulate(tmp_path / "touch.toml", seeds=4)
    every, guarded = (variant.function("sessions:touch").values for variant in result.variants)
    assert every["writes"].mean > 3 * guarded["writes"].mean
    assert every["conflicts"].mean > 2 * guarded["conflicts"].mean
