"""Data-quality rules: admission, suites per table, and the gate."""
