"""The only code that opens sockets, files and DuckDB."""
