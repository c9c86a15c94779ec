"""Rules about how a policy is rolled out."""
