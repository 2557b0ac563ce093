"""How fast companyfacts.zip is read, against plain decompression with a fast JSON parser. By hand, never in the suite.

python -m tests.bench.companyfacts --megabytes 10000
python -m tests.bench.companyfacts --megabytes 10000 --edgartools /path/to/a/venv/bin/python

A zip of the real shape is made of the three recorded companies' tags: 18,000 members of very different sizes, some
without a fact. Each measurement runs in a process of its own, which tells its peak of memory.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from gzip import decompress
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from flows.edge.landing import LandedFile
from flows.edge.staging_store import StagingStore
from flows.sources.sec_edgar_bulk import companyfacts_parts
from transforms.staging.sec_tags import KEPT_TAGS

CHECKOUT = Path(__file__).resolve().parents[2]
RECORDED = "sec_edgar/recorded/api/xbrl/companyfacts"
COMPANIES = 18_000
WITHOUT_FACTS = 0.04
SPREAD = 1.4
"""Sigma of the sizes' logarithm: the median is a third of the mean, the largest is some hundred times it."""

Tag = tuple[str, str, bytes]


def recorded() -> list[Path]:
    folder = Path(os.environ.get("SMALLCAPS_SHARED_DATA") or CHECKOUT.parent / "shared" / "data")
    found = sorted((folder / RECORDED).glob("CIK*.json.gz"))
    if not found:
        raise SystemExit(f"The benchmark needs recorded companyfacts; there are none in {folder / RECORDED}.")
    return found


def tags(path: Path) -> list[Tag]:
    facts = orjson.loads(decompress(path.read_bytes()))["facts"]
    return [(taxonomy, name, orjson.dumps(tag)) for taxonomy, found in facts.items() for name, tag in found.items()]


