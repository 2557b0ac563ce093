"""What the repository may hold: one lock, no address of an index, no path of a machine, no vendor's data."""

import os
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer.main
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from expectations.gate_rules import GATE_RULES
from expectations.rules import RULES
from flows.cli import app

CHECKOUT = Path(__file__).resolve().parents[2]
ROOMS = {"flows", "transforms", "sql", "expectations", "tests", "docs", ".ci", ".github"}
LOCKS = ("*.lock", "*lock.json", "*lock.yaml", "requirements*.txt", "Pipfile*", "environment*.yml")
# Written so that this file does not hold what it forbids.
INDEX_ADDRESS = re.compile(r"index[-]url|find[-]links|https?://\S*/simpl[e](/|\s|$)|pythonhoste[d]")
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:work|root|farm|home|Users)/")
BIGGEST_FILE = 512 * 1024


@pytest.fixture(scope="session")
def texts(project_files: list[Path]) -> dict[str, str]:
    found = {}
    for path in project_files:
        try:
            found[path.relative_to(CHECKOUT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned() -> dict[str, str]:
    text = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, flags=re.MULTILINE)
    }


def test_no_address_of_a_package_index(texts: dict[str, str]) -> None:
    wrong = [
        f"{name}:{number}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if INDEX_ADDRESS.search(line)
    ]
    assert wrong == []


def test_no_path_of_a_machine(texts: dict[str, str]) -> None:
    wrong = [
        f"{name}:{number} {line.strip()[:80]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("--extra-index" + "-url=x", INDEX_ADDRESS),
        ("--find" + "-links=x", INDEX_ADDRESS),
        ("https://mirror.test/pypi/sim" + "ple/", INDEX_ADDRESS),
        ("open('/wo" + "rk/x')", MACHINE_PATH),
        ("/ho" + "me/me/x", MACHINE_PATH),
    ],
)
def test_the_patterns_find_what_they_forbid(line: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(line)


def test_one_lock_only() -> None:
    found = {path.name for pattern in LOCKS for path in CHECKOUT.glob(pattern)}
    assert found == {"requirements.lock"}


def test_lock_has_hashes_and_no_address() -> None:
    lines = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        assert re.fullmatch(r"#.*|[A-Za-z0-9._-]+==\S+( ;.*)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), (
            f"line {number + 1}: {line}"
        )
        if "==" in line and not line.startswith("#"):
            assert lines[number + 1].startswith("    --hash=")


def test_lock_satisfies_pyproject(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    asked = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["dev"]]
    pins = pinned()
    wrong = [
        f"{requirement}: {pins.get(canonicalize_name(requirement.name))}"
        for requirement in asked
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ]
    assert wrong == []


def test_versions_that_only_work_together_are_pinned(pyproject: dict[str, Any]) -> None:
    asked = {Requirement(text).name: str(Requirement(text).specifier) for text in pyproject["project"]["dependencies"]}
    assert asked["prefect"] == "==3.8.8"
    assert asked["fastapi"] == "<0.151,>=0.139"
    assert asked["sqlalchemy"] == "<2.1,>=2.0.40"
    assert asked["duckdb"] == "==1.5.5"
    assert asked["polars"] == "==2.1.0"
    assert asked["great-expectations"] == "==1.24.1"


def test_no_cached_tasks(pyproject: dict[str, Any]) -> None:
    assert pyproject["tool"]["prefect"]["tasks"] == {"default_no_cache": True}


def test_no_other_rooms(project_files: list[Path]) -> None:
    tops = {path.relative_to(CHECKOUT).parts[0] for path in project_files if path.parent != CHECKOUT}
    assert tops - ROOMS == set()


def test_no_data_files_and_nothing_big(project_files: list[Path]) -> None:
    data = {".parquet", ".zip", ".gz", ".bz2", ".xlsx", ".duckdb", ".db", ".pkl"}
    wrong = [
        path.relative_to(CHECKOUT).as_posix()
        for path in project_files
        if path.suffix in data or path.stat().st_size > BIGGEST_FILE
    ]
    assert wrong == []


def test_console_script_is_installed() -> None:
    (script,) = [entry for entry in entry_points(group="console_scripts") if entry.name == "smallcaps"]
    assert script.value == "flows.cli:main"
    assert callable(script.load())


def test_ci_runs_the_command_of_the_readme() -> None:
    script = CHECKOUT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make check" in script.read_text(encoding="utf-8")
    assert "make check" in (CHECKOUT / "README.md").read_text(encoding="utf-8")


MARKDOWN = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")])


def markdown_name(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("path", MARKDOWN, ids=markdown_name)
def test_links_of_documents_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", MARKDOWN, ids=markdown_name)
def test_commands_of_documents_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL))
    group = typer.main.get_command(app)
    commands = set(getattr(group, "commands", {}))
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"\bsmallcaps ([a-z][a-z-]+)", code)) - commands == set()
    assert set(re.findall(r"\bmake ([a-z][a-z-]+)", code)) - targets == set()


@pytest.mark.parametrize("path", MARKDOWN, ids=markdown_name)
def test_documents_point_at_files_that_exist(path: Path) -> None:
    named = re.findall(
        r"`((?:flows|transforms|expectations|sql|docs|tests)/[\w./-]+)`", path.read_text(encoding="utf-8")
    )
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def test_every_rule_has_a_line_in_a_runbook() -> None:
    runbooks = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "docs" / "runbooks").glob("*.md"))
    listed = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", runbooks, flags=re.MULTILINE))
    assert listed == set(RULES) | set(GATE_RULES)
