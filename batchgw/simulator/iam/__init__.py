"""IAM's policy language: documents, conditions, and the decision. It knows roles, but no world."""
