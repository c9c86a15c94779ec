"""Observers of a run: its log, its progress and hints. They only show what happens."""
