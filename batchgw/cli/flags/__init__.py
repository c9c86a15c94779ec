"""Flags, environment variables, and the files that they name."""
