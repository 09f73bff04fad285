"""All cases."""

from __future__ import annotations

from typing import Final

from contend.engine.cases import (
    calling,
    documentation,
    documents,
    intervals,
    precision,
    primitives,
    system,
    transactions,
)
from contend.engine.cases.steps import Case

CASES: Final[tuple[Case, ...]] = (
    *primitives.CASES,
    *transactions.CASES,
    *calling.UPSTREAM,
    *precision.CASES,
    *documentation.CASES,
    *documents.CASES,
    *intervals.CASES,
    *precision.SEARCH,
    *system.CASES,
    *calling.CLIENTS,
    *calling.RETRIES,
)