def member(cik: int, size: int, known: list[list[Tag]], chance: random.Random) -> bytes:
    """One company: kept tags first rather than last, as small companies have few others."""
    pool = [tag for template in chance.sample(known, len(known)) for tag in template][: 40 * (1 + size // 1_000)]
    pool.sort(key=lambda tag: chance.random() * (0.4 if tag[1] in KEPT_TAGS.get(tag[0], ()) else 1.0))
    taken: dict[str, dict[str, bytes]] = {}
    filled = 0
    for taxonomy, name, content in pool:
        if filled >= size:
            break
        if name not in taken.setdefault(taxonomy, {}):
            taken[taxonomy][name] = content
            filled += len(content)
    facts = b",".join(
        orjson.dumps(taxonomy) + b":{" + b",".join(orjson.dumps(n) + b":" + c for n, c in found.items()) + b"}"
        for taxonomy, found in taken.items()
    )
    return b'{"cik":%d,"entityName":"Company %d","facts":{%s}}' % (cik, cik, facts)


def make(path: Path, megabytes: int, companies: int) -> None:
    known = [tags(template) for template in recorded()]
    chance = random.Random(7)  # noqa: S311 - sizes, no secrets
    weights = [0.0 if chance.random() < WITHOUT_FACTS else chance.lognormvariate(0, SPREAD) for _ in range(companies)]
    scale = megabytes * 1e6 / sum(weights)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for number, weight in enumerate(weights, start=1):
            bundle.writestr(f"CIK{number:010}.json", member(number, int(weight * scale), known, chance))


def floor(path: Path) -> dict[str, float]:
    total = 0
    with zipfile.ZipFile(path) as bundle:
        for info in bundle.infolist():
            content = bundle.read(info)
            total += len(content)
            orjson.loads(content)
    return {"bytes": total}


def landed(path: Path) -> LandedFile:
    return LandedFile(
        source="sec_edgar",
        dataset="companyfacts_bulk",
        key="2026-01-02",
        session_date=None,
        vintage_date=None,
        sha256="0" * 64,
        path=path,
        size_bytes=path.stat().st_size,
        url="bench",
        status=200,
        landed_at=datetime(2026, 1, 2, tzinfo=UTC),
        licence="public-domain",
    )


def parts(path: Path) -> dict[str, float]:
    rows = rejects = 0
    for part in companyfacts_parts(path, landed(path)):
        rows += part.rows.height
        rejects += part.rejects.height
    return {"rows": rows, "rejects": rejects}


def stored(path: Path) -> dict[str, float]:
    file = landed(path)
    with TemporaryDirectory(dir=path.parent) as folder:
        rows, rejects = StagingStore(Path(folder)).scan_or_make(file, "1", lambda: companyfacts_parts(path, file))
        size = sum(found.stat().st_size for found in Path(folder).rglob("*.parquet"))
        return {"rows": rows.select("cik").collect().height, "rejects": rejects.height, "parquet_bytes": size}


READERS = {"floor": floor, "parts": parts, "stored": stored}

COMPARED = 300
"""Companies of the zip that is read by both; the other library takes some minutes for them."""
EDGARTOOLS = """
import json, resource, sys, time, zipfile
from edgar.entity.parser import EntityFactsParser
facts, began = 0, time.perf_counter()
with zipfile.ZipFile(sys.argv[1]) as bundle:
    for name in bundle.namelist():
        found = EntityFactsParser.parse_company_facts(json.loads(bundle.read(name)))
        facts += len(found) if found else 0
seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "facts": facts, "peak_mb": peak}))
"""


def measured(name: str, path: Path) -> None:
    """In the child process: one measurement as a line of JSON."""
    began, cpu = time.perf_counter(), time.process_time()
    said = READERS[name](path)
    said |= {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    said["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps(said) + "\n")


def asked(*command: str) -> dict[str, float]:
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise SystemExit(ended.stderr)
    found: dict[str, float] = json.loads(ended.stdout.strip().splitlines()[-1])
    return found


def report(path: Path, rounds: int) -> Iterator[str]:
    """The rounds take turns, so that a busy machine slows both; processor time and wall time are told."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name in READERS:
            runs[name].append(asked(sys.executable, "-m", "tests.bench.companyfacts", "--measure", name, str(path)))
    best = {name: min(found, key=lambda run: run["cpu_seconds"]) for name, found in runs.items()}
    size = best["floor"]["bytes"]
    yield f"zip {path.stat().st_size / 1e6:,.0f} MB, unpacked {size / 1e6:,.0f} MB"
    for name, run in best.items():
        others = {key: round(value) for key, value in run.items() if key not in ("seconds", "cpu_seconds")}
        speed = size / 1e6 / run["cpu_seconds"]
        yield f"{name:8} {run['seconds']:7.1f} s, {run['cpu_seconds']:7.1f} s of processor, {speed:5.0f} MB/s, {others}"
    for name in ("parts", "stored"):
        cpu, wall = (best["floor"][key] / best[name][key] for key in ("cpu_seconds", "seconds"))
        yield f"{name}: {cpu:.2f} of the floor's speed by processor time, {wall:.2f} by wall time"


def against_edgartools(python: str, path: Path) -> Iterator[str]:
    """Both read the same zip: all facts as objects there, kept facts as frames here."""
    theirs = asked(python, "-c", EDGARTOOLS, str(path))
    ours = asked(sys.executable, "-m", "tests.bench.companyfacts", "--measure", "parts", str(path))
    for name, run in (("edgartools", theirs), ("ours", ours)):
        facts = run.get("facts", run.get("rows", 0))
        yield f"{name}: {facts:,.0f} facts in {run['seconds']:.1f} s, {run['peak_mb']:,.0f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2000, help="unpacked size of the zip that is made")
    parser.add_argument("--companies", type=int, default=COMPANIES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--edgartools", help="a Python that has edgartools")
    parser.add_argument("--measure", nargs=2, metavar=("READER", "ZIP"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measured(given.measure[0], Path(given.measure[1]))
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "companyfacts.zip"
        make(path, given.megabytes, given.companies)
        for line in report(path, given.rounds):
            sys.stdout.write(line + "\n")
        if given.edgartools:
            make(path, round(given.megabytes * COMPARED / given.companies), COMPARED)
            for line in against_edgartools(given.edgartools, path):
                sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
