"""The stories of `contend demo` as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from contend.reports.simulation_json import simulation_json
from contend.reports.stories import Story


def render_demo_json(stories: Sequence[Story]) -> str:
    """The stories as JSON text: what the terminal says, and every experiment whole."""
    first = stories[0].experiments[0]
    value = {
        "schema": 1,
        "seed": first.seed,
        "seeds": first.seeds,
        "stories": [
            {
                "name": story.name,
                "title": story.title,
                "happens": list(story.happens),
                "table": [dict(zip(story.head, row, strict=True)) for row in story.rows],
                "says": list(story.says),
                "advice": list(story.advice),
                "assumptions": list(story.assumptions),
                "deeper": list(story.deeper),
                "experiments": [simulation_json(found) for found in story.experiments],
            }
            for story in stories
        ],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
