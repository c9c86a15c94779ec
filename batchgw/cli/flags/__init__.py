"""Flags, environment variables and the files they name."""
