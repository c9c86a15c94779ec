"""A plan as a file: JSON lines, a stream in both directions, recognised when it is cut short or edited."""
