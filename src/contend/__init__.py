"""contend finds write conflicts in apps built on Convex, explains them, and predicts what they cost.

Whatever the command does, one call here does: `contend.audit("path/to/app")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contend.model.errors import InputError

if TYPE_CHECKING:
    from contend.lab.experiment import Experiment
    from contend.model.audit import Audit, Progress
    from contend.reports.function_view import FunctionView
    from contend.rules import Rule

__all__ = ["InputError", "all_rules", "audit", "show", "simulate"]


def audit(
    path: str | Path = ".",
    *,
    select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    config: str | Path | None = None,
    use_cache: bool = True,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """The write conflicts of the Convex apps at `path`, found in their source.

    `select` and `ignore` name rules (one, or several) and add to the configuration, which is read from `config` or
    found at or above `path` (`contend.toml`, or `"contend"` in `package.json`). `jobs` is how many processes parse
    (default: as many as help). Raises `InputError` where there is nothing to audit or the configuration is wrong; files
    that cannot be read are in the result's `errors`. A path inside an app gives the audit of that app
    (`result.repository.path`).
    """
    import time
    from dataclasses import replace

    from contend.evidence.auditing import audit_repository
    from contend.source.linking.repository import read_repository
    from contend.source.settings import read_settings

    started = time.perf_counter()
    root = _path(path, "path")
    settings = read_settings(root, None if config is None else _path(config, "config"))
    selected, ignored = _names(select), _names(ignore)
    if selected or ignored:
        settings = replace(
            settings,
            select=tuple(dict.fromkeys(selected or settings.select)),
            ignore=tuple(dict.fromkeys((*settings.ignore, *ignored))),
        )
    repository = read_repository(root, use_cache=use_cache, jobs=jobs, progress=progress)
    result = audit_repository(repository, settings)
    return replace(result, seconds=time.perf_counter() - started)


def show(
    path: str | Path,
    function: str,
    *,
    config: str | Path | None = None,
    use_cache: bool = True,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> FunctionView:
    """What one function of the apps at `path` reads and writes, who starts it, and whom it meets.

    `function` is `module:export`, or an end of it that is unique. The options are those of `audit`. Raises `InputError`
    as `audit` does, and where none or several functions have that name.
    """
    from contend.reports.function_view import function_view

    return function_view(audit(path, config=config, use_cache=use_cache, jobs=jobs, progress=progress), function)


def all_rules() -> tuple[Rule, ...]:
    """Everything that is checked: each rule with its `name`, a one-sentence `summary` and its `docs` by section."""
    from contend.rules import all_rules as registered

    return registered()


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


def _path(given: object, name: str) -> Path:
    if isinstance(given, str | Path):
        return Path(given)
    raise InputError(f"{name} must be a path, as text or a Path, not {type(given).__name__}")


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
