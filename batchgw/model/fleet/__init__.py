"""Which part of an organisation is meant: its accounts, its regions, its REST APIs."""
