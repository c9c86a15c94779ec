"""Who manages a REST API: what gives the tool away, and the ladder of calls that looks for it."""
