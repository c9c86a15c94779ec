"""What can be said of a policy beyond its form."""
