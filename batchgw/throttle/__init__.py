"""How fast: token bucket, rate, backoff. Pure, plus one limiter that waits."""
