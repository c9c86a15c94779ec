"""What `benchmarks.night` measures: a whole organisation behind TLS, and the programs that check it."""
