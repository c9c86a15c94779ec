"""How STS is asked: who are we, and let us be that role."""
