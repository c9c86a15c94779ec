"""Do it: workers per scope, and the one recorder."""
