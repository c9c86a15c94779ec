"""What is deleted of a journal, in SQL: which runs may go, and how their rows do."""
