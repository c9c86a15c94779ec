"""One connection, what differs from database to database, and where a journal's file is."""

import logging

# What SQLAlchemy warns of comes out as our errors. Where nobody configures logging, Python would print it
# too, with a traceback: of a connection, for example, whose closing a second Ctrl-C has interrupted.
logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
