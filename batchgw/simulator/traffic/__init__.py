"""What calls meet: quotas, neighbours, latency, faults; and what is counted of them."""
