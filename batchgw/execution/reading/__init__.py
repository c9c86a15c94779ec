"""What a run reads: a plan is made of it, and a saved plan is read again before it is applied."""
