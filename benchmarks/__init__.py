"""What batchgw costs and how fast it is, measured side by side with what a user would pick instead."""
