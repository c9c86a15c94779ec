"""The journal on a database, by SQLAlchemy Core."""
