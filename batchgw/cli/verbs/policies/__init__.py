"""Verbs that answer questions about a policy."""
