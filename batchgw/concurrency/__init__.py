"""Concurrency: a pool of workers, time slices, the request to stop, and the event loop's clock."""
