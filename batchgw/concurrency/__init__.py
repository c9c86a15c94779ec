"""The shape of all concurrency: a pool of workers, time slices, the wish to stop, and the loop's clock."""
