"""Lines about the runs of a journal: how two differ, and what is deleted."""
