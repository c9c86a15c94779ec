"""Rules about a response as a whole."""
