"""Fuzzers of what enters from outside: many seeded cases each, none of which may end in a traceback.

`python -m tests.fuzz --help` runs them for longer than the suite does.
"""
