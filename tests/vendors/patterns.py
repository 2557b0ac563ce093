"""What the vendors' files look like, as patterns: columns in order, their types, and the shapes of their values.

`python -m tests.vendors.patterns DATA` reads the real files in DATA and writes the patterns beside this module. A
pattern holds no value of any file.
"""

import gzip
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent / "patterns"
FREE_TEXT = "text"
BLANK = "blank"
_MOST_SHAPES = 40
"""A column with more shapes than this is prose; nothing is said about it but that it is text."""
_ISO, _US = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{2}/\d{2}/\d{4}")
Pattern = dict[str, object]


def shape(value: object) -> str:
    """The form of a value: digits before a point as one 9, those after it by number, letters as A or a."""
    if value is None or value == "":
        return BLANK
    text = str(value)
    if _ISO.fullmatch(text):
        return "iso_date"
    if _US.fullmatch(text):
        return "us_date"
    if re.fullmatch(r"-?\d+\.\d{5,}", text):
        return "long_decimal"
    if re.fullmatch(r"-?\d+(\.\d+)?[eE][-+]?\d+", text):
        return "exponent"
    decimals = re.sub(r"(?<=\.)\d+", lambda found: "9" * len(found[0]), text)
    plain = re.sub(r"(?<![.9])\d+", "9", decimals)
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", plain))


def pattern_of(frame: pl.DataFrame) -> Pattern:
    """Columns in order, types of the file's own, and every shape of each column."""
    values = {name: sorted({shape(value) for value in frame[name].unique()}) for name in frame.columns}
    return {
        "columns": frame.columns,
        "types": {name: str(dtype) for name, dtype in frame.schema.items()},
        "shapes": {name: shapes if len(shapes) <= _MOST_SHAPES else [FREE_TEXT] for name, shapes in values.items()},
    }


def merged(patterns: Iterable[Pattern]) -> Pattern:
    """One pattern that all of these fit; their columns and types must be the same.

    Raises:
        ValueError: columns or types differ.
    """
    first, *others = patterns
    shapes: dict[str, set[str]] = {name: set(found) for name, found in _shapes(first).items()}
    for other in others:
        if (other["columns"], other["types"]) != (first["columns"], first["types"]):
            raise ValueError(f"{other['columns']} are not {first['columns']}")
        for name, found in _shapes(other).items():
            shapes[name] |= set(found)
    joined = {name: [FREE_TEXT] if FREE_TEXT in found else sorted(found) for name, found in shapes.items()}
    return {**first, "shapes": joined}


def misfits(pattern: Pattern, frame: pl.DataFrame) -> list[str]:
    """What of a file is not as the pattern says, each as a line; nothing where all is."""
    own = pattern_of(frame)
    wrong = [f"{what}: {own[what]} for {pattern[what]}" for what in ("columns", "types") if own[what] != pattern[what]]
    if wrong:
        return wrong
    allowed = _shapes(pattern)
    return [
        f"{name}: {strange}"
        for name, found in _shapes(own).items()
        if allowed[name] != [FREE_TEXT] and (strange := sorted(set(found) - set(allowed[name])))
    ]


def stored(name: str) -> Pattern:
    """The committed pattern of a format."""
    found: Pattern = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _shapes(pattern: Pattern) -> dict[str, list[str]]:
    found = pattern["shapes"]
    assert isinstance(found, dict)
    return found


def _screener(payload: bytes) -> pl.DataFrame:
    document = json.loads(gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload)
    return pl.DataFrame(document["data"]["rows"] if isinstance(document, dict) else document)


def _csv(payload: bytes) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(payload), infer_schema=False)


def _zipped(payload: bytes) -> pl.DataFrame:
    """Quotes or not around names and values differ from download to download; they say nothing."""
    with zipfile.ZipFile(io.BytesIO(payload)) as bundle:
        (member,) = bundle.namelist()
        return pl.read_csv(io.BytesIO(bundle.read(member)), separator=";", infer_schema=False)


def _parquet(payload: bytes) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(payload))


FORMATS: dict[str, tuple[str, Callable[[bytes], pl.DataFrame]]] = {
    "screener_daily": ("nasdaq_screener/daily/2026-0[13]-*/*_full_tickers.json.gz", _screener),
    "screener_history": ("nasdaq_screener/history/quotes_*.parquet", _parquet),
    "screener_reference": ("nasdaq_screener/history/reference_intervals.parquet", _parquet),
    "simfin_income": ("simfin/*/us-income-*.zip", _zipped),
    "simfin_balance": ("simfin/*/us-balance-*.zip", _zipped),
    "simfin_companies": ("simfin/*/us-companies.zip", _zipped),
    "etf_flows": ("etf/flows_*/etf_flows.csv", _csv),
    "etf_shares": ("etf/flows_*/etf_shares.csv", _csv),
    "etf_aum": ("etf/flows_*/etf_aum.csv", _csv),
}
"""Format to where an archive has its files, and how one is read. The Treasury's files are in no archive at hand."""


def files(root: Path, name: str, most: int | None = None) -> Iterator[pl.DataFrame]:
    """The files of one format below an archive, some of them where there are many."""
    where, reader = FORMATS[name]
    for path in sorted(root.glob(where))[:most]:
        yield reader(path.read_bytes())


def sample(frame: pl.DataFrame, rows: int = 20_000) -> pl.DataFrame:
    """Some rows of a large file, the same ones each time."""
    return frame if frame.height <= rows else frame.sample(rows, seed=1)


def main(root: Path) -> None:
    """Write the pattern of every format from the real files."""
    FOLDER.mkdir(exist_ok=True)
    for name in FORMATS:
        text = json.dumps(merged(pattern_of(frame) for frame in files(root, name)), indent=1, ensure_ascii=True)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
