"""The command in odd surroundings: a message and the exit code that was promised, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from contend.faces.cli import run
from contend.source.cache import cache_directory

from .conftest import HANG, Write


@pytest.fixture
def app(examples: Path) -> Path:
    """The example app that touches its session on every request."""
    return examples / "session-app" / "before"


def start(
    *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A process that runs the command."""
    source = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    return subprocess.Popen(
        [sys.executable, "-m", "contend", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": source, **(environment or {})},
    )


def outcome(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    out, err = process.communicate(timeout=HANG)
    return process.returncode, out, err


def test_the_report_is_the_same_bytes_whatever_surrounds_the_run(app: Path, tmp_path: Path) -> None:

    def surrounded(seed: int) -> dict[str, str]:
        return {"CONTEND_CACHE_DIR": str(tmp_path), "PYTHONHASHSEED": str(seed)}

    runs = [  # all at once, on one cache
        start("audit", app, "--format", "json", environment=surrounded(0)),
        start("audit", app, "--format", "json", "--jobs", "2", environment=surrounded(1)),
        start("audit", "--format", "json", cwd=app, environment=surrounded(2)),
        start("audit", "..", "--format", "json", "--no-cache", cwd=app / "src", environment=surrounded(0)),
    ]
    reports = [outcome(one) for one in runs]
    reports.append(
        outcome(start("audit", app, "--format", "json", environment=surrounded(3)))
    )  # with what they left in the cache
    assert {(code, out) for code, out, _ in reports} == {(1, reports[0][1])}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_any_encoding(write: Write, encoding: str) -> None:
    root = write(
        {"convex/größe.ts": 'import { mutation } from "./_generated/server";\nexport const 日本 = mutation(x);'}
    )
    code, out, err = outcome(start("audit", root, environment={"PYTHONIOENCODING": encoding}))
    assert (code, err) == (0, b"")
    assert out.decode(encoding)


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the streams")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 1), ("2>&-", 1), ("<&- >&- 2>&-", 1), ("> /dev/full", 2)])
def test_standard_streams_that_take_nothing(app: Path, closed: str, code: int) -> None:
    if closed == "> /dev/full" and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    line = f'"$0" -m contend audit "$1" {closed}'
    done = subprocess.run(["sh", "-c", line, sys.executable, str(app)], capture_output=True, timeout=HANG, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert b"internal error" not in done.stdout + done.stderr


def test_a_reader_that_leaves(app: Path) -> None:
    process = start("audit", app, "--format", "json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=HANG) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("columns", ["20", "0", "-1", "99999999", "wide", "²"])
def test_any_width(
    app: Path, columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run(["audit", str(app)]) == 1
    assert "touch-on-every-request" in capsys.readouterr().out


def test_no_place_for_a_cache(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "below", tmp_path / ("long" * 100)):
        monkeypatch.setenv("CONTEND_CACHE_DIR", str(place))
        assert run(["audit", str(app)]) == 1


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTEND_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert cache_directory().name in ("contend", "Cache")


@pytest.mark.parametrize("jobs", ["1", "2", "64", "9" * 20])
def test_any_number_of_processes(app: Path, jobs: str) -> None:
    assert run(["audit", str(app), "--no-cache", "--jobs", jobs]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "--jobs", "-1"],
        ["audit", "--jobs", "many"],
        ["audit", "--fail-on", ""],
        ["audit", "a/" * 3_000],
        ["audit", "no\\such\\folder"],
        ["audit", "\x01"],
        ["audit", "--config", "."],
        ["show", ""],
        ["show", ":"],
        ["show", "\udcff"],
    ],
    ids=lambda arguments: " ".join(arguments)[:20],
)
def test_wrong_usage(app: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(app)
    assert run(arguments) == 2


@pytest.mark.parametrize(
    "text",
    [
        "nope = 1",
        "fail_on = 5",
        "fail_on = 1979-05-27",
        "fail_on = ",
        "select = 'x'",
        "select = ['x']",
        "traffic = 5",
        "traffic = [1]",
        "a = " + "[" * 5_000 + "]" * 5_000,
        "[traffic]\nusers = " + "9" * 5_000,
        "[traffic]\nusers = inf",
        "[traffic]\nusers = nan",
        "[traffic]\nusers = true",
        "[traffic]\nrequests_per_load = 0",
        "[traffic]\nrequest_spread_ms = 1e300",
        "fail_on = '\xe9'",
    ],
    ids=lambda text: text[:40],
)
def test_settings_that_make_no_sense(write: Write, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = write({"contend.toml": text.encode("latin-1")})
    assert run(["audit", str(root)]) == 2
    assert capsys.readouterr().err.startswith("contend: contend.toml: ")


@pytest.mark.parametrize("value", ["1e-300", "1", "1e300"])
@pytest.mark.parametrize(
    "name", ["users", "requests_per_load", "page_loads", "loop_width", "cron_period_s", "webhook_burst"]
)
def test_settings_at_the_edge_of_sense(app: Path, tmp_path: Path, name: str, value: str) -> None:
    settings = tmp_path / "edge.toml"
    settings.write_text(f"[traffic]\n{name} = {value}\n", encoding="utf-8")
    assert run(["audit", str(app), "--config", str(settings), "--format", "json"]) in (0, 1)
