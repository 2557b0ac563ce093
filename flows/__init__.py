"""Prefect flows and everything that touches the world: sources, files, DuckDB, alerts."""
