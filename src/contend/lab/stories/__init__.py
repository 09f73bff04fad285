"""Two stories as scenarios: what happened to two teams, with the fixes that they discussed.

`touch.toml`: every request stamps the session that it belongs to. `onboarding.toml`: an effect sets itself off. They
are run and copied by `contend demo`; what they show in full stands in `docs/stories/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from contend.lab.experiment import Experiment, Progress, Request, simulate_all
from contend.lab.scenario_file import Sweep, read_scenario

STORIES: Final = ("touch", "onboarding")
SEED_LOAD: Final = "12 a day, few users"
"""The load that gives what the first team's dashboard showed."""
BUSY_LOAD: Final = "a page every 5 s"
SOCKETS: Final = Sweep("callers.request.client", ("websocket",))
_OF_THE_BUSY_LOAD = ("unconditional", "30 s threshold", "30 s + once per load")
_FOLDER: Final = Path(__file__).resolve().parent


def story_file(name: str) -> Path:
    """The scenario file of a story."""
    return _FOLDER / f"{name}.toml"


def story_files() -> Iterator[tuple[str, str]]:
    """All files of the stories, to be copied: name and text."""
    for name in STORIES:
        for file in (story_file(name), _FOLDER / f"{name}.py"):
            yield file.name, file.read_text(encoding="utf-8")


def run_stories(
    *, seed: int | None = None, seeds: int | None = None, jobs: int | None = None, progress: Progress | None = None
) -> dict[str, tuple[Experiment, ...]]:
    """Both stories in short: name → experiments. Of `touch`: at its team's load over HTTP, the same over a WebSocket
    per tab, and three of its variants at a busy load; of `onboarding`: all of it."""
    touch, onboarding = (read_scenario(story_file(name)) for name in STORIES)
    http, sockets, busy, all_of_it = simulate_all(
        [
            Request(touch, (SEED_LOAD,), seed=seed, seeds=seeds),
            Request(touch, (SEED_LOAD,), sweep=SOCKETS, seed=seed, seeds=seeds),
            Request(touch, (BUSY_LOAD,), _OF_THE_BUSY_LOAD, seed=seed, seeds=seeds),
            Request(onboarding, seed=seed, seeds=seeds),
        ],
        jobs=jobs,
        progress=progress,
    )
    return {"touch": (http, sockets, busy), "onboarding": (all_of_it,)}
