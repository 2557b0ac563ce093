"""Identity, caps, buckets and fundamentals: the facts that measures start from."""
