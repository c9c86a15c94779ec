"""How a policy is rolled out: waves, gates, budgets, guard rails and windows, as records. Pure."""
