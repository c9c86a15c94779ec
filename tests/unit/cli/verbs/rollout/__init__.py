"""The verbs of a rollout, with a terminal and without one."""
