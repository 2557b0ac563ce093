"""The design's rules about the code, as tests: imports, edges, clock, environment, sizes, SQL."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
OURS = frozenset({"flows", "transforms", "expectations", "tests"})

WORLD = frozenset(
    {"apprise", "duckdb", "fcntl", "ftplib", "glob", "http", "httpx", "requests", "shutil", "smtplib"}
    | {"socket", "sqlite3", "subprocess", "tempfile", "urllib"}
)
"""Modules that reach sockets, files, processes or DuckDB."""

PARSING = frozenset({"urllib", "urllib.parse"} | {f"urllib.parse.{n}" for n in ("quote", "urlencode", "urlsplit")})
"""Parts of them that only handle text."""

FILE_CALLS = frozenset(
    {"glob", "iterdir", "mkdir", "open", "read_bytes", "read_text", "rglob", "rmdir", "touch", "unlink"}
    | {"write_bytes", "write_text", "write_database", "write_excel", "write_json", "to_csv", "to_parquet"}
    | {f"{verb}_{form}" for verb in ("scan", "sink", "write") for form in ("csv", "ipc", "ndjson", "parquet")}
)
"""Calls that read or write files by path."""

DECODERS = frozenset(f"read_{form}" for form in ("csv", "database", "excel", "ipc", "json", "ndjson", "parquet"))
"""Calls that read a file, or decode the bytes of one."""

CLOCK = frozenset({"now", "today", "utcnow"})
RANDOM = frozenset({"random", "secrets", "uuid"})
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60


@dataclass(frozen=True)
class Sample:
    """A module of a test."""

    path: str
    text: str
    tree: ast.Module
    package: str = "flows"

    def is_below(self, *folders: str) -> bool:
        return False


class Module(Protocol):
    """What `conftest.Module` offers."""

    @property
    def path(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def tree(self) -> ast.Module: ...

    @property
    def package(self) -> str: ...

    def is_below(self, *folders: str) -> bool: ...


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Every imported module with its line, also those inside functions."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.path}:{node.lineno}: relative import"
            source = node.module or ""
            yield node.lineno, source
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def calls(module: Module) -> Iterator[tuple[int, str, str]]:
    """Every call as (line, name called, what stands before the dot)."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            yield node.lineno, node.func.id, ""
        elif isinstance(node.func, ast.Attribute):
            yield node.lineno, node.func.attr, ast.unparse(node.func.value)


def test_the_readers_see_what_hides() -> None:
    source = (
        "from datetime import date as day\n"
        "def f():\n"
        "    import duckdb.typing\n"
        "    return Path('x').open(), datetime.datetime.now(UTC)\n"
    )
    sample = Sample("flows/sample.py", source, ast.parse(source))
    assert list(imports(sample)) == [(1, "datetime"), (1, "datetime.date"), (3, "duckdb.typing")]
    assert {("open", "Path('x')"), ("now", "datetime.datetime")} <= {call[1:] for call in calls(sample)}


def test_there_is_something_to_judge(modules: list[Module]) -> None:
    assert {module.package for module in modules} == {"flows", "transforms", "expectations"}


def test_imports_run_one_way(modules: list[Module]) -> None:
    allowed = {
        "transforms": ("transforms",),
        "expectations": ("expectations", "transforms.contracts"),
        "flows": ("flows", "expectations", "transforms"),
    }
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules
        for line, name in imports(module)
        if name.split(".")[0] in OURS
        and not any(name == ok or name.startswith(f"{ok}.") for ok in allowed[module.package])
        and name not in {"transforms"}  # `from transforms import contracts` yields both names
    ]
    assert wrong == []


def test_only_the_edge_reaches_the_world(modules: list[Module]) -> None:
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules
        if not module.is_below("flows/edge")
        for line, name in imports(module)
        if name.split(".")[0] in WORLD and name not in PARSING
    ]
    assert wrong == []


def test_only_the_edge_opens_files(modules: list[Module]) -> None:
    wrong = [
        f"{module.path}:{line} calls {name}"
        for module in modules
        if not module.is_below("flows/edge")
        for line, name, _ in calls(module)
        if name in FILE_CALLS
    ]
    assert wrong == []


def test_only_the_edge_and_the_sources_decode_bytes(modules: list[Module]) -> None:
    wrong = [
        f"{module.path}:{line} calls {name}"
        for module in modules
        if not module.is_below("flows/edge", "flows/sources")
        for line, name, _ in calls(module)
        if name in DECODERS
    ]
    assert wrong == []


