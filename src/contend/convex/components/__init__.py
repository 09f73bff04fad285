"""Common components: what each call of them reads and writes, by version. Checked against their published sources."""

from __future__ import annotations

from typing import Final

from contend.convex.components.agent import AGENT
from contend.convex.components.aggregate import AGGREGATE
from contend.convex.components.better_auth import BETTER_AUTH
from contend.convex.components.convex_auth import CONVEX_AUTH
from contend.convex.components.facts import Component
from contend.convex.components.presence import PRESENCE
from contend.convex.components.rate_limiter import RATE_LIMITER
from contend.convex.components.resend import RESEND
from contend.convex.components.sharded_counter import SHARDED_COUNTER
from contend.convex.components.workflow import WORKFLOW
from contend.convex.components.workpool import WORKPOOL

COMPONENTS: Final[dict[str, Component]] = {
    component.package: component
    for component in (
        AGENT,
        AGGREGATE,
        BETTER_AUTH,
        CONVEX_AUTH,
        PRESENCE,
        RATE_LIMITER,
        RESEND,
        SHARDED_COUNTER,
        WORKFLOW,
        WORKPOOL,
    )
}
"""By package."""


def component_of(package: str) -> Component | None:
    """The component that a package or one of its entry points is; None for any other package."""
    if not package.startswith("@convex-dev/"):
        return None
    return COMPONENTS.get("/".join(package.split("/", 2)[:2]))
