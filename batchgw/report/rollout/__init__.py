"""Rollouts: the waves of a plan, and how those of a run went."""
