"""What a scenario is made of: its record, what the client is told, and who else uses the bucket."""
