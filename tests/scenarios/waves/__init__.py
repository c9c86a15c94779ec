"""Runs in waves, in virtual time."""
