"""What holds for the repository as a whole: its shape, its documents, and that they agree with the code."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "contend"

LONGEST_MODULE = 450
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "core", "base", "stuff", "manager"}
SKIPPED_FOLDERS = {
    "__pycache__", "node_modules", "_generated", "build", "dist", ".git", ".venv", ".mypy_cache", ".ruff_cache",
    ".pytest_cache", ".hypothesis", ".import_linter_cache", ".cache",
}  # fmt: skip
BINARY = {".png", ".gz", ".parquet", ".duckdb", ".ico", ".woff2", ".pyc"}

MACHINE_PATH = re.compile(r"(?<![\w.@/:-])/(?:home|[w]ork|[r]oot|[f]arm|Users)/[A-Za-z.]")
REGISTRY = re.compile(r"p[y]pi\.org|python[h]osted\.org|registry\.npm[j]s\.org|deb\.deb[i]an\.org|index[-_]url")
LEFT_OPEN = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|NotImplemented[E]rror")
BARE_SILENCER = re.compile(r"#\s*(?:type: ignore(?!\[)|no[q]a(?!:))")


@cache
def text_files() -> tuple[Path, ...]:
    """Every text file of the checkout that somebody wrote."""

    def walk(folder: Path) -> Iterator[Path]:
        for entry in sorted(folder.iterdir()):
            if entry.is_dir():
                if entry.name not in SKIPPED_FOLDERS:
                    yield from walk(entry)
            elif entry.suffix not in BINARY and entry.name != "LICENSE" and not entry.name.startswith(".coverage"):
                yield entry

    return tuple(walk(ROOT))


def modules() -> list[Path]:
    return [path for path in text_files() if path.suffix == ".py"]


def rooms() -> list[Path]:
    return sorted(path for path in SOURCE.iterdir() if (path / "__init__.py").is_file())


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def project() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def readme_command(name: str) -> str:
    """The one command in the README's code block below `<!-- command: NAME -->`, which `.ci/run` runs."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.+)\n```", readme)
    assert found, f"README.md has no single command below '<!-- command: {name} -->'"
    return found[1]


class TestShape:
    def test_no_module_is_longer_than_the_limit(self):
        lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
        assert {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE} == {}

    def test_every_module_says_in_its_name_what_it_does(self):
        assert [str(path) for path in modules() if path.stem.strip("_") in VAGUE_NAMES] == []

    def test_every_folder_of_code_is_a_package(self):
        folders = {path.parent for path in SOURCE.rglob("*.py")}
        assert sorted(str(folder) for folder in folders if not (folder / "__init__.py").is_file()) == []

    def test_no_file_speaks_of_the_machine_it_was_written_on(self):
        assert lines_matching(MACHINE_PATH, list(text_files())) == []

    def test_no_file_names_a_package_registry(self):
        assert lines_matching(REGISTRY, list(text_files())) == []

    def test_nothing_is_left_open(self):
        assert lines_matching(LEFT_OPEN, modules()) == []

    def test_a_silenced_check_is_silenced_by_its_code(self):
        assert lines_matching(BARE_SILENCER, modules()) == []


class TestDocuments:
    @pytest.mark.parametrize("name", ["audit", "test"])
    def test_readme_commands_start_from_a_bare_machine(self, name):
        assert readme_command(name).startswith("python3 -m venv .venv && .venv/bin/pip install ")

    def test_readme_audits_an_example_that_is_there(self):
        example = re.search(r"contend audit (\S+)", readme_command("audit"))
        assert example
        assert (ROOT / example[1] / "package.json").is_file()

    def test_ci_runs_the_readme_commands_rather_than_its_own(self):
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
        assert "readme audit" in script
        assert "readme test" in script
        assert "pytest" not in script

    def test_links_between_documents_lead_somewhere(self):
        broken = []
        for document in (path for path in text_files() if path.suffix == ".md"):
            for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", document.read_text(encoding="utf-8")):
                if not (document.parent / target).exists():
                    broken.append(f"{document.relative_to(ROOT).as_posix()} → {target}")
        assert broken == []

    def test_architecture_describes_every_room(self):
        text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        assert [room.name for room in rooms() if f"`{room.name}/`" not in text] == []

    def test_changelog_knows_the_version(self):
        version = project()["project"]["version"]
        assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


class TestContract:
    def test_rules_and_reports_open_no_files(self):
        pure = [path for room in ("rules", "reports") for path in (SOURCE / room).rglob("*.py")]
        assert lines_matching(re.compile(r"(?<![.\w])open\("), pure) == []

    def test_every_room_stands_in_the_import_contract(self):
        contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.importlinter]")[1]
        assert [room.name for room in rooms() if f"contend.{room.name}" not in contract] == []

    def test_constraints_pin_every_dependency_of_the_tests(self):
        pins = re.findall(r"^([\w.-]+)==\S+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
        pinned = {normal(name) for name in pins}
        table = project()["project"]
        extras = table["optional-dependencies"]
        assert isinstance(extras, dict)
        assert isinstance(table["dependencies"], list)
        wanted = {normal(name) for name in [*table["dependencies"], *extras["dev"]]}
        assert wanted - pinned == set()


class TestExamples:
    @pytest.mark.parametrize("app", ["session-app", "onboarding-app"])
    def test_each_app_stands_there_before_and_after_and_tells_its_story(self, app, examples):
        before, after = ({p.relative_to(v): p.read_bytes() for p in files(v)} for v in versions(examples / app))
        assert before.keys() == after.keys()
        assert before != after
        assert (examples / app / "README.md").is_file()

    @pytest.mark.parametrize("app", ["session-app", "onboarding-app"])
    def test_each_app_is_whole_but_for_generated_code(self, app, examples):
        for version in versions(examples / app):
            manifest = json.loads((version / "package.json").read_text(encoding="utf-8"))
            assert "convex" in manifest["dependencies"]
            assert (version / "convex" / "schema.ts").is_file()
            assert "convex/_generated/" in (version / ".gitignore").read_text(encoding="utf-8")


class TestSkips:
    """`CONTEND_NO_SKIPS=1`, which CI sets: a test that cannot run is not a test that passed."""

    CASES = """
        import pytest

        def test_runs(): pass

        def test_needs_more(): pytest.skip("no browser here")

        @pytest.mark.xfail(strict=True)
        def test_known(): assert False
    """
    ABSENT = """
        import pytest

        pytest.importorskip("a_package_that_nobody_has")
    """

    @pytest.fixture
    def suite(self, pytester: pytest.Pytester) -> pytest.Pytester:
        pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
        pytester.makepyfile(test_cases=self.CASES, test_absent=self.ABSENT)
        return pytester

    def test_elsewhere_a_skip_is_a_skip(self, suite, monkeypatch):
        monkeypatch.delenv("CONTEND_NO_SKIPS", raising=False)
        suite.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=1, skipped=2, xfailed=1)

    def test_in_ci_a_skip_is_a_failure_with_its_reason(self, suite, monkeypatch):
        monkeypatch.setenv("CONTEND_NO_SKIPS", "1")
        result = suite.runpytest_subprocess("-p", "no:xdist", "--continue-on-collection-errors")
        result.assert_outcomes(passed=1, failed=1, errors=1, xfailed=1)
        result.stdout.fnmatch_lines(["*no browser here*a skip is a failure here*"])


def normal(requirement: str) -> str:
    """The name of a distribution as package indexes compare it, without version and extras."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def versions(app: Path) -> tuple[Path, Path]:
    return app / "before", app / "after"


def files(folder: Path) -> list[Path]:
    return [path for path in text_files() if path.is_relative_to(folder)]
