"""The file people write: schema, loader with line and column, presets, lint."""
