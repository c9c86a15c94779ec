"""What `client_cost` measures: ways to make the same puts, and a server that costs next to nothing."""
