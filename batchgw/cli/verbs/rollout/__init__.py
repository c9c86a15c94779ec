"""How people take part in a rollout: what they say beforehand, and what they decide while it is held."""
