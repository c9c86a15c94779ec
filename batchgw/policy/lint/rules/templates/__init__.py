"""Rules about mapping templates."""
