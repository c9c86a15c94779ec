"""Whole organisations, in virtual time."""
