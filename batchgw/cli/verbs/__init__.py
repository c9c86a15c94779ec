"""The verbs. Each has a small module with its flags, and where needed a second one with its work."""
