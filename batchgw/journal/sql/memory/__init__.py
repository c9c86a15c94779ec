"""What is remembered from one run to the next and may be lost: quotas, and what organisations look like."""
