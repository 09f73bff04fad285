"""Real git repositories for tests, whatever the user's own configuration of git says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = ("user.name=Tester", "user.email=tester@example.org", "commit.gpgsign=false", "core.autocrlf=false")


@dataclass(frozen=True)
class GitRepository:
    """A repository at `path`."""

    path: Path

    @classmethod
    def begin(cls, path: Path) -> GitRepository:
        """A new repository, with `main` as its branch."""
        path.mkdir(parents=True, exist_ok=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str) -> str:
        """Run git and return what it says; a failure fails the test."""
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(self.path), *settings, *arguments],
            capture_output=True,
            check=True,
            text=True,
            env=environment | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        )
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files by their paths; None deletes one."""
        for path, text in files.items():
            file = self.path / path
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Write `files`, commit everything, and return the commit's name."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        return self.git("rev-parse", "HEAD")
