"""Do it: the planner, the workers of each scope, and the one recorder."""
