"""The limiter: the clockless model in a fast world, then the permits it hands out in virtual time."""
