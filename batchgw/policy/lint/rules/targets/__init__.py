"""Rules about where the policy applies."""
