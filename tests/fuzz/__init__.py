"""Fuzzers of what enters from outside: many seeded cases each, none of which may end in a traceback.

`python -m tests.fuzz --seconds 600` runs each of them for ten minutes; the suite tries
up to 10,000 cases of each.
"""
