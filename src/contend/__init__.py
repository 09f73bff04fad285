"""contend finds write conflicts in apps built on Convex, explains them, and predicts what they cost.

Whatever the command does, one call here does: `contend.audit("path/to/app")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contend.model.errors import InputError

if TYPE_CHECKING:
    from contend.evidence.seen import Seen
    from contend.lab.experiment import Experiment
    from contend.model.audit import Audit, Progress
    from contend.model.comparison import EarlierFinding
    from contend.reports.function_view import FunctionView
    from contend.reports.stories import Story
    from contend.rules import Rule
    from contend.telemetry.sources.insights import Insights

__all__ = ["InputError", "all_rules", "audit", "compare", "demo", "show", "simulate", "write_baseline"]


def audit(
    path: str | Path = ".",
    *,
    select: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    config: str | Path | None = None,
    baseline: str | Path | None = None,
    diff: str | None = None,
    insights: str | Path | bytes | None = None,
    seen: str | Sequence[str] = (),
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

    `baseline` is a file that `write_baseline` made: findings that it holds are known, no longer open, and kept. `diff`
    is a git revision: only what the files on disk introduce or worsen since then is in the result. What was found of
    either is in the result's `comparisons`.

    `insights` is what `npx convex insights --json --details` printed, as a file or as bytes: its counts are in the
    result's `observations` and beside the findings. `seen` are counts from the dashboard
    (`authSessions:touchSession=12/day`): the traffic that explains each is in the result's `seen`.
    """
    import time
    from dataclasses import replace

    from contend.evidence.auditing import audit_repository
    from contend.source.linking.repository import read_repository
    from contend.source.settings import read_settings

    started = time.perf_counter()
    root = _path(path, "path")
    entries = None if baseline is None else _baseline_entries(_path(baseline, "baseline"), root)
    commit = None if diff is None else _commit(root, diff)
    observed = None if insights is None else _insights(insights)
    counts = _counts(seen)
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
    if observed is not None:
        from contend.evidence.production import with_insights

        result = with_insights(result, observed)
    if counts:
        from contend.evidence.seen import with_seen

        result = with_seen(result, counts)
    if entries is not None:
        from contend.evidence.comparing import against_baseline

        result = against_baseline(result, *entries, known_rules=[rule.name for rule in all_rules()])
    if diff is not None and commit is not None:
        from contend.evidence.revision import audit_at

        before = audit_at(result, commit, use_cache=use_cache, jobs=jobs, progress=progress)
        result = compare(before, result, name=diff, commit=commit)
    return replace(result, seconds=time.perf_counter() - started)


def compare(before: Audit, after: Audit, *, name: str = "the audit before", commit: str | None = None) -> Audit:
    """What a change introduces: `after` with only the findings and notes that `before` lacks or had milder.

    Both are audits of the same path at different times. `name` is what reports call the earlier state, `commit` its
    full name in git. The result's `comparisons` say what was fixed, what got worse, and how much stayed.
    """
    from contend.evidence.comparing import compare as compare_audits

    return compare_audits(before, after, name=name, commit=commit)


def write_baseline(audit: Audit, file: str | Path) -> int:
    """Accept the findings of an audit that no comment silences: write them to `file`, for `baseline` of later audits.

    Returns how many they are. Raises `InputError` where `file` cannot be written.
    """
    from contend.evidence.baseline import accepted, render_baseline
    from contend.source.baseline_file import write_baseline_file

    entries = accepted(audit)
    write_baseline_file(_path(file, "file"), render_baseline(entries))
    return len(entries)


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
    loads: Sequence[str] = (),
    variants: Sequence[str] = (),
    sweep: str | None = None,
    seed: int | None = None,
    seeds: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Experiment:
    """What the variants of a scenario file cost under load: attempts, conflicts, retries, failures, wasted time.

    `variants` and `loads` name some of them (default: all), `sweep` a value to vary (`"params.threshold_s=1,30,300"`);
    `seed` is the first of `seeds` seeds (defaults: the file's). Raises `contend.model.errors.InputError` for a scenario
    that cannot be run, with file, line and key.
    """
    from contend.lab.experiment import parse_sweep
    from contend.lab.experiment import simulate as simulate_scenario

    return simulate_scenario(
        scenario,
        loads=loads,
        variants=variants,
        sweep=None if sweep is None else parse_sweep(sweep),
        seed=seed,
        seeds=seeds,
        jobs=jobs,
        progress=progress,
    )


def demo(
    *, seed: int | None = None, seeds: int | None = None, jobs: int | None = None, progress: Progress | None = None
) -> tuple[Story, ...]:
    """Two stories of write conflicts, simulated: what happens, what helps, and the experiments they rest on. The
    options are those of `simulate`."""
    from contend.lab.stories import run_stories
    from contend.reports.stories import tell

    return tell(run_stories(seed=seed, seeds=seeds, jobs=jobs, progress=progress))


def _baseline_entries(file: Path, root: Path) -> tuple[tuple[EarlierFinding, ...], str]:
    """What a baseline holds, and what reports call it."""
    from contend.evidence.baseline import parse_baseline
    from contend.source.baseline_file import baseline_name, read_baseline_file

    return parse_baseline(read_baseline_file(file), str(file)), baseline_name(file, root)


def _insights(given: str | Path | bytes) -> Insights:
    """The decoded output of `npx convex insights`, from a file or as it was read."""
    from contend.telemetry.sources.insights import MAX_BYTES, decode_insights

    if isinstance(given, bytes):
        return decode_insights(given, "standard input")
    file = _path(given, "insights")
    try:
        with file.open("rb") as stream:
            return decode_insights(stream.read(MAX_BYTES + 1), str(file))
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _counts(given: str | Sequence[str]) -> tuple[Seen, ...]:
    """Counts from the dashboard, taken apart."""
    texts = _names(given)
    if not texts:
        return ()
    from contend.evidence.seen import parse_seen

    return tuple(parse_seen(text) for text in texts)


def _commit(root: Path, revision: object) -> str:
    from contend.source.revisions import find_commit

    if not isinstance(revision, str):
        raise InputError(f"diff must be a git revision, as text, not {type(revision).__name__}")
    return find_commit(root, revision)


def _path(given: object, name: str) -> Path:
    if isinstance(given, str | Path):
        return Path(given)
    raise InputError(f"{name} must be a path, as text or a Path, not {type(given).__name__}")


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
