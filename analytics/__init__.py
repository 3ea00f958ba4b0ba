"""The numbers: pure Polars, frames in and frames out; nothing here reads a clock, a file or a session."""
