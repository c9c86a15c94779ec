"""Fuzzers of all input from outside: many seeded cases each. None may end in a traceback.

`python -m tests.fuzz --seconds 600` runs each for ten minutes. The suite tries up to
10,000 cases of each.
"""
