"""The library: whatever the command does, in one call."""

from __future__ import annotations

from pathlib import Path

import pytest

import contend


@pytest.fixture
def before(examples: Path) -> Path:
    return examples / "session-app" / "before"


def test_one_rule_may_be_given_by_its_name_alone(before: Path) -> None:
    assert contend.audit(before, select="touch-on-every-request").rules == ("touch-on-every-request",)
    assert "touch-on-every-request" not in contend.audit(before, ignore="touch-on-every-request").rules


def test_an_audit_shows_itself_in_one_line(before: Path) -> None:
    audit = contend.audit(before, select="touch-on-every-request")
    assert repr(audit).startswith(f"<Audit of {str(before)!r}: 1 finding (1 high), ")
    assert repr(audit).endswith(" functions>")


def test_one_function(before: Path) -> None:
    view = contend.show(before, "touchSession")
    assert view.function.path == "sessions:touchSession"
    assert view.callers


def test_the_rules_explain_themselves() -> None:
    assert all(rule.summary and rule.docs for rule in contend.all_rules())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": None}, "path must be a path, as text or a Path, not NoneType"),
        ({"path": "no/such/path"}, "no such file or directory"),
        ({"path": ".", "config": 3}, "config must be a path"),
    ],
)
def test_what_cannot_be_audited(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(contend.InputError, match=message):
        contend.audit(**arguments)  # type: ignore[arg-type]
