"""Layers folded into one, value by value, each with what set it: who wins, and over what nobody does."""
