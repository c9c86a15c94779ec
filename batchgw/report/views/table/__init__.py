"""Tables and sentences for people."""
