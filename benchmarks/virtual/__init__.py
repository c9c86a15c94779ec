"""Whole runs in virtual time: the scenarios, the clairvoyant limit, one run, many of them, and the table."""
