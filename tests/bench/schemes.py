"""What all US schemes cost over the history of a warehouse: seconds and peak memory. By hand, never in the suite.

python -m tests.bench.schemes --warehouse data/warehouse.duckdb

The floor is reading the same caps and what was known of the companies, without any scheme. Each measurement runs in a
process of its own, which tells its peak of memory.
"""

import argparse
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl

from flows.edge.scheme_files import enabled_schemes
from flows.edge.warehouse import reading
from flows.settings import US_SCHEMES
from flows.what_if import Attempt, open_history


def measure(warehouse: Path, names: tuple[str, ...]) -> None:
    """Place and measure the schemes over every published session, and say what it took."""
    pl.Config.set_engine_affinity("in-memory")
    with reading(warehouse) as con:
        history = open_history(lambda sql, *values: con.execute(sql, values).pl(), date.min, date.max)
        start = time.perf_counter()
        attempts = [Attempt(scheme, history) for scheme in enabled_schemes(names, None).values()]
        placed = time.perf_counter()
        for quarter in history.quarters():
            for attempt in attempts:
                attempt.measure(quarter)
        rows = sum(table.height for attempt in attempts for table in attempt.tables().values())
    ended, peak = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = f"{ended - start:6.1f} s (placed in {placed - start:.1f} s), {peak:,.0f} MB, {rows:,} rows"
    sys.stdout.write(f"{len(names)} schemes, {len(history.sessions)} sessions: {told}\n")


def main() -> None:
    """The floor, one scheme, and all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--only", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only is not None:
        measure(asked.warehouse, tuple(asked.only))
        return
    for names in ((), ("fixed_usd",), US_SCHEMES):
        command = [sys.executable, "-m", "tests.bench.schemes", "--warehouse", str(asked.warehouse), "--only", *names]
        subprocess.run(command, check=True)  # noqa: S603 - this module itself


if __name__ == "__main__":
    main()
