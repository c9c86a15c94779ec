"""The limiter: the clockless mirror in a fast world, then the turns it hands out in virtual time."""
