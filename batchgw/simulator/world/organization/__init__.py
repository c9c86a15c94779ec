"""The organisation of a simulated world: its OUs, its accounts and their regions, and what changes in it."""
