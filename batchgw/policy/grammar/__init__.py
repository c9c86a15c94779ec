"""What API Gateway accepts, as text: header expressions, mapping templates, variables, region codes."""
