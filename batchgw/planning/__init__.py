"""What: desired and observed -> changes; the plan file."""
