"""Tests of the limiter: its model in a fast simulated world, and the permits it gives in virtual time."""
