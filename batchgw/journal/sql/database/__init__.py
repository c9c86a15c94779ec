"""One connection, what differs from database to database, and where a journal's file is."""
