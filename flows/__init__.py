"""Prefect flows and everything that touches the world: sources, files, DuckDB, alerts."""

import os

# polars' allocator hands freed memory back after half a second and faults it in again for the next session. Keeping
# it for two saves a fifth of a backfill's system time for 0.3 GB. It is read when polars is first loaded.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:2000,muzzy_decay_ms:2000")
