"""What the benchmark of the client is made of: a server that costs next to nothing, and ways to call it."""
