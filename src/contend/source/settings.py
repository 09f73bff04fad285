"""Finds and reads the configuration: `contend.toml`, or `"contend"` in `package.json`."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from contend.model.settings import Settings, SettingsError, settings_from

TOML = "contend.toml"
PACKAGE = "package.json"


def read_settings(root: Path, config: Path | None = None) -> Settings:
    """The settings that hold for an audit of `root`.

    `config` names the file (TOML, or a `package.json`); without it the nearest one is taken, from `root` up to the
    directory that holds `.git`; outside a repository only `root` itself is looked at. No file gives the defaults.
    Raises `SettingsError` for a file that cannot be read or used.
    """
    if config is not None:
        return _read(config, _display(config, root), required=True) or Settings()
    for directory in _search_path(root):
        found = [
            settings
            for name in (TOML, PACKAGE)
            if (settings := _read(directory / name, _display(directory / name, root), required=False)) is not None
        ]
        if len(found) > 1:
            raise SettingsError(f'{found[0].file} and "contend" in {found[1].file} both hold settings: keep one')
        if found:
            return found[0]
    return Settings()


def _search_path(root: Path) -> list[Path]:
    if not os.path.exists(root):
        return [root]
    start = root.resolve()
    if os.path.isfile(start):
        start = start.parent
    directories: list[Path] = []
    for directory in (start, *start.parents):
        directories.append(directory)
        if os.path.exists(directory / ".git"):
            return directories
    return [start]


def _display(file: Path, root: Path) -> str:
    """The name a message gives `file`: relative to `root` where it lies below it, never absolute otherwise."""
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.name


def _read(file: Path, name: str, *, required: bool) -> Settings | None:
    """The settings in `file`; None where it does not exist, or is a `package.json` without the key."""
    if not os.path.isfile(file):  # unlike `Path.is_file`, says no to a name that is too long
        if required:
            raise SettingsError(f"{file}: no such file")
        return None
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: cannot be read: {error}") from error
    if file.suffix == ".json":
        return _from_package(text, name, required=required)
    try:
        return settings_from(tomllib.loads(text), name)
    except (ValueError, RecursionError) as error:  # a TOMLDecodeError, or a number or nesting beyond all measure
        raise SettingsError(f"{name}: not valid TOML: {error}") from error


def _from_package(text: str, name: str, *, required: bool) -> Settings | None:
    try:
        package = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        if required:
            raise SettingsError(f"{name}: not valid JSON: {error}") from error
        return None  # somebody else's broken package.json is not a configuration of ours
    section = package.get("contend") if isinstance(package, dict) else None
    if section is None:
        if required:
            raise SettingsError(f'{name}: has no "contend" key')
        return None
    if not isinstance(section, dict):
        raise SettingsError(f'{name}: "contend" must be an object')
    return settings_from(section, name)
