"""The rules: one file each, or one for a few that belong together. `registry.py` finds every file by itself.

A file defines a check: `@checks(Rule(...))` over a function that gives a remark for each place at fault.
"""
