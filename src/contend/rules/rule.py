"""What a rule is: a name, a lesson, a check, and the small apps that show when it speaks and when it stays quiet."""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from contend.model.findings import Finding
from contend.rules.graph import AuditGraph

SECTIONS = (
    "What it does",
    "Why it conflicts",
    "Example",
    "Use instead",
    "When it stays quiet",
    "Fix safety",
    "References",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A small app: `files` by path. `expects` are the causes that must be reported, each as a piece of the text of its
    line; none for a valid case. `trap` marks a valid case that only looks like the hazard."""

    title: str
    files: Mapping[str, str]
    expects: tuple[str, ...] = ()
    trap: bool = False


class Rule(ABC):
    """A hazard. Subclasses are one file each; their docstring has the sections of `SECTIONS`, after one sentence."""

    name: ClassVar[str]
    preview: ClassVar[bool] = False
    INVALID: ClassVar[tuple[Case, ...]]
    VALID: ClassVar[tuple[Case, ...]]

    @abstractmethod
    def check(self, graph: AuditGraph) -> Iterator[Finding]:
        """The findings of this rule in one app."""

    @property
    def summary(self) -> str:
        """The docstring's first sentence."""
        return " ".join(_text(type(self)).split("\n\n", 1)[0].split())

    @property
    def docs(self) -> Mapping[str, str]:
        """Section titles to texts, in order."""
        parts = re.split(r"^## (.+)$", _text(type(self)), flags=re.MULTILINE)
        return {title.strip(): body.strip("\n") for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def _text(rule: type[Rule]) -> str:
    return inspect.cleandoc(rule.__doc__ or "")
