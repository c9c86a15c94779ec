"""Rollouts in waves, and their way back, whose process is killed with SIGKILL at any moment."""
