"""Bucket schemes from their files: the shipped ones, and those of the operator beside them."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from flows.errors import UsageError
from transforms.schemes.checks import Fault, faults
from transforms.schemes.model import Rule, Scheme

SHIPPED = Path(__file__).resolve().parents[2] / "transforms" / "schemes" / "shipped"
_SCHEME = TypeAdapter(Scheme)
_KINDS = {get_args(get_type_hints(rule)["kind"])[0]: rule.__name__ for rule in get_args(Rule)}
"""What a file calls a kind of rule, and its class."""
_MOST_NAMED = 3


def load_scheme(path: Path) -> Scheme:
    """The scheme of one file.

    Raises:
        UsageError: it cannot be read, or says what no scheme can; names file, key and reason.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path.name}: cannot be read as TOML: {error}") from error
    try:
        scheme = _SCHEME.validate_python(told)
    except ValidationError as error:
        raise _refused(path, _misread(told, error)) from error
    found = faults(scheme)
    if scheme.id != path.stem:
        found = [Fault("id", f"{scheme.id} is not the file's name"), *found]
    if found:
        raise _refused(path, found)
    return scheme


def load_schemes(folders: Sequence[Path]) -> dict[str, Scheme]:
    """The schemes of all files, by id; a folder later in the row may replace none of an earlier one.

    Raises:
        UsageError: one cannot be loaded, or two have one id.
    """
    schemes: dict[str, Scheme] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        scheme = load_scheme(path)
        if scheme.id in schemes:
            raise _refused(path, [Fault("id", f"there is another scheme {scheme.id}")])
        schemes[scheme.id] = scheme
    return schemes


def known_schemes(folder: Path | None) -> dict[str, Scheme]:
    """The schemes that are shipped, and those of the operator's folder.

    Raises:
        UsageError: there is no such folder, or a file cannot be loaded.
    """
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", next_step="Correct SMALLCAPS_SCHEMES_DIR.")
    return load_schemes([SHIPPED, *([folder] if folder else [])])


def enabled_schemes(names: Sequence[str], folder: Path | None) -> dict[str, Scheme]:
    """The named schemes, of those shipped and those of the operator's folder, in the order of their names.

    Raises:
        UsageError: a file cannot be loaded, or there is no scheme of a name.
    """
    known = known_schemes(folder)
    unknown = sorted(set(names) - known.keys())
    if unknown:
        raise UsageError(
            f"There is no scheme {', '.join(unknown)}.",
            next_step=f"Correct SMALLCAPS_SCHEMES; there are {', '.join(known)}.",
        )
    return {name: known[name] for name in sorted(set(names))}


def _refused(path: Path, found: Sequence[Fault]) -> UsageError:
    told = "; ".join(f"{key}: {reason}" for key, reason in found[:_MOST_NAMED])
    more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return UsageError(f"{path.name}: {told}{more}", next_step="Correct the file; see docs/schemes.md.")


def _misread(told: dict[str, Any], error: ValidationError) -> list[Fault]:
    """What is wrong with keys and types; of a rule as its kind says that it is."""
    versions = told.get("versions")
    rules = {number: item.get("rule") for number, item in enumerate(versions or ()) if isinstance(item, dict)}
    kinds = {number: rule.get("kind") if isinstance(rule, dict) else None for number, rule in rules.items()}
    known = ", ".join(_KINDS)
    unknown = [
        Fault(f"versions.{number}.rule.kind", f"{kind} is none of {known}")
        for number, kind in kinds.items()
        if kind not in _KINDS
    ]
    if unknown:
        return unknown
    meant = {number: _KINDS[kind] for number, kind in kinds.items()}
    return [
        Fault(".".join(str(part) for part in item["loc"] if part not in _KINDS.values()), item["msg"])
        for item in error.errors()
        if _is_meant(item["loc"], meant)
    ]


def _is_meant(place: tuple[int | str, ...], meant: dict[int, str]) -> bool:
    """Whether a fault is one of the class that the version's kind names: a rule is tried as each of them."""
    match place:
        case ("versions", int(number), "rule", str(name), *_):
            return name == meant[number]
    return True
