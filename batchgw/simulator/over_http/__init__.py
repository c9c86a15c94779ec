"""The simulated services over HTTP on loopback."""
