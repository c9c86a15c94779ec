"""Observers of a run: its log and its progress. They show what the engine tells, and decide nothing."""
