"""The cases are sharp: whichever rule of the engine is broken, at least one of them fails.

Each defect is an edit of the source. The edited package is loaded under another name, next to the real one, and runs
the cases.
"""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, ClassVar

import pytest

import contend

SOURCE = Path(contend.__file__).parent
MUTANT = "mutant"


@dataclass(frozen=True)
class Defect:
    """`rule` is switched off where `before` in `module` becomes `after`; `caught_by` are cases that must notice."""

    rule: str
    module: str
    before: str
    after: str
    caught_by: str


DEFECTS = [
    Defect(**entry)
    for entry in tomllib.loads(Path(__file__).with_name("seeded_defects.toml").read_text(encoding="utf-8"))["defect"]
]


class MutantLoader(MetaPathFinder, Loader):
    """Imports `mutant.x` from the source of `contend.x`, one module with the defect."""

    compiled: ClassVar[dict[Path, CodeType]] = {}  # of modules without a defect, for all mutants

    def __init__(self, defect: Defect) -> None:
        self._defect = defect

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] != MUTANT:
            return None
        file = SOURCE.joinpath(*fullname.split(".")[1:])
        is_package = file.is_dir()
        file = file / "__init__.py" if is_package else file.with_suffix(".py")
        return spec_from_loader(fullname, self, origin=str(file), is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        assert module.__spec__.origin is not None
        exec(self._code(Path(module.__spec__.origin)), module.__dict__)

    def _code(self, file: Path) -> CodeType:
        if file == SOURCE / "__init__.py":
            return compile("", str(file), "exec")
        text = file.read_text(encoding="utf-8").replace("from contend.", f"from {MUTANT}.")
        if file == SOURCE / self._defect.module:
            assert text.count(self._defect.before) == 1, (
                f"{self._defect.rule}: the source has changed; adapt the defect"
            )
            return compile(text.replace(self._defect.before, self._defect.after), str(file), "exec")
        if file not in self.compiled:
            self.compiled[file] = compile(text, str(file), "exec")
        return self.compiled[file]


@pytest.fixture
def mutant(request: pytest.FixtureRequest) -> Iterator[Defect]:
    """Makes the package `mutant` have the defect."""
    loader = MutantLoader(request.param)
    sys.meta_path.insert(0, loader)
    yield request.param
    sys.meta_path.remove(loader)
    for module in [module for module in sys.modules if module.partition(".")[0] == MUTANT]:
        del sys.modules[module]


@pytest.mark.parametrize("mutant", [pytest.param(defect, id=defect.rule) for defect in DEFECTS], indirect=True)
def test_some_case_notices(mutant: Defect) -> None:
    cases = importlib.import_module(f"{MUTANT}.engine.cases.catalogue").CASES
    runner = importlib.import_module(f"{MUTANT}.engine.cases.runner")
    noticed = [fails(runner, case) for case in cases if case.id == mutant.caught_by]
    assert any(noticed)


def fails(runner: Any, case: Any) -> bool:
    try:
        runner.run(case)
    except runner.CaseFailedError:
        return True
    return False
