"""Whole runs in virtual time: the scenarios, the shortest possible time, one run, and many in parallel."""
