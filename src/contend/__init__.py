"""contend finds, explains, predicts, fixes and watches write conflicts in apps built on Convex.

Whatever the command does, one call here does: `contend.audit("path/to/app")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contend.lab.experiment import Experiment
    from contend.model.audit import Audit, Progress

__all__ = ["audit", "simulate"]


def audit(
    path: str | Path = ".",
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    config: str | Path | None = None,
    use_cache: bool = True,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """The write conflicts of the Convex apps at `path`, found in their source.

    `select` and `ignore` name rules and add to the configuration, which is read from `config` or found at or above
    `path` (`contend.toml`, or `"contend"` in `package.json`). `jobs` is how many processes parse (default: as many as
    help). Raises `contend.model.errors.InputError` where there is nothing to audit or the configuration is wrong;
    files that cannot be read are in the result's `errors`.
    """
    import time
    from dataclasses import replace

    from contend.evidence.auditing import audit_repository
    from contend.source.linking.repository import read_repository
    from contend.source.settings import read_settings

    started = time.perf_counter()
    root = Path(path)
    settings = read_settings(root, Path(config) if config is not None else None)
    if select or ignore:
        settings = replace(
            settings,
            select=tuple(dict.fromkeys(select or settings.select)),
            ignore=tuple(dict.fromkeys((*settings.ignore, *ignore))),
        )
    repository = read_repository(root, use_cache=use_cache, jobs=jobs, progress=progress)
    result = audit_repository(repository, settings)
    return replace(result, seconds=time.perf_counter() - started)


def simulate(
    scenario: str | Path,
    *,
    variants: Sequence[str] = (),
    sweep: str | None = None,
    seed: int | None = None,
    seeds: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Experiment:
    """What the variants of a scenario file cost under load: attempts, conflicts, retries, failures, wasted time.

    `variants` names some of them (default: all), `sweep` a value to vary (`"params.threshold_s=1,30,300"`); `seed` is
    the first of `seeds` seeds (defaults: the file's). Raises `contend.model.errors.InputError` for a scenario that
    cannot be run, with file, line and key.
    """
    from contend.lab.experiment import parse_sweep
    from contend.lab.experiment import simulate as simulate_scenario

    return simulate_scenario(
        scenario,
        variants=variants,
        sweep=None if sweep is None else parse_sweep(sweep),
        seed=seed,
        seeds=seeds,
        jobs=jobs,
        progress=progress,
    )
