"""Pure polars: frames in, frames out. No I/O, clock, environment or randomness."""
