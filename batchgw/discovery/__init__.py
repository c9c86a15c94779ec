"""Where: scopes -> REST APIs, as a stream."""
