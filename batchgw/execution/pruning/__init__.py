"""Deployments that nothing needs any more: found, and deleted. Never within a run."""
