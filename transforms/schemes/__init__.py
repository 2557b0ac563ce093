"""Bucket schemes: thresholds and rules, one module each."""
