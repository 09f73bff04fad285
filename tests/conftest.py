"""What all tests share: where the repository is, a cache of their own, and skips that CI does not accept."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# Machines differ, and tests share their processors: a slow example is not a failure.
settings.register_profile("contend", deadline=None, print_blob=True)
settings.load_profile("contend")


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """The checkout these tests belong to."""
    return ROOT


@pytest.fixture(scope="session")
def examples(repository_root: Path) -> Path:
    """The folder of the example apps."""
    return repository_root / "examples"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps the user's cache out of the tests and the tests out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTEND_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def _skips_fail() -> bool:
    return os.environ.get("CONTEND_NO_SKIPS") == "1"


def _reject(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns a skip into a failure that names its reason; an expected failure (xfail) stays what it is."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (CONTEND_NO_SKIPS=1: a skip is a failure here)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Counts a skipped test as failed where skips are not accepted."""
    report = yield
    if _skips_fail():
        _reject(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Counts a module that skips itself as failed where skips are not accepted."""
    report = yield
    if _skips_fail():
        _reject(report)
    return report
