"""What is shown: on stdout, on stderr, and to a person at a terminal."""
