"""What `benchmarks.rollout` measures: a world of APIs with two stages each, and who makes them live."""
