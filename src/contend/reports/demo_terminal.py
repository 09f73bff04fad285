"""The stories of `contend demo` for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from contend.reports.columns import add_columns
from contend.reports.page import Page
from contend.reports.stories import Story


def add_demo(page: Page, stories: Sequence[Story]) -> None:
    """Writes the stories to the page, one after the other."""
    for number, story in enumerate(stories, 1):
        if number > 1:
            page.blank()
            page.blank()
        _add_story(page, story, number)


def _add_story(page: Page, story: Story, number: int) -> None:
    result = story.experiments[0]
    page.paragraph((f"{number}. {story.title}", "bold"))
    page.blank()
    for text in story.happens:
        page.paragraph(text, first="  ")
    page.blank()
    add_columns(page, story.head, story.rows)
    page.paragraph((story.legend, "dim"), first="  ")
    page.blank()
    for text in story.says:
        page.paragraph(text, first="  - ")
    page.blank()
    for text in story.advice:
        page.paragraph(("What to do: ", "bold green"), text, first="  ")
    page.blank()
    last = result.seed + result.seeds - 1
    seeds = f"seeds {result.seed} to {last}" if result.seeds > 1 else f"seed {result.seed}"
    page.paragraph((f"Predicted, mean of {seeds}. Assumed: {'; '.join(story.assumptions)}.", "dim"), first="  ")
    page.blank()
    page.paragraph(("Go deeper:", "bold"), first="  ")
    for command in story.deeper:  # never wrapped, to be copied
        page.verbatim(Text(f"    {command}", style="cyan"))
