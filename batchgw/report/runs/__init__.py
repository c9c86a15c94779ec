"""What is told of several runs of a journal: how two differ, and what is deleted of them."""
