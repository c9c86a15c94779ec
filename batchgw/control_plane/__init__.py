"""Through what: the one seam, its wrappers, and AWS behind it."""
