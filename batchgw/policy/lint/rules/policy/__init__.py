"""Rules about the policy as a whole."""
