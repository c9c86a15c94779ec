"""What the benchmarks of size share: worlds that take no memory, servers that take no time, and gauges."""