def test_clock_has_one_home(modules: list[Module]) -> None:
    wrong = [
        f"{module.path}:{line} reads the clock: {before}.{name}"
        for module in modules
        if not module.is_below("flows/edge/clock.py")
        for line, name, before in calls(module)
        if (name in CLOCK and re.fullmatch(r"(.*\.)?(date|datetime|Timestamp)", before))
        or (before, name) in {("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime")}
    ]
    assert wrong == []


def test_environment_has_one_home(modules: list[Module]) -> None:
    """The settings read it. What polars' allocator reads when it is loaded must be set before anything is imported."""
    wrong = [
        f"{module.path}:{node.lineno} reads the environment"
        for module in modules
        if not module.is_below("flows/settings.py", "flows/__init__.py")
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (isinstance(node, ast.Name) and node.id in {"environ", "getenv"})
    ]
    assert wrong == []


def test_pure_code_knows_neither_time_nor_chance_nor_files(modules: list[Module]) -> None:
    forbidden = {
        "transforms": RANDOM | {"io", "logging", "os", "pathlib", "sys", "time"},
        "expectations": RANDOM | {"os", "time"},
        "flows": frozenset[str](),
    }
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules
        for line, name in imports(module)
        if name.split(".")[0] in forbidden[module.package]
    ]
    assert wrong == []


def test_transforms_are_polars_alone(modules: list[Module]) -> None:
    """But for what the walk does with some thousand lines (docs/decisions/0006), and windows of sessions (0011)."""
    names = (
        "caps company_state count_conventions count_memory count_verdicts identity placed_counts reported_counts"
        " returns rows split_register splits vendor_counts"
    )
    walk = {f"transforms/core/{name}.py" for name in names.split()}
    sliding = (
        "company_liquidity episodes forward_returns panel regime return_delay risk risk_estimators spread_estimators"
    )
    windows = {f"transforms/measures/{name}.py" for name in sliding.split()}
    others = {"pandas", "pyarrow", "prefect", "great_expectations", "pydantic"}
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules
        if module.package == "transforms"
        for line, name in imports(module)
        if name.split(".")[0] in others or (name.split(".")[0] == "numpy" and module.path not in walk | windows)
    ]
    assert wrong == []


def test_only_flows_and_steps_know_prefect(modules: list[Module]) -> None:
    wrong = [
        f"{module.path}:{line} imports {name}"
        for module in modules
        if not (module.is_below("flows/steps") or re.fullmatch(r"flows/[a-z_]+\.py", module.path))
        for line, name in imports(module)
        if name.split(".")[0] == "prefect"
    ]
    assert wrong == []


def test_no_python_function_per_row(modules: list[Module]) -> None:
    wrong = [
        f"{module.path}:{line} calls {name}"
        for module in modules
        if module.package == "transforms"
        for line, name, _ in calls(module)
        if name in {"map_elements", "map_rows", "iterrows"}
    ]
    assert wrong == []


def test_files_are_small(modules: list[Module]) -> None:
    lengths = {module.path: module.text.count("\n") for module in modules}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES_OF_A_FILE} == {}


def test_functions_are_short(modules: list[Module]) -> None:
    lengths = {
        f"{module.path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_no_drawer_for_odds_and_ends(project_files: list[Path]) -> None:
    names = {"utils", "util", "helpers", "helper", "common", "misc"}
    wrong = [str(p) for p in project_files if names & {*p.relative_to(CHECKOUT).parts[:-1], p.stem}]
    assert wrong == []


def test_every_package_says_what_it_holds(modules: list[Module]) -> None:
    assert [m.path for m in modules if not ast.get_docstring(m.tree)] == []
    folders = {str(Path(m.path).parent) for m in modules}
    assert [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in {m.path for m in modules}] == []


SQL_FILES = sorted((CHECKOUT / "sql").rglob("*.sql"))


def sql_name(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("path", SQL_FILES, ids=sql_name)
def test_sql_file_is_one_documented_select(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    statements = duckdb.extract_statements(text)
    assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]
    assert text.startswith("-- ")
    assert ";" not in re.sub(r"--.*", "", text)


@pytest.mark.parametrize("path", [p for p in SQL_FILES if p.parent.name == "marts"], ids=sql_name)
def test_mart_with_ctes_ends_with_the_final_one(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    assert "with" not in lines or re.fullmatch(r"select \* from \w+", lines[-1])


def test_sql_lies_in_its_four_rooms_with_names_of_its_own() -> None:
    assert {path.parent.relative_to(CHECKOUT / "sql").as_posix() for path in SQL_FILES} <= {
        "marts",
        "checks",
        "queries",
        "macros",
    }
    names = [path.stem for path in SQL_FILES if path.parent.name != "queries"]
    assert len(names) == len(set(names))
