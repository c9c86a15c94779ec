"""What the benchmarks of size share: a world that takes no memory, a canned server, and event loops."""
