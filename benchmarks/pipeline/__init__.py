"""What the benchmark of the pipeline is made of: a plane that costs nothing, and runs over it, timed."""
