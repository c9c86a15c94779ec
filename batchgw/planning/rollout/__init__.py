"""What a rollout decides from numbers alone: who goes in which wave, and what is too much. Pure."""
