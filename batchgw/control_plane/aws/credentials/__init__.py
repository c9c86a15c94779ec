"""Whose keys sign a call: found, proved, fetched for roles, and renewed before they end."""
