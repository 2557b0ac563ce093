"""The report: one page about a session, from the published file alone, that opens without a network."""
