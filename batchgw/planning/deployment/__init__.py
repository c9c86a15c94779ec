"""Which stages of an API are made live: what was read of them, and the way of each. Pure."""
