"""The journal's tables: what they may hold, how they came to be, and what in them cannot be."""
