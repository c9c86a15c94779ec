"""Presets: what each contributes, and their index."""
