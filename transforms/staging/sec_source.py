"""The name of SEC EDGAR as a source: files are landed, rows told and rejects named under it."""

SEC = "sec_edgar"
