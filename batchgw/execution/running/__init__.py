"""A run from its plan to its summary, and to what follows on it."""
