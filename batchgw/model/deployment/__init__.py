"""Stages: what is read of them, and where they are to go. Pure."""
