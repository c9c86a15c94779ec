"""Rules about the layers of a policy: its rules, what is locked, who is exempt."""
