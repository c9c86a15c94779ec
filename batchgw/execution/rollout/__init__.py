"""A run in waves: each is made, watched and asked about before the next one begins."""
