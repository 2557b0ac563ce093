"""The project's own files and syntax trees, read once."""

import ast
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("flows", "transforms", "expectations")
NOT_OURS = frozenset({".git", ".venv", "data", "__pycache__", "build", "dist", "htmlcov", ".hypothesis", ".make"})


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the checkout, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/", maxsplit=1)[0]

    def is_below(self, *folders: str) -> bool:
        return any(self.path == folder or self.path.startswith(f"{folder}/") for folder in folders)


def own_files() -> list[Path]:
    """Every file of the project, without what runs and tools leave behind."""
    found = []
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = sorted(
            name for name in folders if name not in NOT_OURS and not name.endswith(("_cache", ".egg-info"))
        )
        found += [Path(folder, name) for name in sorted(files) if name not in {".git", ".env", ".coverage"}]
    return found


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    return own_files()


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """The modules of the three packages."""
    found = []
    for path in own_files():
        name = path.relative_to(CHECKOUT).as_posix()
        if path.suffix == ".py" and name.startswith(tuple(f"{folder}/" for folder in CODE_FOLDERS)):
            text = path.read_text(encoding="utf-8")
            found.append(Module(name, text, ast.parse(text, filename=name)))
    return found
