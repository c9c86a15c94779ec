"""What each operation of the simulated services does."""
