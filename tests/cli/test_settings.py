"""`contend.toml` and `"contend"` in `package.json`."""

from __future__ import annotations

from pathlib import Path

import pytest

from contend.model.findings import Severity
from contend.model.settings import Settings, SettingsError, UnknownRule, check_rules, parse_fail_on, settings_from
from contend.source.settings import read_settings

TOML = """
fail_on = "medium"
ignore = ["shared-counter"]

[traffic]
users = 200
"""


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()


def test_toml(tmp_path: Path) -> None:
    (tmp_path / "contend.toml").write_text(TOML, encoding="utf-8")
    settings = read_settings(tmp_path)
    assert settings.fail_on is Severity.MEDIUM
    assert settings.ignore == ("shared-counter",)
    assert dict(settings.traffic) == {"users": 200}
    assert settings.file == "contend.toml"


@pytest.mark.parametrize("text", ["high", "HIGH", "High"])
def test_a_level_in_any_case(text: str) -> None:
    assert parse_fail_on(text) is Severity.HIGH


def test_package_json(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "app", "contend": {"fail_on": "never"}}', encoding="utf-8")
    assert read_settings(tmp_path).fail_on == "never"


@pytest.mark.parametrize("text", ['{"name": "app"}', "{ broken", "[]"])
def test_a_package_json_that_is_not_about_us(tmp_path: Path, text: str) -> None:
    (tmp_path / "package.json").write_text(text, encoding="utf-8")
    assert read_settings(tmp_path) == Settings()


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    (tmp_path / "contend.toml").write_bytes(b'\xef\xbb\xbffail_on = "low"\r\n')
    assert read_settings(tmp_path).fail_on is Severity.LOW


def test_a_package_of_a_repository_takes_the_settings_above_it(tmp_path: Path) -> None:
    package = tmp_path / "packages" / "backend"
    package.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "contend.toml").write_text('fail_on = "low"', encoding="utf-8")
    assert read_settings(package).fail_on is Severity.LOW


def test_outside_a_repository_nothing_above_counts(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "contend.toml").write_text('fail_on = "low"', encoding="utf-8")
    assert read_settings(tmp_path / "app") == Settings()


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "contend.toml").write_text('fail_on = "low"', encoding="utf-8")
    (tmp_path / "app" / "contend.toml").write_text('fail_on = "info"', encoding="utf-8")
    assert read_settings(tmp_path / "app").fail_on is Severity.INFO


def test_settings_in_two_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "contend.toml").write_text("", encoding="utf-8")
    (tmp_path / "package.json").write_text('{"contend": {}}', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"contend.toml and \"contend\" in package.json both hold settings"):
        read_settings(tmp_path)


def test_a_file_by_name(tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text('fail_on = "info"', encoding="utf-8")
    assert read_settings(tmp_path, tmp_path / "strict.toml").fail_on is Severity.INFO
    with pytest.raises(SettingsError, match="no such file"):
        read_settings(tmp_path, tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"failon": "high"}, r"contend.toml: unknown key 'failon'; did you mean 'fail_on'\?"),
        ({"zzz": 1}, "contend.toml: unknown key 'zzz'; known keys: fail_on, select, ignore, traffic"),
        ({"fail_on": "hgih"}, "contend.toml: 'fail_on': 'hgih' is no level: use critical, high"),
        ({"fail_on": 3}, "contend.toml: 'fail_on' must be text, not a number"),
        ({"ignore": "shared-counter"}, "contend.toml: 'ignore' must be a list of texts"),
        ({"traffic": {"users": "many"}}, "contend.toml: 'traffic.users' must be a number, zero or more"),
        ({"traffic": {"users": True}}, "contend.toml: 'traffic.users' must be a number"),
        ({"traffic": {"users": float("nan")}}, "contend.toml: 'traffic.users' must be a number"),
        ({"traffic": []}, "contend.toml: 'traffic' must be a table, not a list"),
    ],
)
def test_a_mistake_names_file_and_key(data: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        settings_from(data, "contend.toml")


def test_toml_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "contend.toml").write_text("fail_on = ", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"contend\.toml: not valid TOML"):
        read_settings(tmp_path)


def test_an_unknown_rule_suggests_the_nearest() -> None:
    with pytest.raises(
        UnknownRule, match=r"--select: there is no rule 'shard-counter'; did you mean 'shared-counter'\?"
    ):
        check_rules(["shard-counter"], ["shared-counter", "client-herd"], "--select")
