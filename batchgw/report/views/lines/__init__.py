"""What people read, as lines: the table is made of them, and verbs print some on stderr whatever the form."""
